// Correlation of scanned diffraction patterns that are taken again and again (5-D STEM: time, y, x,
// ky, kx): one correlation function for each place of the scan and each bin of the detector.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::ecm {

struct ScanOptions {
  Index rows = 0, columns = 0; // of the scan; frame (t · rows + y) · columns + x
  std::vector<Index> lags;     // scans
  double pedestal = 0;         // counts
  Index groups = 8;            // of the pixels of a bin, for errors
  Index memory_bytes = Index{2} << 30;
};

struct ScanCorrelation {
  Index scans = 0, places = 0, bins = 0, groups = 0;
  std::vector<Index> lags, pairs;
  std::vector<Index> pixels;    // [bin]
  std::vector<float> g2;        // g2 − 1, [lag, bin, place]
  std::vector<float> of_groups; // the same of each group, [lag, group, bin, place]
};

/// A pixel's intensity is divided by its mean over the patterns of all other places, which takes
/// out the ring, and by the mean of the pattern, which takes out dose and thickness; y is what is
/// left, less one, and g2 − 1 the mean of y(t) y(t + lag) over the pixels of a bin, less what the
/// variance of the divisor adds: unbiased, however short the series. A single place is divided by
/// its own mean, with the bias of a time mean.
/// `labels` [ky, kx]: 0 = not used, 1 … bins; `mean` [ky, kx] over all patterns; `valid` [scan].
/// The series is read once for every block of places that fits. Throws OptionError when not one
/// place fits or the scan does not divide the series, DataError where the mean is not positive.
[[nodiscard]] ScanCorrelation correlate_scan(frames::FrameSource& source,
                                             std::span<const std::int32_t> labels,
                                             std::span<const double> mean,
                                             std::span<const std::uint8_t> valid,
                                             const ScanOptions& options,
                                             const Monitor& monitor = silent());

} // namespace vitrum::ecm
