// C at fixed lag for disjoint subsets of the pixels of a bin: what they share over age is no chance
// of few pixels.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/correlate/pixel_groups.hpp"

namespace vitrum::correlate {

struct SubsetTraces {
  std::vector<Index> lags;
  std::vector<std::vector<std::vector<float>>> values; // [lag][subset][i]: C(t, t + lag) at
                                                       // t = i · every; NaN in gaps
};

/// Subsets are whole jackknife groups, dealt into at most `subsets` of them. With w the inverse of
/// the time mean of a pixel's static bin (over 256 frames, evenly spread, of longer series),
///     C_s(t, t') = <w² I(t) I(t')>_s / (<w I(t)>_s <w I(t')>_s),
/// so that subsets have nothing in common but the sample. Empty when the bin has fewer than two
/// groups.
[[nodiscard]] SubsetTraces make_subset_traces(const PixelRows& counts,
                                              std::span<const std::uint8_t> valid,
                                              const PixelGroups& groups,
                                              std::span<const Index> lags,
                                              Index subsets = 8,
                                              Index every = 1);

} // namespace vitrum::correlate
