#include <algorithm>
#include <cmath>

#include "vitrum/fem/peaks.hpp"

namespace vitrum::fem {

std::vector<double> ring_correlation(std::span<const double> replicate, Index rings) {
  const auto n = static_cast<std::size_t>(rings);
  if (rings < 2 || replicate.size() < 10 * n)
    return {1};
  const std::size_t samples = replicate.size() / n;
  std::vector<double> mean(n, 0), deviation(n, 0);
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t r = 0; r < n; ++r)
      mean[r] += replicate[s * n + r] / static_cast<double>(samples);
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t r = 0; r < n; ++r)
      deviation[r] += std::pow(replicate[s * n + r] - mean[r], 2);
  // Sums over pairs divided by the number of rings, not of pairs: that, and the triangle, keep the
  // matrix of these correlations positive definite.
  const auto at_lag = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t r = 0; r + lag < n; ++r) {
      const double scale = std::sqrt(deviation[r] * deviation[r + lag]);
      if (!(scale > 0))
        continue;
      double product = 0;
      for (std::size_t s = 0; s < samples; ++s)
        product += (replicate[s * n + r] - mean[r]) * (replicate[s * n + r + lag] - mean[r + lag]);
      sum += product / scale;
    }
    return sum / static_cast<double>(n);
  };
  constexpr double nothing = 0.02;
  std::size_t first_zero = 1;
  while (first_zero < n / 2 && at_lag(first_zero) > nothing)
    ++first_zero;
  if (first_zero == 1)
    return {1};
  std::vector<double> correlation{1};
  const std::size_t reach = 2 * first_zero;
  for (std::size_t lag = 1; lag < std::min(reach, n); ++lag)
    correlation.push_back(at_lag(lag) *
                          (1 - static_cast<double>(lag) / static_cast<double>(reach)));
  return correlation;
}

namespace {

/// Continued fraction of the incomplete beta function (Numerical Recipes 6.4).
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < tiny ? tiny : d);
  double h = d;
  for (int m = 1; m <= 300; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    c = 1 + even / c;
    c = std::abs(c) < tiny ? tiny : c;
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    c = 1 + odd / c;
    c = std::abs(c) < tiny ? tiny : c;
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-13)
      break;
  }
  return h;
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0)
    return 0;
  if (x >= 1)
    return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                   : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

} // namespace

double f_survival(double f, double degrees1, double degrees2) {
  if (!(f > 0))
    return 1;
  return incomplete_beta(0.5 * degrees2, 0.5 * degrees1, degrees2 / (degrees2 + degrees1 * f));
}

} // namespace vitrum::fem
