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

struct GlassTransition {
  double at = 0;                  // where the lines meet: the median over the ranges fitted
  double lowest = 0, highest = 0; // the smallest and the largest over these ranges; no error
  double slope_below = 0, slope_above = 0;
  double value = 0; // of the lines where they meet
};

/// Where the lines of glass and liquid meet, each fitted away from the transition: the glass up to
/// a share of Tg (0.5, 0.6 or 0.7), the liquid from another (1.2, 1.3, 1.4) to a third (1.7, 1.9),
/// all 18 of them. The liquid is curved, so that two lines through all points meet too low, and
/// these still do, by up to a tenth: Tg depends on the ranges more than on the noise, and what is
/// given is how much, not an error. Throws DataError when too few points lie in the ranges, or when
/// these, which depend on Tg, do not settle.
[[nodiscard]] GlassTransition fit_glass_transition(std::span<const double> x,
                                                   std::span<const double> y);

} // namespace vitrum::md
