#include "one_time_cells.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate::detail {
namespace {

constexpr Index most_bytes = Index{4} << 30;

Index checked_blocks(Index blocks, Index bins, Index groups) {
  const Index bytes_per_cell = 16 * (groups + 1) + 8 * (groups + 2);
  if (blocks > most_bytes / bytes_per_cell / std::max<Index>(bins, 1))
    throw OptionError(fmt::format(
        "age windows: they and their time blocks cut the series into {} ranges of age; with {} lag "
        "bins and {} groups of pixels the sums take {:.1f} GiB, more than {} GiB: choose fewer "
        "windows, time blocks or lags",
        blocks,
        bins,
        groups,
        static_cast<double>(blocks) * static_cast<double>(bins * bytes_per_cell) / (1 << 30),
        most_bytes >> 30));
  return blocks;
}

void cut(std::vector<Index>& edges, AgeWindow ages, Index pieces) {
  for (Index c = 0; c <= pieces; ++c)
    edges.push_back(ages.first + (ages.last - ages.first) * c / pieces);
}

void sort_unique(std::vector<Index>& edges) {
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
}

} // namespace

Index AgeBlocks::block_of_pair(Index t, Index lag) const {
  const Index twice = convention == AgeConvention::start ? 2 * t : 2 * t + lag;
  const auto above = std::upper_bound(
      edges.begin(), edges.end(), twice, [](Index value, Index edge) { return value < 2 * edge; });
  return static_cast<Index>(above - edges.begin()) - 1;
}

Span AgeBlocks::blocks_of_tile(const Tile& tile) const {
  const Index oldest_row = tile.row0 + tile.rows - 1;
  const Index oldest_col = tile.col0 + tile.cols - 1;
  if (convention == AgeConvention::start)
    return {block_of_pair(tile.col0, 0), block_of_pair(oldest_col, 0) + 1};
  return {block_of_pair(tile.col0, tile.row0 - tile.col0),
          block_of_pair(oldest_col, oldest_row - oldest_col) + 1};
}

Index AgeBlocks::block_at(Index edge) const {
  return static_cast<Index>(std::lower_bound(edges.begin(), edges.end(), edge) - edges.begin());
}

AgeBlocks make_age_blocks(Index frames, const OneTimeOptions& options) {
  AgeBlocks blocks;
  blocks.convention = options.age;
  cut(blocks.edges, {0, frames}, options.time_blocks);
  for (const AgeWindow window : options.windows)
    cut(blocks.edges, window, std::min(options.time_blocks, window.last - window.first));
  sort_unique(blocks.edges);
  return blocks;
}

Cells::Cells(Index block_count, Index bin_count, Index group_count)
    : blocks(checked_blocks(block_count, bin_count, group_count)), bins(bin_count),
      groups(group_count), total(static_cast<std::size_t>(blocks * bins)),
      by_group(static_cast<std::size_t>(blocks * bins * groups)),
      shift(static_cast<std::size_t>(blocks * bins * groups), 0.0),
      pairs(static_cast<std::size_t>(blocks * bins), 0),
      lag_sum(static_cast<std::size_t>(blocks * bins), 0.0) {}

void count_pairs(Cells& cells,
                 const AgeBlocks& blocks,
                 std::span<const Index> lag_edges,
                 std::span<const std::uint8_t> valid,
                 std::span<const double> group_shift) {
  const Index frames = static_cast<Index>(valid.size());
  const Index groups = cells.groups;
  std::fill(cells.pairs.begin(), cells.pairs.end(), Index{0});
  std::fill(cells.lag_sum.begin(), cells.lag_sum.end(), 0.0);
  std::fill(cells.shift.begin(), cells.shift.end(), 0.0);
  // Sums over runs of frames come from prefix sums, as if only the frame itself had to be valid;
  // pairs whose partner is a gap are taken out one by one. That is exact, and cheap while gaps are
  // few.
  std::vector<Index> valid_before(static_cast<std::size_t>(frames) + 1, 0);
  std::vector<double> shift_before(static_cast<std::size_t>((frames + 1) * groups), 0.0);
  std::vector<Index> gaps;
  for (Index t = 0; t < frames; ++t) {
    valid_before[t + 1] = valid_before[t] + valid[t];
    for (Index g = 0; g < groups; ++g)
      shift_before[(t + 1) * groups + g] =
          shift_before[t * groups + g] + (valid[t] != 0 ? group_shift[g * frames + t] : 0.0);
    if (valid[t] == 0)
      gaps.push_back(t);
  }
  parallel_for(0, cells.bins, 1, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k)
      for (Index lag = lag_edges[k]; lag < lag_edges[k + 1]; ++lag) {
        for (Index b = 0; b < cells.blocks; ++b) {
          Span t = blocks.earlier_frames(b, lag);
          t = {std::max<Index>(t.first, 0), std::min(t.last, frames - lag)};
          if (t.first >= t.last)
            continue;
          const Index cell = cells.at(b, k);
          const Index pairs = valid_before[t.last] - valid_before[t.first];
          cells.pairs[cell] += pairs;
          cells.lag_sum[cell] += static_cast<double>(lag * pairs);
          for (Index g = 0; g < groups; ++g)
            cells.shift[cell * groups + g] += shift_before[t.last * groups + g] -
                                              shift_before[t.first * groups + g] +
                                              shift_before[(t.last + lag) * groups + g] -
                                              shift_before[(t.first + lag) * groups + g];
        }
        for (const Index gap : gaps) {
          if (gap >= lag && valid[gap - lag] != 0) { // the later frame is the gap
            const Index cell = cells.at(blocks.block_of_pair(gap - lag, lag), k);
            cells.pairs[cell] -= 1;
            cells.lag_sum[cell] -= static_cast<double>(lag);
            for (Index g = 0; g < groups; ++g)
              cells.shift[cell * groups + g] -= group_shift[g * frames + gap - lag];
          }
          if (gap + lag < frames && valid[gap + lag] != 0) { // the earlier one is
            const Index cell = cells.at(blocks.block_of_pair(gap, lag), k);
            for (Index g = 0; g < groups; ++g)
              cells.shift[cell * groups + g] -= group_shift[g * frames + gap + lag];
          }
        }
      }
  });
}

} // namespace vitrum::correlate::detail
