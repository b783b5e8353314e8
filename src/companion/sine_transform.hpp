// ∫ f(q) sin(q r) dq of a function that is straight between its points, and what else the way from
// F(q) to G(r) needs.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace vitrum::companion {

/// The weights of all points for all r, made once.
class SineTransform {
public:
  SineTransform() = default;
  /// `q` ascending, `r` above zero.
  SineTransform(std::span<const double> q, std::span<const double> r);
  [[nodiscard]] std::size_t points() const { return points_; }
  /// f at the points of q; returns the integral at each r.
  [[nodiscard]] std::vector<double> apply(std::span<const double> f) const;

private:
  std::size_t points_ = 0;
  std::vector<double> weight_; // [r][q]
};

/// The best Σ c_k q^(2k+1), k < terms, through f(q), at each q: F(q) is odd.
[[nodiscard]] std::vector<double>
fit_odd_polynomial(std::span<const double> q, std::span<const double> f, int terms);

/// Local parabolas over ±0.04 of x, or ±2 points where that is more.
[[nodiscard]] std::vector<double> smoothed_points(std::span<const double> y,
                                                  std::span<const double> x);

} // namespace vitrum::companion
