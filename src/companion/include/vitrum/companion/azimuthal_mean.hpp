// I(q) of an image whose pixels have a q: means over narrow rings.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::companion {

struct RadialProfile {
  std::vector<double> q, intensity, error; // error: standard error of the mean, from the scatter
  std::vector<Index> pixels;
};

/// Rings of equal width over the pixels with use != 0; rings with fewer than two pixels are left
/// out. q of a ring is the mean over its pixels. Values that are no numbers are left out. Throws
/// DataError when the shapes disagree or nothing is left.
[[nodiscard]] RadialProfile azimuthal_mean(std::span<const double> image,
                                           std::span<const double> q,
                                           std::span<const std::uint8_t> use,
                                           Index rings);

} // namespace vitrum::companion
