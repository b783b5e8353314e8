// Jackknife groups: the pixels of one bin dealt into groups of compact blocks, so that the spread
// between groups measures the statistical error whatever the correlation in time.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

struct GroupOptions {
  Index groups = 32;  // asked for; fewer in small bins
  Index block_px = 4; // edge of the square blocks; at least the speckle size, so that neighbours
                      // that see the same speckle fall into one group
  std::uint64_t seed = 1;
};

void validate(const GroupOptions& options);

/// Pixels of one bin in the order in which they are stored: by group, within it by block, within
/// that by static bin.
struct PixelGroups {
  std::vector<Index> position;          // y * width + x of each pixel, in stored order
  std::vector<std::int32_t> static_bin; // of each pixel, 0 … static_bins − 1 within this bin
  std::vector<Index> group_begin;       // pixels of group g: [group_begin[g], group_begin[g + 1])
  std::vector<Index> segment_begin;     // runs of pixels of one block and one static bin, as above
  Index static_bins = 0;
  std::string reason; // why there is only one group; empty when errors can be had from the groups

  [[nodiscard]] Index pixels() const { return static_cast<Index>(position.size()); }
  [[nodiscard]] Index groups() const { return static_cast<Index>(group_begin.size()) - 1; }
  [[nodiscard]] Index segments() const { return static_cast<Index>(segment_begin.size()) - 1; }
};

/// Groups the pixels of dynamic bin `bin` (1 …). The number of groups is the smallest of
/// `options.groups`, the number of blocks, and pixels / 8; below 4 there is one group and a reason.
/// Blocks are shuffled within each static bin and dealt in turn, so groups have nearly equal shares
/// of every static bin. A block belongs to the static bin that most of its pixels are in.
[[nodiscard]] PixelGroups make_groups(const std::vector<std::int32_t>& dynamic_labels,
                                      const std::vector<std::int32_t>& static_labels,
                                      Index width,
                                      Index bin,
                                      const GroupOptions& options = {});

/// An error from the spread of few groups has few degrees of freedom, and pulls follow Student's
/// distribution, whose width is √((groups − 1)/(groups − 3)). Variances are multiplied by its
/// square, so that pulls have width 1. Requires groups >= 4.
[[nodiscard]] double student_variance(Index groups);

} // namespace vitrum::correlate
