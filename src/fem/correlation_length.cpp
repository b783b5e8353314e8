#include "vitrum/fem/correlation_length.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "shared_errors.hpp"
#include "sized_peaks.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/fit/curve_fit.hpp"

namespace vitrum::fem {

void validate(std::span<const SizedPeak> peaks) {
  const auto sorted = sorted_by_size(peaks);
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

namespace {

/// y = intercept + slope · x, with errors that the points share. The same as fit::fit_line without.
fit::LineFit fit_shared_line(const std::vector<double>& x,
                             const std::vector<double>& y,
                             const SharedErrors& errors) {
  const std::vector<double> one(x.size(), 1);
  const double s = errors.product(one, one), sx = errors.product(one, x),
               sxx = errors.product(x, x), sy = errors.product(one, y), sxy = errors.product(x, y);
  const double det = s * sxx - sx * sx;
  fit::LineFit out;
  out.slope = (s * sxy - sx * sy) / det;
  out.intercept = (sxx * sy - sx * sxy) / det;
  out.slope_error = std::sqrt(s / det);
  out.intercept_error = std::sqrt(sxx / det);
  out.covariance = -sx / det;
  std::vector<double> left;
  for (std::size_t i = 0; i < x.size(); ++i)
    left.push_back(y[i] - out.intercept - out.slope * x[i]);
  out.chi2 = errors.product(left, left);
  out.points = static_cast<Index>(x.size());
  return out;
}

} // namespace

PairPersistence find_pair_persistence(std::span<const SizedPeak> peaks, double smallest_nm) {
  PairPersistence out;
  validate(peaks);
  std::vector<double> x, y, error;
  std::vector<SharedErrors::Pair> common;
  for (const auto& one : sorted_by_size(peaks)) {
    if (one.probe_size_nm < smallest_nm || !(one.height > 0))
      continue;
    const double q = 0.61 / one.probe_size_nm;
    x.push_back(q * q);
    y.push_back(q * q / one.height);
    const double by_height = q * q / (one.height * one.height);
    error.push_back(by_height * one.error);
    common.push_back({-by_height * one.common[0], -by_height * one.common[1]});
    out.largest_nm = one.probe_size_nm;
    if (std::isnan(out.smallest_nm))
      out.smallest_nm = one.probe_size_nm;
  }
  out.points = static_cast<Index>(x.size());
  if (x.size() < 3) {
    out.status = fmt::format("{} probe sizes of {:.3g} nm and more, need 3", x.size(), smallest_nm);
    return out;
  }
  const auto line = fit_shared_line(x, y, SharedErrors(error, common));
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
