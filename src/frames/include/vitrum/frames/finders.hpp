// Finders of pixels and frames that do not behave: dead, hot and flickering pixels, frames of odd
// intensity. They report and never change a mask themselves.
#pragma once
#include <cstdint>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/mask.hpp"
#include "vitrum/frames/partition.hpp"
#include "vitrum/frames/series_statistics.hpp"

namespace vitrum::frames {

/// How pixels are judged: a pixel is reported when a pixel that is like the others of its static
/// bin would be as far out with a probability below false_alarms / (pixels judged). So
/// `false_alarms` is how many sound pixels are reported on average in a whole frame.
///
/// The sum S of a pixel over the series is taken as gamma distributed, with the mean and variance
/// of the bin (robust start from median and median absolute deviation, then mean and variance
/// without the pixels reported, until nothing changes; for counts the variance is never less than
/// the mean). Speckle that does not relax within the series makes S exactly gamma, and counting
/// noise has lighter tails than a gamma of its variance. Dead: no count at all, while the negative
/// binomial of that mean m and excess variance e² = (var − m)/m² says P(0) = (1 + m e²)^(−1/e²) is
/// below the limit (for e = 0, exp(−m)). Hot: P(sum ≥ S) below the limit. Flickering: for counts,
/// the pairs K = Σ n(n−1)/2 of a pixel against S²/2N × the ratio of all pixels of the bin, taken as
/// log-normal with the variance of counting pairs and of the bin; for other data its variance over
/// mean². Counted on simulated speckle, false alarms stay within 1.3 times the wanted number for
/// dead and hot pixels and within that order for flickering ones (6 times for contrast 1 that is
/// new in every frame).
struct FindPixelsOptions {
  double false_alarms = 0.1; // sound pixels reported per frame on average
  Index least_pixels = 16;   // static bins of fewer pixels are not judged
};

void validate(const FindPixelsOptions& options);

struct FoundPixel {
  Index y = 0, x = 0;
  double value = 0;       // time mean, or pair ratio for flickering
  double expected = 0;    // of its static bin
  double probability = 0; // that a sound pixel is as far out
};

struct FoundPixels {
  std::vector<FoundPixel> dead, hot, flickering;
  Index judged = 0;   // pixels in bins large enough
  Index unjudged = 0; // pixels in bins too small
};

/// Judges the pixels of the partition.
[[nodiscard]] FoundPixels find_pixels(const SeriesStatistics& statistics,
                                      const Partition& partition,
                                      const FindPixelsOptions& options = {});

/// Takes them out of the mask.
void exclude(Mask& mask, const std::vector<FoundPixel>& pixels);

/// Frames whose mean differs from the running median by more than `threshold` robust standard
/// deviations. Means over thousands of pixels are normal: at 6, two sound frames in 10^9 exceed it.
struct FindFramesOptions {
  double threshold = 6;
  Index window = 101; // frames of the running median, odd; slow drifts of the beam pass
};

void validate(const FindFramesOptions& options);

struct FoundFrame {
  Index frame = 0;
  double mean = 0;     // NaN when no pixel is valid
  double expected = 0; // running median
  double score = 0;    // robust deviations; infinite for frames without counts or valid pixels
};

/// `pixels` is the number of pixels behind each mean: counting noise sets the least deviation.
[[nodiscard]] std::vector<FoundFrame> find_bad_frames(const SeriesStatistics& statistics,
                                                      Index pixels,
                                                      const FindFramesOptions& options = {});

} // namespace vitrum::frames
