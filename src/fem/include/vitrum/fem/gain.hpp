// Counts per electron from the patterns themselves (photon transfer): counting noise is white, the
// speckle of a probe spreads over several pixels.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/monitor.hpp"
#include "vitrum/fem/peaks.hpp"
#include "vitrum/fem/polar_map.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::fem {

struct GainFit {
  Value gain;                // counts per electron
  Value read_noise_squared;  // counts²
  Value speckle_factor;      // variance of the speckle over what neighbours share
  double resolved = unknown; // correlation of the fluctuations of neighbouring pixels
  double chi2 = unknown;
  std::vector<double> mean, noise, noise_error; // [ring] counts, counts²
  Index patterns = 0;
};

/// Ring by ring, the variance of a pixel over the positions is a line in the mean, of counting and
/// reading, and the variance of the speckle, which is so many times what neighbouring pixels share,
/// the same factor for all rings as their speckle has one shape:
///     variance = gain · mean + read² + factor · covariance of neighbours.
/// Errors from sixteen parts of the series. At most `most` patterns are read. Throws DataError when
/// neighbours share too little to tell.
[[nodiscard]] GainFit measure_gain(frames::FrameSource& source,
                                   const PolarMap& map,
                                   std::span<const std::uint8_t> use,
                                   std::span<const float> dark,
                                   Index most = 256,
                                   const Monitor& monitor = silent());

} // namespace vitrum::fem
