// Sums behind one-time functions in cells of (block of ages, bin of lags), and what is made of
// them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/exact_sum.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::correlate::detail {

/// Frames t2 (the earlier of a pair) whose pairs with a given lag have their age in one block.
struct Span {
  Index first = 0, last = 0;
};

/// Ages cut at `edges` (0 … frames) into blocks; every window is a run of blocks.
struct AgeBlocks {
  AgeConvention convention = AgeConvention::start;
  std::vector<Index> edges;

  [[nodiscard]] Index count() const { return static_cast<Index>(edges.size()) - 1; }
  /// The earlier frames of pairs of `lag` in block b, before any limit of the series.
  [[nodiscard]] Span earlier_frames(Index b, Index lag) const {
    if (convention == AgeConvention::start)
      return {edges[b], edges[b + 1]};
    return {half_up(2 * edges[b] - lag), half_up(2 * edges[b + 1] - lag)};
  }
  /// The columns t2 of row t1 in block b, before any limit of the tile.
  [[nodiscard]] Span columns(Index b, Index t1) const {
    if (convention == AgeConvention::start)
      return {edges[b], edges[b + 1]};
    return {2 * edges[b] - t1, 2 * edges[b + 1] - t1};
  }
  /// The block that holds the age of the pair (t, t + lag).
  [[nodiscard]] Index block_of_pair(Index t, Index lag) const;
  /// Blocks that a tile may touch.
  [[nodiscard]] Span blocks_of_tile(const Tile& tile) const;
  /// Number of the block that begins at an edge. The edge must exist.
  [[nodiscard]] Index block_at(Index edge) const;

private:
  static Index half_up(Index x) { return x >= 0 ? (x + 1) / 2 : -(-x / 2); } // ceil(x / 2)
};

/// Edges of all windows, and of `time_blocks` blocks of the whole series and of each window.
[[nodiscard]] AgeBlocks make_age_blocks(Index frames, const OneTimeOptions& options);

struct Cells {
  Index blocks = 0, bins = 0, groups = 0;
  std::vector<ExactSum> total; // [block, bin]: Σ (C − 1) over valid pairs
  std::vector<ExactSum>
      by_group;              // [block, bin, group]: Σ over pairs and pixels of the group of δδ'
  std::vector<double> shift; // [block, bin, group]: Σ over pairs of h_g(t1) + h_g(t2)
  std::vector<Index> pairs;  // [block, bin]
  std::vector<double> lag_sum; // [block, bin]

  /// Throws OptionError when the sums would take more than 4 GiB.
  Cells(Index block_count, Index bin_count, Index group_count);
  [[nodiscard]] Index at(Index block, Index bin) const { return block * bins + bin; }
};

/// Fills pairs, lag_sum and (with groups) shift. `group_shift` is [group, frame].
void count_pairs(Cells& cells,
                 const AgeBlocks& blocks,
                 std::span<const Index> lag_edges,
                 std::span<const std::uint8_t> valid,
                 std::span<const double> group_shift);

/// Standard errors and covariance [lag, lag] from deviations [rank, lag]; all NaN without any.
[[nodiscard]] std::vector<double> errors_of(std::span<const double> deviation, Index lags);
[[nodiscard]] std::vector<double> covariance_of(std::span<const double> deviation, Index lags);

/// A lag whose deviations are all zero but for rounding has no error, and one where no two counts
/// ever met (g2 = 0) neither: its column becomes NaN. Says which, counted from 1; empty when there
/// is none. `value` is g2.
[[nodiscard]] std::string refuse_zero_errors(std::span<double> deviation,
                                             std::span<const double> value);
/// "3, 5-8" of numbers that grow.
[[nodiscard]] std::string runs_of(std::span<const Index> numbers);

/// One range of ages, cut into time blocks; values before the bias is removed. Errors come from
/// groups of pixels and from time blocks; `group_pixels` is empty when there are no groups: they
/// then come from time blocks alone when `time_alone`, else they are NaN.
[[nodiscard]] OneTime evaluate(const Cells& cells,
                               const AgeBlocks& blocks,
                               std::span<const Index> lag_edges,
                               std::span<const Index> group_pixels,
                               bool time_alone,
                               AgeWindow ages,
                               const OneTimeOptions& options);

} // namespace vitrum::correlate::detail
