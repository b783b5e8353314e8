// Correlation functions of all pixels of a field, and of the image as a whole, in bounded memory.
#pragma once
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/ecm/duration.hpp"
#include "vitrum/ecm/field.hpp"

namespace vitrum::ecm {

/// g2 − 1, the mean over pixels, with a factor of its covariance.
struct ImageCorrelation {
  std::vector<double> value, error; // [lag]
  std::vector<double> deviation;    // [group, lag]: Cov(l, l') = Σ d(l) d(l')
  Index groups = 0;
};

struct FieldCorrelation {
  Index rows = 0, columns = 0;
  std::vector<Index> lags, pairs; // frames; pairs of valid frames
  Buffer<float> g2;               // g2 − 1, [lag, pixel]
  std::vector<float> mean;        // [pixel] time mean of y; far from zero: a static difference
  std::vector<float> variance;    // [pixel] of y, photon noise included
  DurationAnalysis duration;      // of first parts of the series; empty without a frame time
  ImageCorrelation image;         // by pixel means, whatever the estimator of g2

  [[nodiscard]] Index pixels() const { return rows * columns; }
  [[nodiscard]] const float* lag(std::size_t k) const {
    return g2.data() + static_cast<Index>(k) * pixels();
  }
};

/// Memory without the blocks of pixels, and that of one row of a block.
[[nodiscard]] Index correlation_bytes(Index rows, Index columns, Index lags);
[[nodiscard]] Index row_bytes(Index columns, Index frames);

/// The series is read once for every block of rows that fits into `memory_bytes` beside the result.
/// Errors of the image are from blocks of pixels, up to 8 × 8. Throws OptionError when not even one
/// row fits.
[[nodiscard]] FieldCorrelation correlate_field(const Field& field,
                                               const std::vector<Index>& lags,
                                               Estimator estimator,
                                               Index memory_bytes,
                                               double frame_time_s,
                                               const Monitor& monitor = silent());

} // namespace vitrum::ecm
