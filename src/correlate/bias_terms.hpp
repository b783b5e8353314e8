// The bias of one pair of frames from sums over pixels, for what goes through all pixels and what
// goes through events alone.
#pragma once
#include <cmath>
#include <limits>

#include "bias_batch.hpp"
#include "row_kernels.hpp"

namespace vitrum::correlate::detail {

/// Bias times pixels, from sums over n pixels.
inline double bias_of(const PairMoments& sums, double n, Normalization normalization) {
  const double c = sums.uv / n;
  if (normalization == Normalization::corrcoef)
    return c * (0.375 * (sums.u4 + sums.v4) / n + 0.25 * sums.u2v2 / n) -
           0.5 * (sums.u3v + sums.uv3) / n;
  return c * (c + (sums.u2 + sums.v2) / n) - c - (sums.u2v + sums.uv2) / n;
}

/// C − 1 from sums over n pixels of δ, δ', δδ', δ², δ'². NaN when nothing is left of a mean or a
/// variance but rounding: both are 1 over the whole bin.
inline double excess(double u, double v, double uv, double u2, double v2, double n, bool corrcoef) {
  constexpr double nothing = 1e-6;
  const double covariance = (uv - u * v / n) / n;
  const double first = corrcoef ? (u2 - u * u / n) / n : 1 + u / n;
  const double second = corrcoef ? (v2 - v * v / n) / n : 1 + v / n;
  if (!(first > nothing && second > nothing))
    return std::numeric_limits<double>::quiet_NaN();
  return covariance / (corrcoef ? std::sqrt(first * second) : first * second);
}

/// n times the bias (n − 1)/n · Σ_p (θ without pixel p − θ), over the pixels of one static bin.
class Jackknife {
public:
  Jackknife(const PairMoments& sums, double u, double v, double n, bool corrcoef)
      : sums_(sums), u_(u), v_(v), n_(n), corrcoef_(corrcoef),
        all_(excess(u, v, sums.uv, sums.u2, sums.v2, n, corrcoef)) {}

  /// One pixel, or `times` with the same values, each left out alone.
  void leave_out(double x, double y, double times = 1) {
    const double rest = excess(
        u_ - x, v_ - y, sums_.uv - x * y, sums_.u2 - x * x, sums_.v2 - y * y, n_ - 1, corrcoef_);
    if (std::isfinite(rest)) // else this pixel holds all counts of the frame: nothing to say
      sum_ += times * (rest - all_);
  }
  [[nodiscard]] double bias_times_n() const { return (n_ - 1) * sum_; }

private:
  PairMoments sums_;
  double u_, v_, n_;
  bool corrcoef_;
  double all_;
  double sum_ = 0;
};

} // namespace vitrum::correlate::detail
