#include "vitrum/correlate/lag_axis.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::correlate {

void validate(const LagOptions& options) {
  if (options.per_decade < 1)
    throw OptionError(fmt::format("per_decade = {}: must be positive", options.per_decade));
  if (options.max_lag < 0)
    throw OptionError(fmt::format("max_lag = {}: must not be negative", options.max_lag));
}

std::vector<Index> make_lag_edges(Index frames, const LagOptions& options) {
  validate(options);
  if (frames < 2)
    throw DataError(fmt::format("{} frames have no lags, need at least 2", frames));
  const Index last = options.max_lag > 0 ? std::min(options.max_lag, frames - 1) : frames - 1;
  // 1e-9 puts exact powers of ten into the bin that begins there.
  const auto decade_bin = [&](Index lag) {
    return std::floor(
        static_cast<double>(options.per_decade) * std::log10(static_cast<double>(lag)) + 1e-9);
  };
  std::vector<Index> edges;
  if (options.include_zero)
    edges.push_back(0);
  for (Index lag = 1; lag <= last; ++lag)
    if (options.spacing == LagSpacing::linear || lag == 1 || decade_bin(lag) > decade_bin(lag - 1))
      edges.push_back(lag);
  edges.push_back(last + 1);
  return edges;
}

} // namespace vitrum::correlate
