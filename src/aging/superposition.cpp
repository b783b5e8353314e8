#include "vitrum/aging/superposition.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "age_noise.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Point {
  double x, y, weight;
};

struct Scatter {
  double squares = 0, chi2 = 0, freedom = 0;
  Index points = 0;
};

/// Lines in ln x, cell by cell; what is left of the points.
Scatter scatter_about_lines(const std::vector<Point>& points, double per_decade, Collapse* curve) {
  std::map<Index, std::vector<Point>> cells;
  for (const Point& p : points)
    cells[static_cast<Index>(std::floor(per_decade * std::log10(p.x)))].push_back(p);
  Scatter out;
  for (const auto& [number, cell] : cells) {
    if (cell.size() < 3)
      continue;
    const double middle = std::log(10) * (static_cast<double>(number) + 0.5) / per_decade;
    LineSums s;
    for (const Point& p : cell) {
      const double x = std::log(p.x) - middle;
      s.s11 += p.weight;
      s.s1x += p.weight * x;
      s.sxx += p.weight * x * x;
      s.s1y += p.weight * p.y;
      s.sxy += p.weight * x * p.y;
      s.syy += p.weight * p.y * p.y;
    }
    const Line line = fit_line(s);
    for (const Point& p : cell) {
      const double rest = p.y - line.value - line.slope * (std::log(p.x) - middle);
      out.squares += rest * rest;
      out.chi2 += p.weight * rest * rest;
    }
    out.points += static_cast<Index>(cell.size());
    out.freedom += static_cast<double>(cell.size()) - 2;
    if (curve != nullptr) {
      curve->x.push_back(std::exp(middle));
      curve->master.push_back(line.value);
      curve->master_error.push_back(line.value_error);
    }
  }
  return out;
}

} // namespace

std::string_view name(AgingLaw law) {
  return law == AgingLaw::exponential ? "exponential" : "power";
}

LawFit fit_aging_law(const AgeSeries& series,
                     AgingLaw law,
                     double first_s,
                     double last_s,
                     double noise_factor,
                     double correlation) {
  LawFit out;
  out.law = law;
  out.first_s = first_s;
  out.last_s = last_s;
  out.tau0_s = out.tau0_error_s = out.time_s = out.time_error_s = out.power = out.power_error = nan;
  std::vector<double> x, y, error;
  for (std::size_t k = 0; k < series.age_s.size(); ++k) {
    const double age = series.age_s[k];
    if (!(age >= first_s && age < last_s) || !std::isfinite(series.log_tau[k]) ||
        !std::isfinite(series.error[k]) || (law == AgingLaw::power && !(age > 0)))
      continue;
    x.push_back(law == AgingLaw::power ? std::log(age) : age);
    y.push_back(series.log_tau[k]);
    error.push_back(series.error[k] * noise_factor);
  }
  out.windows = static_cast<Index>(x.size());
  if (out.windows < 4) {
    out.reason =
        fmt::format("{} windows with a relaxation time between {:g} s and {:g} s: need at least 4",
                    out.windows,
                    first_s,
                    last_s);
    return out;
  }
  const Line line = fit_line(WhitenedSums(x, y, error, correlation).range(0, out.windows));
  out.tau0_s = std::exp(line.value);
  out.tau0_error_s = out.tau0_s * line.value_error;
  if (law == AgingLaw::exponential) {
    out.time_s = 1 / line.slope;
    out.time_error_s = line.slope_error / (line.slope * line.slope);
  } else {
    out.power = line.slope;
    out.power_error = line.slope_error;
  }
  const auto freedom = static_cast<double>(out.windows - 2);
  out.chi2_reduced = line.chi2 / freedom;
  out.probability = chi2_survival(line.chi2, freedom);
  return out;
}

Collapse collapse(const std::vector<DecayCurve>& curves, Index per_decade) {
  if (per_decade < 1)
    throw OptionError(fmt::format("per_decade = {}: must be at least 1", per_decade));
  Collapse out;
  std::vector<Point> scaled, plain;
  for (const DecayCurve& curve : curves) {
    if (!(curve.tau_s > 0) || !std::isfinite(curve.tau_s))
      continue;
    ++out.curves;
    for (std::size_t i = 0; i < curve.lag_s.size(); ++i)
      if (std::isfinite(curve.decay[i]) && curve.error[i] > 0 && std::isfinite(curve.error[i]) &&
          curve.lag_s[i] > 0) {
        const double weight = 1 / (curve.error[i] * curve.error[i]);
        scaled.push_back({curve.lag_s[i] / curve.tau_s, curve.decay[i], weight});
        plain.push_back({curve.lag_s[i], curve.decay[i], weight});
      }
  }
  if (out.curves < 3) {
    out.reason = fmt::format("{} windows with a relaxation time: need at least 3", out.curves);
    out.rms = out.rms_unscaled = out.explained = out.chi2_reduced = nan;
    return out;
  }
  const auto left = scatter_about_lines(scaled, static_cast<double>(per_decade), &out);
  const auto unscaled = scatter_about_lines(plain, static_cast<double>(per_decade), nullptr);
  out.points = left.points;
  out.rms = std::sqrt(left.squares / static_cast<double>(left.points));
  out.rms_unscaled = std::sqrt(unscaled.squares / static_cast<double>(unscaled.points));
  out.explained = 1 - std::pow(out.rms / out.rms_unscaled, 2);
  out.chi2_reduced = left.chi2 / left.freedom;
  return out;
}

} // namespace vitrum::aging
