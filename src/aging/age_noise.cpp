#include "age_noise.hpp"

#include <algorithm>
#include <cmath>

#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

LineSums operator+(LineSums a, const LineSums& b) {
  a.n += b.n;
  a.log_weight += b.log_weight;
  a.s11 += b.s11;
  a.s1x += b.s1x;
  a.sxx += b.sxx;
  a.s1y += b.s1y;
  a.sxy += b.sxy;
  a.syy += b.syy;
  return a;
}

LineSums operator-(LineSums a, const LineSums& b) {
  a.n -= b.n;
  a.log_weight -= b.log_weight;
  a.s11 -= b.s11;
  a.s1x -= b.s1x;
  a.sxx -= b.sxx;
  a.s1y -= b.s1y;
  a.sxy -= b.sxy;
  a.syy -= b.syy;
  return a;
}

LineSums one(double c, double x, double y, double log_weight) {
  return {1, log_weight, c * c, c * x, x * x, c * y, x * y, y * y};
}

double spread_of_second_differences(std::span<const double> y,
                                    std::span<const double> error,
                                    std::size_t step) {
  std::vector<double> d;
  for (std::size_t k = 0; k + 2 * step < y.size(); ++k) {
    const double scale = (error[k] + 4 * error[k + step] + error[k + 2 * step]) / 6;
    d.push_back((y[k] - 2 * y[k + step] + y[k + 2 * step]) / scale);
  }
  // the median deviation finds what is an outlier; the moments of the rest are twice as sharp
  const double limit = 3.5 * robust_deviation(d);
  Moments inside;
  for (const double x : d)
    if (std::abs(x) < limit)
      inside.add(x);
  return std::hypot(inside.mean, inside.deviation());
}

double shape(double phi) {
  return 6 - 8 * phi + 2 * phi * phi;
}

} // namespace

AgeNoise find_noise(std::span<const double> y, std::span<const double> error) {
  if (y.size() < 12)
    return {};
  const double near = spread_of_second_differences(y, error, 1);
  const double wide = spread_of_second_differences(y, error, 2);
  if (!(near > 0))
    return {};
  AgeNoise noise;
  const double ratio = wide * wide / (near * near);
  double low = 0, high = 0.9; // shape(φ²)/shape(φ) grows from 1
  for (int i = 0; i < 40; ++i) {
    const double phi = (low + high) / 2;
    (shape(phi * phi) / shape(phi) < ratio ? low : high) = phi;
  }
  noise.correlation = low;
  noise.factor = near / std::sqrt(shape(low));
  return noise;
}

LineSums moved(const LineSums& s, double origin) {
  LineSums out = s;
  out.s1x = s.s1x - origin * s.s11;
  out.sxx = s.sxx - 2 * origin * s.s1x + origin * origin * s.s11;
  out.sxy = s.sxy - origin * s.s1y;
  return out;
}

Line fit_line(const LineSums& s) {
  Line line;
  const double det = s.s11 * s.sxx - s.s1x * s.s1x;
  line.chi2_constant = s.syy - s.s1y * s.s1y / s.s11;
  if (!(det > 1e-12 * s.s11 * s.sxx)) {
    line.value = s.s1y / s.s11;
    line.value_error = 1 / std::sqrt(s.s11);
    line.chi2 = line.chi2_constant;
    return line;
  }
  line.value = (s.sxx * s.s1y - s.s1x * s.sxy) / det;
  line.slope = (s.s11 * s.sxy - s.s1x * s.s1y) / det;
  line.value_error = std::sqrt(s.sxx / det);
  line.slope_error = std::sqrt(s.s11 / det);
  line.chi2 = std::max(0.0, s.syy - line.value * s.s1y - line.slope * s.sxy);
  return line;
}

WhitenedSums::WhitenedSums(std::span<const double> x,
                           std::span<const double> y,
                           std::span<const double> error,
                           double phi) {
  whitened_.push_back({});
  const double rest = std::sqrt(1 - phi * phi);
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double w = 1 / error[k];
    single_.push_back(one(w, x[k] * w, y[k] * w, std::log(w)));
    const double v = k > 0 ? phi / error[k - 1] : 0.0;
    const auto before = [&](std::span<const double> q) { return k > 0 ? v * q[k - 1] : 0.0; };
    whitened_.push_back(whitened_.back() + one((w - v) / rest,
                                               (x[k] * w - before(x)) / rest,
                                               (y[k] * w - before(y)) / rest,
                                               std::log(w / rest)));
  }
}

LineSums WhitenedSums::range(Index first, Index last) const {
  const auto a = static_cast<std::size_t>(first);
  const auto b = static_cast<std::size_t>(last);
  // the first of a range stands alone, the others lean on the one before
  return single_[a] + (whitened_[b] - whitened_[a + 1]);
}

} // namespace vitrum::aging
