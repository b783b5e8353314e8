// Small statistics on spans: location, spread, quantiles, tail probabilities. Values are finite
// unless a function says that it skips NaN.
#pragma once
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum {

/// Mean, and standard deviation with n − 1, in one pass (Welford). NaN for too few values.
struct Moments {
  Index count = 0;
  double mean = 0;
  double sum_squares = 0; // of deviations from the mean
  void add(double x);
  [[nodiscard]] double variance() const;
  [[nodiscard]] double deviation() const;
  [[nodiscard]] double error() const; // standard error of the mean
};

[[nodiscard]] Moments moments(std::span<const double> values);

/// Quantile p in [0, 1] with linear interpolation; NaN values are left out, none left gives NaN.
[[nodiscard]] double quantile(std::span<const double> values, double p);
[[nodiscard]] double median(std::span<const double> values);
/// 1.4826 × median absolute deviation: the standard deviation of normal data, deaf to outliers.
[[nodiscard]] double robust_deviation(std::span<const double> values);

/// Regularised upper incomplete gamma function Q(a, x), a > 0, x >= 0.
[[nodiscard]] double upper_gamma(double a, double x);
/// Probability that chi² of `degrees` exceeds `chi2`.
[[nodiscard]] double chi2_survival(double chi2, double degrees);

} // namespace vitrum
