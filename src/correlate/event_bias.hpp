// The bias of pairs of very sparse frames from their events alone: pixels without an event all have
// the same δ.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate::detail {

struct PixelValue {
  Index pixel = 0;
  double value = 0; // a x
};

/// One frame: δ = value − offset in its events (pixels ascending), −offset in all other pixels.
struct FrameEvents {
  std::span<const PixelValue> events;
  double offset = 0;
};

/// What pair_bias and block_products of bias.hpp give for the dense δ, to rounding.
class EventBias {
public:
  /// Keeps a reference to the groups.
  EventBias(const PixelGroups& groups, Normalization normalization);
  [[nodiscard]] double pair_bias(const FrameEvents& first, const FrameEvents& second) const;
  [[nodiscard]] BlockProducts block_products(const FrameEvents& first,
                                             const FrameEvents& second) const;

private:
  const PixelGroups& groups_;
  Normalization normalization_;
  std::vector<double> pixels_, squares_; // [static bin] of the normalisation: Σ n_j, Σ n_j²
  std::vector<std::uint32_t> segment_;   // [pixel]

  [[nodiscard]] std::size_t bin(Index pixel) const {
    return pixels_.size() == 1 ? 0 : static_cast<std::size_t>(groups_.static_bin[pixel]);
  }
};

} // namespace vitrum::correlate::detail
