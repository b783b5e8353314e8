#include "vitrum/fem/pattern_flags.hpp"

#include <algorithm>
#include <cmath>

#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/curve_fit.hpp"

namespace vitrum::fem {
namespace {

/// Robust z-scores; all 0 where nothing scatters.
std::vector<double> scores(const std::vector<double>& values) {
  const double middle = median(values), spread = robust_deviation(values);
  std::vector<double> out;
  for (const double v : values)
    out.push_back(spread > 0 && std::isfinite(v) ? (v - middle) / spread : 0);
  return out;
}

/// Slope of values against x in −½ … ½, relative to their mean, with the error of the scatter.
Value slope_of(const std::vector<double>& x, const std::vector<double>& values) {
  std::vector<double> good_x, good;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::isfinite(values[i])) {
      good_x.push_back(x[i]);
      good.push_back(values[i]);
    }
  const auto m = moments(good);
  if (good.size() < 8 || !(std::abs(m.mean) > 0) || !(m.deviation() > 0) ||
      !(moments(good_x).deviation() > 0))
    return {};
  const std::vector<double> error(good.size(), m.deviation());
  const auto line = fit::fit_line(good_x, good, error);
  const double scatter = std::sqrt(line.chi2 / static_cast<double>(good.size() - 2));
  return {line.slope / m.mean, line.slope_error * scatter / std::abs(m.mean)};
}

bool matters(const Value& v, const FlagOptions& o) {
  return std::abs(v.value) > o.least && std::abs(v.value) > o.significance * v.error;
}

} // namespace

PatternFlags flag_patterns(const PatternSums& sums,
                           const PolarMap& map,
                           const DetectorNoise& noise,
                           std::span<const double> local,
                           Index columns,
                           const FlagOptions& options) {
  PatternFlags out;
  const auto rings = static_cast<std::size_t>(map.rings);
  const auto patterns = static_cast<std::size_t>(sums.patterns);
  const double most = *std::max_element(map.area.begin(), map.area.end());
  out.crystal_score.assign(patterns, 0);
  double area = 0;
  out.intensity.assign(patterns, 0);
  for (std::size_t r = 0; r < rings; ++r) {
    constexpr double enough = 0.1; // of the largest ring
    if (map.area[r] < enough * most)
      continue;
    area += map.area[r];
    for (std::size_t i = 0; i < patterns; ++i)
      out.intensity[i] += sums.ring_sum[i * rings + r];
    const auto ring = static_cast<Index>(r);
    auto within = local_variance(sums, map, noise, ring, ring + 1);
    const auto z = scores(within);
    const double typical = median(within);
    constexpr double several = 2; // times the usual variance
    for (std::size_t i = 0; i < patterns; ++i)
      if (within[i] > several * typical)
        out.crystal_score[i] = std::max(out.crystal_score[i], z[i]);
  }
  for (double& v : out.intensity)
    v /= area;
  out.intensity_score = scores(out.intensity);
  std::vector<double> x, y, order;
  for (std::size_t i = 0; i < patterns; ++i) {
    out.outlier.push_back(std::abs(out.intensity_score[i]) > options.outlier);
    out.crystalline.push_back(out.crystal_score[i] > options.crystal);
    const double number = static_cast<double>(sums.number[i]);
    order.push_back(number / static_cast<double>(std::max<Index>(1, sums.number.back())) - 0.5);
    if (columns > 1) {
      const Index rows = sums.number.back() / columns;
      x.push_back(static_cast<double>(sums.number[i] % columns) / static_cast<double>(columns - 1) -
                  0.5);
      y.push_back(
          rows > 0 ? static_cast<double>(sums.number[i] / columns) / static_cast<double>(rows) - 0.5
                   : 0);
    }
  }
  if (columns > 1) {
    out.gradient_x = slope_of(x, out.intensity);
    out.gradient_y = slope_of(y, out.intensity);
  }
  out.intensity_trend = slope_of(order, out.intensity);
  out.damage = slope_of(order, {local.begin(), local.end()});
  out.thickness_gradient = matters(out.gradient_x, options) || matters(out.gradient_y, options) ||
                           (columns <= 1 && matters(out.intensity_trend, options));
  auto strict = options;
  strict.least = 0.1; // the variance of single patterns scatters more
  out.damaged = matters(out.damage, strict);
  return out;
}

} // namespace vitrum::fem
