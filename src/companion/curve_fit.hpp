// Polynomials through parts of a curve, smoothing, noise: what constructions by tangents need.
#pragma once
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::companion {

struct Range {
  double first = 0, last = 0;
  [[nodiscard]] double length() const { return last - first; }
};

/// A curve with ascending abscissa.
struct CurveView {
  std::span<const double> x, y;
  /// Indices [first, last) of the points in the range, ends included.
  [[nodiscard]] std::pair<std::size_t, std::size_t> indices(Range range) const;
  [[nodiscard]] Index count(Range range) const;
};

/// Σ c_k u^k with u = (x − centre) / scale.
struct Polynomial {
  double centre = 0, scale = 1;
  std::vector<double> coefficient;
  [[nodiscard]] double operator()(double x) const;
  [[nodiscard]] double slope(double x) const;
};

/// Least squares; the degree is lowered to what the points allow. Throws DataError without points.
[[nodiscard]] Polynomial fit_polynomial(CurveView curve, Range range, int degree);

/// Standard deviation of the residuals, and their correlation from point to point.
struct Noise {
  double deviation = 0, correlation = 0;
};
/// About polynomials through ranges in which the curve is smooth. The parameters are counted.
[[nodiscard]] Noise
noise_about(CurveView curve, std::span<const Range> ranges, std::span<const Polynomial> fits);

/// White noise from third differences, deaf to peaks.
[[nodiscard]] double noise_of(std::span<const double> values);

/// Local parabolas over ±1 of the abscissa, or ±3 points where that is more.
[[nodiscard]] std::vector<double> smoothed(std::span<const double> x, std::span<const double> y);

/// Where f changes sign between a and b, by bisection; NaN when it does not.
template <class F>
double crossing(F&& f, double a, double b) {
  double at_a = f(a);
  const double at_b = f(b);
  if (!(at_a * at_b <= 0))
    return std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (a + b), value = f(middle);
    if (at_a * value <= 0) {
      b = middle;
    } else {
      a = middle;
      at_a = value;
    }
  }
  return 0.5 * (a + b);
}

} // namespace vitrum::companion
