// How well one pixel's series tells its relaxation time: virtual pixels of known τ, correlated and
// fitted as the measured ones.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"

namespace vitrum::ecm {

struct VirtualPixels {
  double tau_frames = 100, kww_exponent = 0.7, contrast = 0.3;
  double white_variance = 0; // of y from frame to frame: counting and read noise
  std::uint64_t seed = 1;
};

/// Fluctuations y of independent pixels: the intensity of a complex Gaussian field with g1 =
/// exp(−(t/τ)^β) exactly (circulant embedding, Davies and Harte 1987), scaled to the contrast, plus
/// white noise. Gaps are zero. Throws OptionError for values that make no sense, or an exponent
/// above one that cannot be embedded.
[[nodiscard]] Strips make_virtual_pixels(Index pixels,
                                         std::span<const std::uint8_t> valid,
                                         const VirtualPixels& options);

} // namespace vitrum::ecm
