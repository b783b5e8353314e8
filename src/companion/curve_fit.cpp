#include "curve_fit.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {

std::pair<std::size_t, std::size_t> CurveView::indices(Range range) const {
  const auto first = std::lower_bound(x.begin(), x.end(), range.first);
  const auto last = std::upper_bound(first, x.end(), range.last);
  return {static_cast<std::size_t>(first - x.begin()), static_cast<std::size_t>(last - x.begin())};
}

Index CurveView::count(Range range) const {
  const auto [first, last] = indices(range);
  return static_cast<Index>(last - first);
}

double Polynomial::operator()(double x) const {
  const double u = (x - centre) / scale;
  double sum = 0;
  for (auto it = coefficient.rbegin(); it != coefficient.rend(); ++it)
    sum = sum * u + *it;
  return sum;
}

double Polynomial::slope(double x) const {
  const double u = (x - centre) / scale;
  double sum = 0;
  for (std::size_t k = coefficient.size(); k-- > 1;)
    sum = sum * u + static_cast<double>(k) * coefficient[k];
  return sum / scale;
}

// Modified Gram–Schmidt on the powers, the data carried along as one more column.
Polynomial fit_polynomial(CurveView curve, Range range, int degree) {
  const auto [first, last] = curve.indices(range);
  const std::size_t n = last - first;
  if (n == 0)
    throw DataError(
        fmt::format("no points of the curve between {:.4g} and {:.4g}", range.first, range.last));
  const auto k = std::min(static_cast<std::size_t>(degree) + 1, n);
  Polynomial fit;
  fit.centre = 0.5 * (curve.x[first] + curve.x[last - 1]);
  fit.scale = std::max(0.5 * (curve.x[last - 1] - curve.x[first]), 1e-12);
  std::vector<std::vector<double>> column(k, std::vector<double>(n, 1.0));
  std::vector<double> y(curve.y.begin() + static_cast<std::ptrdiff_t>(first),
                        curve.y.begin() + static_cast<std::ptrdiff_t>(last));
  for (std::size_t j = 1; j < k; ++j)
    for (std::size_t i = 0; i < n; ++i)
      column[j][i] = column[j - 1][i] * (curve.x[first + i] - fit.centre) / fit.scale;
  std::vector<double> r(k * k, 0.0), projected(k);
  const auto dot = [n](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i)
      sum += a[i] * b[i];
    return sum;
  };
  for (std::size_t j = 0; j < k; ++j) {
    const double norm = std::sqrt(dot(column[j], column[j]));
    r[j * k + j] = norm;
    for (double& v : column[j])
      v = norm > 0 ? v / norm : 0;
    for (std::size_t m = j + 1; m < k; ++m) {
      const double part = r[j * k + m] = dot(column[j], column[m]);
      for (std::size_t i = 0; i < n; ++i)
        column[m][i] -= part * column[j][i];
    }
    projected[j] = dot(column[j], y);
    for (std::size_t i = 0; i < n; ++i)
      y[i] -= projected[j] * column[j][i];
  }
  fit.coefficient.assign(k, 0.0);
  for (std::size_t j = k; j-- > 0;) {
    double rest = projected[j];
    for (std::size_t m = j + 1; m < k; ++m)
      rest -= r[j * k + m] * fit.coefficient[m];
    fit.coefficient[j] = r[j * k + j] > 1e-12 ? rest / r[j * k + j] : 0;
  }
  return fit;
}

Noise noise_about(CurveView curve,
                  std::span<const Range> ranges,
                  std::span<const Polynomial> fits) {
  double squares = 0, products = 0, points = 0, parameters = 0, pairs = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto [first, last] = curve.indices(ranges[i]);
    double before = 0;
    for (std::size_t p = first; p < last; ++p) {
      const double rest = curve.y[p] - fits[i](curve.x[p]);
      squares += rest * rest;
      if (p > first) {
        products += rest * before;
        ++pairs;
      }
      before = rest;
    }
    points += static_cast<double>(last - first);
    parameters += static_cast<double>(fits[i].coefficient.size());
  }
  Noise noise;
  if (!(points > parameters) || !(squares > 0))
    return noise;
  // fitted parameters take slow noise away, from all lags alike: their number over that of the
  // points, times what correlation makes of slow noise
  const double seen = squares / points, neighbours = products / pairs;
  double variance = squares / (points - parameters);
  constexpr double most = 0.98, largest = 10;
  for (int round = 0; round < 3; ++round) { // a curve that misses looks like ever slower noise
    const double slow = std::min(largest, (1 + noise.correlation) / (1 - noise.correlation));
    const double taken = std::min(0.2, parameters / points * slow);
    variance = seen / (1 - taken);
    noise.correlation = std::clamp(neighbours / variance + taken, 0.0, most);
  }
  noise.deviation = std::sqrt(variance);
  return noise;
}

double noise_of(std::span<const double> values) {
  if (values.size() < 8)
    return 0;
  std::vector<double> third;
  for (std::size_t i = 3; i < values.size(); ++i)
    third.push_back(values[i] - 3 * values[i - 1] + 3 * values[i - 2] - values[i - 3]);
  constexpr double variance_of_third = 20;
  return robust_deviation(third) / std::sqrt(variance_of_third);
}

std::vector<double> smoothed(std::span<const double> x, std::span<const double> y) {
  constexpr double half_width = 1;
  constexpr std::size_t fewest = 3;
  const std::size_t n = x.size();
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t first = i, last = i;
    while (first > 0 && (x[i] - x[first - 1] <= half_width || i - first < fewest))
      --first;
    while (last + 1 < n && (x[last + 1] - x[i] <= half_width || last - i < fewest))
      ++last;
    // value at x[i] of the parabola, from sums of powers
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, t0 = 0, t1 = 0, t2 = 0;
    const double scale = std::max(x[last] - x[first], 1e-12);
    for (std::size_t j = first; j <= last; ++j) {
      const double u = (x[j] - x[i]) / scale, uu = u * u;
      s0 += 1;
      s1 += u;
      s2 += uu;
      s3 += uu * u;
      s4 += uu * uu;
      t0 += y[j];
      t1 += y[j] * u;
      t2 += y[j] * uu;
    }
    const double a = s2 * s4 - s3 * s3, b = s1 * s4 - s2 * s3, c = s1 * s3 - s2 * s2;
    const double determinant = s0 * a - s1 * b + s2 * c;
    out[i] = determinant > 1e-12 * s0 * s0 * s0 * 1e-6 ? (t0 * a - t1 * b + t2 * c) / determinant
                                                       : t0 / s0;
  }
  return out;
}

} // namespace vitrum::companion
