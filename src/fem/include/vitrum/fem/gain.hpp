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
  double resolved = unknown; // correlation of the fluctuations of neighbouring pixels
  double chi2 = unknown;     // of the line noise = gain · mean + read²
  std::vector<double> mean, noise, noise_error; // [ring] counts, counts²
  Index patterns = 0;
};

/// The variance of a pixel over the positions less what it shares with its neighbours, carried from
/// distances 1 and 2 to 0 as a Gaussian, is that of counting and reading: a line in the mean, ring
/// by ring; errors from eight parts of the series. `mean` [pixel] is the mean of the patterns used.
/// At most `most` patterns are read. Throws DataError when neighbours share too little to tell.
[[nodiscard]] GainFit measure_gain(frames::FrameSource& source,
                                   const PolarMap& map,
                                   std::span<const std::uint8_t> use,
                                   std::span<const float> dark,
                                   Index most = 256,
                                   const Monitor& monitor = silent());

} // namespace vitrum::fem
