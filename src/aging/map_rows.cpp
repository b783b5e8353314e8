#include "vitrum/aging/map_rows.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::aging {

MemoryRows::MemoryRows(std::span<const float> map, Index frames) : map_(map), frames_(frames) {
  if (frames < 2 || static_cast<Index>(map.size()) != frames * frames)
    throw DataError(
        fmt::format("two-time map of {} values: not {} x {}", map.size(), frames, frames));
}

void MemoryRows::read(Index t1, Index first, std::span<float> out) const {
  const auto* row = map_.data() + t1 * frames_ + first;
  std::copy(row, row + out.size(), out.begin());
}

Band read_band(const MapRows& map, Index lags) {
  const Index n = map.frames();
  if (lags < 1 || lags >= n)
    throw OptionError(fmt::format("a band of {} lags: the map has {} frames", lags, n));
  Band band{n, lags, Buffer<float>(lags * n)};
  // beyond the end of a diagonal there is no pair
  for (Index lag = 1; lag <= lags; ++lag)
    std::fill_n(band.values.data() + lag * n - lag, lag, std::numeric_limits<float>::quiet_NaN());
  parallel_for(1, n, 256, [&](Index begin, Index end) {
    std::vector<float> row(static_cast<std::size_t>(lags));
    for (Index t1 = begin; t1 < end; ++t1) {
      const Index first = std::max<Index>(0, t1 - lags);
      const auto part = std::span(row).first(static_cast<std::size_t>(t1 - first));
      map.read(t1, first, part);
      for (Index t2 = first; t2 < t1; ++t2)
        band.values[(t1 - t2 - 1) * n + t2] = part[static_cast<std::size_t>(t2 - first)];
    }
  });
  return band;
}

} // namespace vitrum::aging
