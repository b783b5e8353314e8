// What turns the events of a bin into fluctuations δ = a x − c, and the sums of a x per group.
#pragma once
#include <cstdint>
#include <vector>

#include "vitrum/correlate/event_matrix.hpp"
#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate::detail {

struct EventScale {
  Index factors = 1;               // sets of a: static bins with static-bin, else 1
  std::vector<double> a;           // [factor set, frame]; zero in gaps
  std::vector<double> c;           // [frame]; zero in gaps
  std::vector<double> marginal;    // [group, frame] Σ a x over the pixels of the group
  std::vector<double> group_shift; // [group, frame], see TileKernel
  std::vector<std::uint8_t> valid; // [frame]
  std::vector<RejectedFrame> rejected;

  [[nodiscard]] double factor(std::int32_t static_bin, Index frame) const {
    return a[(factors == 1 ? 0 : static_bin) * static_cast<Index>(c.size()) + frame];
  }
};

[[nodiscard]] EventScale make_event_scale(const EventMatrix& events, Normalization normalization);

} // namespace vitrum::correlate::detail
