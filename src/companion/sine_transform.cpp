#include "sine_transform.hpp"

#include <algorithm>
#include <cmath>

#include "curve_fit.hpp"

namespace vitrum::companion {

// The integral of a hat over [a, b, c] times sin(q r) is
//   [(sin br − sin ar)/(b − a) − (sin cr − sin br)/(c − b)]/r²;
// the half hats at the ends have cos(a r)/r and −cos(c r)/r in place of the side that is missing.
SineTransform::SineTransform(std::span<const double> q, std::span<const double> r)
    : points_(q.size()), weight_(q.size() * r.size()) {
  const std::size_t n = q.size();
  std::vector<double> sine(n);
  for (std::size_t k = 0; k < r.size(); ++k) {
    for (std::size_t i = 0; i < n; ++i)
      sine[i] = std::sin(q[i] * r[k]);
    double* w = &weight_[k * n];
    for (std::size_t i = 0; i < n; ++i) {
      const double left =
          i > 0 ? (sine[i] - sine[i - 1]) / (q[i] - q[i - 1]) / r[k] : std::cos(q[i] * r[k]);
      const double right =
          i + 1 < n ? (sine[i + 1] - sine[i]) / (q[i + 1] - q[i]) / r[k] : std::cos(q[i] * r[k]);
      w[i] = (left - right) / r[k];
    }
  }
}

std::vector<double> SineTransform::apply(std::span<const double> f) const {
  const std::size_t n = points_, m = n > 0 ? weight_.size() / n : 0;
  std::vector<double> out(m, 0.0);
  for (std::size_t k = 0; k < m; ++k) {
    const double* w = &weight_[k * n];
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i)
      sum += w[i] * f[i];
    out[k] = sum;
  }
  return out;
}

std::vector<double>
fit_odd_polynomial(std::span<const double> q, std::span<const double> f, int terms) {
  const std::size_t n = q.size();
  const double scale = q.back();
  std::vector<std::vector<double>> basis;
  std::vector<double> rest(f.begin(), f.end()), out(n, 0.0);
  for (int k = 0; k < terms; ++k) {
    std::vector<double> column(n);
    for (std::size_t i = 0; i < n; ++i)
      column[i] = std::pow(q[i] / scale, 2 * k + 1);
    for (const auto& before : basis) {
      double part = 0;
      for (std::size_t i = 0; i < n; ++i)
        part += before[i] * column[i];
      for (std::size_t i = 0; i < n; ++i)
        column[i] -= part * before[i];
    }
    double norm = 0;
    for (const double v : column)
      norm += v * v;
    norm = std::sqrt(norm);
    if (!(norm > 1e-10))
      break;
    double amount = 0;
    for (std::size_t i = 0; i < n; ++i) {
      column[i] /= norm;
      amount += column[i] * rest[i];
    }
    for (std::size_t i = 0; i < n; ++i) {
      out[i] += amount * column[i];
      rest[i] -= amount * column[i];
    }
    basis.push_back(std::move(column));
  }
  return out;
}

std::vector<double> smoothed_points(std::span<const double> y, std::span<const double> x) {
  constexpr double width = 0.04;
  // `smoothed` works over ±1 of its abscissa
  std::vector<double> scaled(x.begin(), x.end());
  for (double& v : scaled)
    v /= width;
  return smoothed(scaled, y);
}

} // namespace vitrum::companion
