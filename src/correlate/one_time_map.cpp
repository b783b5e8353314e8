#include <cmath>

#include <fmt/format.h>

#include "one_time_cells.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

template <class T>
OneTimeFunctions from_map(std::span<const T> map, Index frames, const OneTimeOptions& options) {
  if (frames < 1 || static_cast<Index>(map.size()) != frames * frames)
    throw DataError(
        fmt::format("a two-time map of {} values, expected {} x {}", map.size(), frames, frames));
  validate(options, frames);
  const std::vector<Index> edges = make_lag_edges(frames, options.lags);
  const detail::AgeBlocks ages = detail::make_age_blocks(frames, options);
  detail::Cells cells(ages.count(), static_cast<Index>(edges.size()) - 1, 0);
  parallel_for(0, cells.bins, 1, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k)
      for (Index lag = edges[k]; lag < edges[k + 1]; ++lag)
        for (Index b = 0; b < cells.blocks; ++b) {
          const detail::Span t = ages.earlier_frames(b, lag);
          const Index cell = cells.at(b, k);
          for (Index t2 = std::max<Index>(t.first, 0); t2 < std::min(t.last, frames - lag); ++t2) {
            const auto value = static_cast<double>(map[(t2 + lag) * frames + t2]);
            if (std::isnan(value))
              continue;
            cells.total[cell] += value - 1;
            cells.lag_sum[cell] += static_cast<double>(lag);
            ++cells.pairs[cell];
          }
        }
  });
  OneTimeFunctions functions;
  functions.whole = detail::evaluate(cells, ages, edges, {}, true, {0, frames}, options);
  for (const AgeWindow window : options.windows)
    functions.windows.push_back(detail::evaluate(cells, ages, edges, {}, true, window, options));
  return functions;
}

} // namespace

OneTimeFunctions
one_time_from_map(std::span<const float> map, Index frames, const OneTimeOptions& options) {
  return from_map(map, frames, options);
}

OneTimeFunctions
one_time_from_map(std::span<const double> map, Index frames, const OneTimeOptions& options) {
  return from_map(map, frames, options);
}

} // namespace vitrum::correlate
