// The kink of a curve that runs straight on both sides: the glass transition in energy, pressure or
// volume against temperature.
#pragma once
#include <span>

namespace vitrum::md {

struct Kink {
  double at = 0, error = 0; // where the lines meet
  double slope_below = 0, slope_above = 0;
  double residual = 0; // standard deviation of the points from the lines
  double value = 0;    // of the lines where they meet
};

/// Two straight lines that meet, by least squares in all four parameters; the error of the meeting
/// point is where the sum of squares has risen by the variance of the residuals. Needs ten points
/// in ascending or descending x, and three on each side. Throws DataError, also when the slopes do
/// not differ by three standard errors.
[[nodiscard]] Kink fit_kink(std::span<const double> x, std::span<const double> y);

/// Where the lines of glass and liquid meet, each fitted away from the transition: the glass below
/// a share of it (0.5 to 0.7), the liquid between shares above it (1.2 to 1.4, and 1.7 to 1.9). The
/// liquid is curved, so that two lines through all points meet too low. The median over these
/// ranges; the error is their standard deviation, as large as the choice of a range makes it: the
/// curvature within the ranges, which draws Tg down by up to a tenth, is not in it.
/// Throws DataError when too few points lie in the ranges.
[[nodiscard]] Kink fit_glass_transition(std::span<const double> x, std::span<const double> y);

} // namespace vitrum::md
