#include "time_bound.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace vitrum::fit {
namespace {

using models::DecayModel;

constexpr double one_side = 1.645; // 95 %
constexpr double no_contrast = 3;  // standard errors of g2(first lag) − g2(∞) that show one

/// Least and largest R(τ) of a model over its exponents; {0, 1} when anything is possible.
std::pair<double, double> decay_at_tau(DecayModel model) {
  const double kww = std::exp(-2.0);
  // E_β(−1): 1/(1 + 1) for β → 0, exp(−1) for β = 1, and falls between
  const double ml_low = std::exp(-1.0), ml_high = 0.5;
  switch (model) {
  case DecayModel::exp:
  case DecayModel::kww:
    return {kww, kww};
  case DecayModel::ml:
    return {ml_low, ml_high};
  case DecayModel::ml_squared:
    return {ml_low * ml_low, ml_high * ml_high};
  case DecayModel::kww2:
  case DecayModel::power_cutoff:
    break;
  }
  return {0, 1};
}

struct Point {
  double lag_s, value, error;
};

std::vector<Point> points_of(const FitData& data) {
  std::vector<Point> points;
  const std::size_t n = data.lag_s.size();
  for (std::size_t i = 0; i < n; ++i) {
    double error = 0;
    if (!data.sigma.empty())
      error = data.sigma[i];
    else if (!data.covariance.empty())
      error = std::sqrt(data.covariance[i * n + i]);
    else
      for (std::size_t r = i; r < data.deviation.size(); r += n)
        error = std::hypot(error, data.deviation[r]);
    if (std::isfinite(data.value[i]) && error > 0 && std::isfinite(error) && data.lag_s[i] > 0)
      points.push_back({data.lag_s[i], data.value[i], error});
  }
  std::sort(
      points.begin(), points.end(), [](const auto& a, const auto& b) { return a.lag_s < b.lag_s; });
  return points;
}

} // namespace

TimeBound bound_time(DecayModel model, const FitData& data, const FitOptions& options) {
  TimeBound bound;
  const auto [least, largest] = decay_at_tau(model);
  const auto points = points_of(data);
  if (least == 0 || points.size() < 2)
    return bound;
  const auto fixed = options.fixed.find("baseline");
  const double baseline = fixed != options.fixed.end() ? fixed->second : 1.0;
  const auto given = fmt::format("g2(∞) = {:.6g}", baseline);
  const Point& first = points.front();
  const double contrast = first.value - baseline;
  if (contrast < no_contrast * first.error) {
    // the longest lags have few pairs, and errors that are hardly known
    const auto half = points.begin() + static_cast<std::ptrdiff_t>((points.size() + 1) / 2);
    const bool ever = std::any_of(points.begin(), half, [&](const Point& p) {
      return p.value - baseline > no_contrast * p.error;
    });
    if (!ever) {
      bound.high_s = first.lag_s;
      bound.reason = fmt::format(
          "g2 is not above {} at the shorter half of the lags: if there is contrast, it is "
          "lost before the first",
          given);
    }
    return bound;
  }
  const auto decay = [&](const Point& p) { return (p.value - baseline) / contrast; };
  const auto error = [&](const Point& p) {
    return std::hypot(p.error, decay(p) * first.error) / contrast;
  };
  std::size_t above = 0; // points that are, from the first on
  while (above + 1 < points.size() &&
         decay(points[above + 1]) - one_side * error(points[above + 1]) > largest)
    ++above;
  std::size_t below = points.size();
  while (below > 1 && decay(points[below - 1]) + one_side * error(points[below - 1]) < least)
    --below;
  const auto falls_to = [&](const Point& p) {
    return fmt::format(
        "({:.2g} ± {:.2g}) of g2(0) − g2(∞) is left at {:.4g} s", decay(p), error(p), p.lag_s);
  };
  if (above > 0) {
    bound.low_s = points[above].lag_s;
    bound.reason = falls_to(points[above]);
  }
  if (below < points.size()) {
    bound.high_s = points[below].lag_s;
    bound.reason += (bound.reason.empty() ? "" : ", ") + falls_to(points[below]);
  }
  if (!bound.reason.empty())
    bound.reason += " with " + given;
  return bound;
}

} // namespace vitrum::fit
