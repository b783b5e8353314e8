// The order in which a count kernel holds pixels: runs of one group and one static bin, each filled
// up to whole cells of four bytes.
#pragma once
#include <vector>

#include "vitrum/correlate/pixel_groups.hpp"

namespace vitrum::correlate::detail {

struct CountRun {
  Index group = 0, set = 0;   // set of factors: the static bin, or 0
  Index first = 0, slots = 0; // places in the row; `slots` is a multiple of the cell
  Index pixels = 0;
};

/// Pixels that follow each other both in stored order and in the row.
struct CountSpan {
  Index from = 0, to = 0, count = 0;
};

struct CountLayout {
  std::vector<CountRun> runs;     // ascending in group
  std::vector<Index> group_begin; // runs of group g: [group_begin[g], group_begin[g + 1])
  std::vector<Index> place;       // [pixel in stored order]: its place in the row
  std::vector<CountSpan> spans;
  Index slots = 0; // of a row
  Index sets = 1;
};

/// Runs of at most `longest` pixels, of whole cells of `per_cell`.
[[nodiscard]] CountLayout
make_count_layout(const PixelGroups& groups, bool by_static, Index per_cell, Index longest);

/// Enough counts in a row for every layout of runs of at least 64 pixels.
[[nodiscard]] Index count_stride(const PixelGroups& groups);

} // namespace vitrum::correlate::detail
