// The kink of a curve that runs straight on both sides: the glass transition in energy, pressure or
// volume against temperature.
#pragma once
#include <span>

namespace vitrum::md {

struct Kink {
  double at = 0, error = 0; // where the lines meet
  double slope_below = 0, slope_above = 0;
  double residual = 0; // standard deviation of the points from the lines
};

/// Two straight lines that meet, by least squares in all four parameters; the error of the meeting
/// point is where the sum of squares has risen by the variance of the residuals. Needs ten points
/// in ascending or descending x, and three on each side. Throws DataError, also when the slopes do
/// not differ by three standard errors.
[[nodiscard]] Kink fit_kink(std::span<const double> x, std::span<const double> y);

} // namespace vitrum::md
