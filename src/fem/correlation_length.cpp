#include "vitrum/fem/correlation_length.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/curve_fit.hpp"

namespace vitrum::fem {
namespace {

std::vector<SizedPeak> by_size(std::span<const SizedPeak> peaks) {
  std::vector<SizedPeak> sorted(peaks.begin(), peaks.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.probe_size_nm < b.probe_size_nm;
  });
  return sorted;
}

/// ln R and V at the top of the weighted parabola through the points; false where it opens upwards.
bool parabola_top(std::span<const double> x,
                  std::span<const double> y,
                  std::span<const double> error,
                  double& top_x,
                  double& top_y) {
  const double origin = x[x.size() / 2];
  const auto residuals = [&](std::span<const double> p, std::span<double> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double d = x[i] - origin;
      out[i] = (p[0] + p[1] * d + p[2] * d * d - y[i]) / error[i];
    }
  };
  const double middle = y[y.size() / 2];
  const auto fit = fit::fit_curve(
      residuals,
      static_cast<Index>(x.size()),
      {middle, 0, -std::abs(middle)},
      {.low = {}, .high = {}, .scale = {std::abs(middle), std::abs(middle), std::abs(middle)}});
  if (!(fit.value[2] < 0))
    return false;
  const double d = -0.5 * fit.value[1] / fit.value[2];
  top_x = origin + d;
  top_y = fit.value[0] + 0.5 * fit.value[1] * d;
  return top_x >= x.front() && top_x <= x.back();
}

} // namespace

void validate(std::span<const SizedPeak> peaks) {
  const auto sorted = by_size(peaks);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto& one = sorted[i];
    if (!(one.probe_size_nm > 0))
      throw DataError(fmt::format("probe size {} nm: must be positive", one.probe_size_nm));
    if (i > 0 && one.probe_size_nm == sorted[i - 1].probe_size_nm)
      throw DataError(fmt::format("probe size {} nm stands there twice", one.probe_size_nm));
    if (!(one.error > 0) || !std::isfinite(one.height))
      throw DataError(fmt::format("peak at a probe size of {} nm: {} ± {}, must be a number with "
                                  "a positive error",
                                  one.probe_size_nm,
                                  one.height,
                                  one.error));
  }
}

StrattonVoyles find_stratton_voyles(std::span<const SizedPeak> peaks, std::uint64_t seed) {
  StrattonVoyles out;
  validate(peaks);
  const auto sorted = by_size(peaks);
  const auto n = sorted.size();
  if (n < 4) {
    out.status = fmt::format("{} probe sizes, need 4 for a maximum", n);
    return out;
  }
  std::vector<double> x, y, error;
  for (const auto& one : sorted) {
    x.push_back(std::log(one.probe_size_nm));
    y.push_back(one.height);
    error.push_back(one.error);
  }
  // The parabola through the largest value and its two neighbours, wherever that is: a wider one
  // would be drawn to the flat side, as V falls slowly for probes wider than the order.
  const auto estimate = [&](const std::vector<double>& v, double& top_x, double& top_y) {
    const auto high = static_cast<std::size_t>(std::max_element(v.begin(), v.end()) - v.begin());
    if (high == 0 || high + 1 == n)
      return false;
    const auto part = [&](const std::vector<double>& all) {
      return std::span(all).subspan(high - 1, 3);
    };
    return parabola_top(part(x), part(v), part(error), top_x, top_y);
  };
  const auto largest = static_cast<std::size_t>(std::max_element(y.begin(), y.end()) - y.begin());
  double top_x = 0, top_y = 0;
  if (!estimate(y, top_x, top_y)) {
    out.status = fmt::format("the largest V is at the {} probe size, {} nm: no maximum inside the "
                             "series",
                             largest == 0 ? "smallest" : "largest",
                             sorted[largest].probe_size_nm);
    return out;
  }
  out.points = 3;
  out.length_nm.value = std::exp(top_x);
  out.maximum.value = top_y;
  Random random(seed);
  Moments place, height;
  constexpr int samples = 400;
  std::vector<double> moved(y);
  for (int s = 0; s < samples; ++s) {
    for (std::size_t i = 0; i < n; ++i)
      moved[i] = y[i] + error[i] * random.normal();
    double px = 0, py = 0;
    if (estimate(moved, px, py)) { // which one is largest is part of what is uncertain
      place.add(std::exp(px));
      height.add(py);
    }
  }
  // all that the largest of the sampled values tells of a curve of unknown shape is that its
  // maximum lies between the neighbours
  const double gap = sorted[largest + 1].probe_size_nm - sorted[largest - 1].probe_size_nm;
  out.sampling_nm = gap / std::sqrt(12.0);
  out.length_nm.error = std::hypot(place.deviation(), out.sampling_nm);
  out.maximum.error = height.deviation();
  out.status = "maximum";
  return out;
}

Value persistence_length(
    double slope, double intercept, double var_slope, double var_intercept, double covariance) {
  Value out;
  if (!(slope > 0) || !(intercept > 0))
    return out;
  out.value = std::sqrt(slope / intercept) / (2 * std::numbers::pi);
  out.error = 0.5 * out.value *
              std::sqrt(var_slope / (slope * slope) + var_intercept / (intercept * intercept) -
                        2 * covariance / (slope * intercept));
  return out;
}

PairPersistence find_pair_persistence(std::span<const SizedPeak> peaks, double smallest_nm) {
  PairPersistence out;
  validate(peaks);
  std::vector<double> x, y, error;
  for (const auto& one : by_size(peaks)) {
    if (one.probe_size_nm < smallest_nm || !(one.height > 0))
      continue;
    const double q = 0.61 / one.probe_size_nm;
    x.push_back(q * q);
    y.push_back(q * q / one.height);
    error.push_back(q * q / (one.height * one.height) * one.error);
    out.largest_nm = one.probe_size_nm;
    if (std::isnan(out.smallest_nm))
      out.smallest_nm = one.probe_size_nm;
  }
  out.points = static_cast<Index>(x.size());
  if (x.size() < 3) {
    out.status = fmt::format("{} probe sizes of {:.3g} nm and more, need 3", x.size(), smallest_nm);
    return out;
  }
  const auto line = fit::fit_line(x, y, error);
  out.chi2 = line.chi2;
  // where the line misses the points by more than their errors, the errors are those of the scatter
  const double scale = std::max(1.0, line.chi2 / static_cast<double>(x.size() - 2));
  out.slope = {line.slope, line.slope_error * std::sqrt(scale)};
  out.intercept = {line.intercept, line.intercept_error * std::sqrt(scale)};
  out.covariance = line.covariance * scale;
  out.length_nm = persistence_length(line.slope,
                                     line.intercept,
                                     out.slope.error * out.slope.error,
                                     out.intercept.error * out.intercept.error,
                                     out.covariance);
  out.status = std::isnan(out.length_nm.value)
                   ? fmt::format("slope {:.3g}, intercept {:.3g}: not both positive, no length",
                                 line.slope,
                                 line.intercept)
                   : "fitted";
  return out;
}

Agreement compare(const Value& a, const Value& b) {
  Agreement out;
  out.difference = {b.value - a.value, std::hypot(a.error, b.error)};
  if (out.difference.error > 0)
    out.p = std::erfc(std::abs(out.difference.value) / out.difference.error / std::sqrt(2.0));
  return out;
}

Value relative_change(std::span<const Value> a, std::span<const Value> b) {
  double weight = 0, sum = 0;
  std::vector<Value> changes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i].value > 0) || !(b[i].value > 0))
      continue;
    const double ratio = b[i].value / a[i].value;
    const double error = ratio * std::hypot(a[i].error / a[i].value, b[i].error / b[i].value);
    if (!(error > 0))
      continue;
    changes.push_back({ratio - 1, error});
    weight += 1 / (error * error);
    sum += (ratio - 1) / (error * error);
  }
  Value out;
  if (changes.empty())
    return out;
  out.value = sum / weight;
  double chi2 = 0;
  for (const auto& one : changes)
    chi2 += std::pow((one.value - out.value) / one.error, 2);
  const double scale =
      changes.size() > 1 ? std::max(1.0, chi2 / static_cast<double>(changes.size() - 1)) : 1.0;
  out.error = std::sqrt(scale / weight);
  return out;
}

} // namespace vitrum::fem
