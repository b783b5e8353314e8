// Fits the aging correlation of a continuous-time random walk to a map of age and lag.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::fit {

/// Means of C over pairs of frames of nearly the same age and lag. Points with a NaN are left out.
struct AgingMap {
  std::vector<double> age_s;     // of the earlier frame, since the walkers began to wait
  std::vector<double> lag_s;     // > 0
  std::vector<double> value;     // C
  std::vector<double> sigma;     // standard errors
  std::vector<double> deviation; // [rank, point]: a factor of the covariance; may be empty
};

/// C = baseline + contrast·g1(age, age + lag)², g1 of models::renewal_correlation.
struct RenewalFit {
  double tau_s = 0, tau_error_s = 0; // of the waiting times
  double exponent = 0, exponent_error = 0;
  double contrast = 0, contrast_error = 0;
  double baseline = 0, baseline_error = 0;
  double chi2 = 0;
  Index points = 0;
  bool converged = false;
};

/// Least squares in ln tau and the exponent, contrast and baseline by linear algebra at each step,
/// from the best point of a grid. With deviations the errors are those of correlated points (the
/// sandwich of decay_fit.hpp). `kept` is that of the jumps. Throws DataError for sizes that
/// disagree or fewer than five points.
[[nodiscard]] RenewalFit fit_renewal(const AgingMap& map, double kept = 0);

/// Cells of a square map C [t1, t2] (row-major, t2 <= t1 is read), `per_decade` of age and of lag;
/// frame i has the age start_s + i·frame_time_s. Frames of age 0 are left out. Several maps, of
/// groups of pixels, give the errors: their mean is the value, their scatter the deviation. Throws
/// DataError for maps of other sizes or fewer than two.
[[nodiscard]] AgingMap aging_cells(const std::vector<std::vector<float>>& maps,
                                   Index frames,
                                   double frame_time_s,
                                   double start_s,
                                   Index per_decade);

} // namespace vitrum::fit
