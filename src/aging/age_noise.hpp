// Lines through a series of windows whose noise is first-order autoregressive.
#pragma once
#include <span>
#include <vector>

#include "vitrum/aging/segments.hpp"

namespace vitrum::aging {

/// Factor on the stated errors and correlation of adjacent windows, from second differences at one
/// and two steps, to which slopes do not contribute:
///     var(e_k − 2 e_{k+m} + e_{k+2m}) = factor² (6 − 8 φ^m + 2 φ^2m).
struct AgeNoise {
  double factor = 1, correlation = 0;
};
[[nodiscard]] AgeNoise find_noise(std::span<const double> log_tau, std::span<const double> error);

/// Weighted sums of 1, x and y over a range, whitened: all that a line needs.
struct LineSums {
  double n = 0, log_weight = 0; // ½ ln det of the weights
  double s11 = 0, s1x = 0, sxx = 0, s1y = 0, sxy = 0, syy = 0;
};
struct Line {
  double value = 0, value_error = 0; // at x = 0
  double slope = 0, slope_error = 0;
  double chi2 = 0, chi2_constant = 0; // about the line, about the best constant
};
[[nodiscard]] Line fit_line(const LineSums& sums);
/// The same sums with x measured from `origin`.
[[nodiscard]] LineSums moved(const LineSums& sums, double origin);

/// Sums over any range [first, last) in constant time.
class WhitenedSums {
public:
  WhitenedSums(std::span<const double> x,
               std::span<const double> y,
               std::span<const double> error,
               double correlation);
  [[nodiscard]] LineSums range(Index first, Index last) const;

private:
  std::vector<LineSums> whitened_, single_; // [window]: sums before it; the window alone
};

} // namespace vitrum::aging
