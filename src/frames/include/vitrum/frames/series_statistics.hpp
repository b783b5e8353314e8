// One pass over a series: what every pixel and every frame holds. Masks, static corrections and the
// stability checks are made from it.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/mask.hpp"

namespace vitrum::frames {

inline constexpr Index series_segments = 10;

struct MeasureOptions {
  std::vector<Index> bad_frames = {};  // left out of everything per pixel; not of what is per frame
  Index block_bytes = Index{64} << 20; // frames held in memory at a time (twice this is allocated)
};

/// Per pixel: over good frames and values that are valid (finite and not
/// SeriesInfo::invalid_value), masked pixels included. Sums of integers of up to 32 bits are exact,
/// those of squares as long as they stay below 2^53.
struct SeriesStatistics {
  Index frames = 0, good_frames = 0, height = 0, width = 0;
  bool counts = false; // integer pixel type

  std::vector<double> mean;           // [pixel] NaN where no value is valid
  std::vector<double> variance;       // [pixel] with n − 1; NaN for fewer than two values
  std::vector<double> maximum;        // [pixel]
  std::vector<std::uint32_t> invalid; // [pixel] good frames in which it holds no valid value
  std::vector<std::uint32_t> hash;    // [pixel] of its values in all good frames
  /// Mean over the good frames of each tenth of the series (frame f is in part 10 f / frames), NaN
  /// where there is none.
  std::vector<float> segment_mean;                     // [segment, pixel]
  std::array<Index, series_segments> segment_frames{}; // good frames of each part

  /// Over the valid values of the pixels in use; NaN in frames that have none.
  std::vector<double> frame_mean, frame_minimum, frame_maximum; // [frame]
  std::vector<Index> zero_frames; // frames in which every pixel in use holds 0

  Index nonfinite = 0; // NaN and infinite values in good frames, of any pixel
  Index first_nonfinite_frame = -1, first_nonfinite_pixel = -1; // pixel = y · width + x
};

/// Does not depend on the number of threads or the size of the blocks. Throws OptionError for
/// frames that do not exist or when none is good, DataError when the mask does not fit.
[[nodiscard]] SeriesStatistics measure_series(FrameSource& source,
                                              const Mask& mask,
                                              const MeasureOptions& options = {},
                                              const Monitor& monitor = silent());

/// Pixels in use that hold the same values as another one in every frame, as the two halves of a
/// simulated pattern do (Friedel's law). Errors that take pixels as independent are then too small.
struct DuplicatePixels {
  Index pairs = 0;                           // pixels in use with an earlier twin
  Index compared = 0;                        // pixels with enough signal to tell
  Index first_pixel = -1, second_pixel = -1; // an example
};

/// Compares hash, mean and variance. Pixels whose squared deviations sum to less than 20 counts²
/// are not compared: a handful of single counts coincides by chance.
[[nodiscard]] DuplicatePixels find_duplicate_pixels(const SeriesStatistics& statistics,
                                                    const Mask& mask);

} // namespace vitrum::frames
