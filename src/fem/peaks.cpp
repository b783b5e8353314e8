#include "vitrum/fem/peaks.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "peak_search.hpp"
#include "peak_split.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/curve_fit.hpp"

namespace vitrum::fem {
namespace {

const double root_two_pi = std::sqrt(2 * std::numbers::pi);

/// The points of the range.
struct Points {
  VarianceProfile profile;
  std::vector<double> correlation;
};

/// Points are weighted with their errors alone. Rings are correlated over half of a pattern where
/// positions are few, and a fit with the inverse of such a matrix passes beside all points; what
/// the correlation does to errors and tests is taken into account in those.
class Fitter {
public:
  Fitter(const Points& points, double widest, double narrowest)
      : points_(points), widest_(widest), narrowest_(narrowest) {}

  fit::CurveFit
  run(const PeakModel& model, std::vector<double> start, std::span<const double> value) {
    const auto& k = points_.profile.k;
    fit::CurveFitOptions options;
    const double free = std::numeric_limits<double>::infinity();
    const double span = k.back() - k.front();
    double top = 0;
    for (const double v : value)
      top = std::max(top, std::abs(v));
    for (std::size_t i = 0; i < start.size(); ++i) {
      const bool of_peak = i < 3 * model.peaks;
      const bool center = of_peak && i % 3 == 0, height = of_peak && i % 3 == 1,
                 width = of_peak && i % 3 == 2;
      options.low.push_back(center   ? std::max(start[i] - widest_, k.front())
                            : width  ? narrowest_
                            : height ? 0
                                     : -free);
      options.high.push_back(center  ? std::min(start[i] + widest_, k.back())
                             : width ? widest_
                                     : free);
      options.scale.push_back(center || width            ? 0.05 * widest_
                              : i == 3 * model.peaks + 1 ? 0.1 * top / span
                                                         : 0.1 * top);
    }
    const auto residuals = [&](std::span<const double> p, std::span<double> out) {
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = (model.at(p, k[i]) - value[i]) / points_.profile.error[i];
    };
    return fit::fit_curve(residuals, static_cast<Index>(k.size()), std::move(start), options);
  }

private:
  const Points& points_;
  double widest_, narrowest_;
};

Points take_points(const VarianceProfile& from, double low, double high) {
  Points out;
  out.profile = part_of(from, low, high);
  for (std::size_t i = 0; i < out.profile.k.size(); ++i)
    if (!(out.profile.error[i] > 0))
      throw DataError(fmt::format(
          "error {} of V at k = {}, must be positive", out.profile.error[i], out.profile.k[i]));
  constexpr std::size_t fewest = 8;
  if (out.profile.k.size() < fewest)
    throw DataError(
        fmt::format("{} points of V(k) to find peaks in, need {}", out.profile.k.size(), fewest));
  out.correlation =
      ring_correlation(out.profile.replicate, static_cast<Index>(out.profile.k.size()));
  return out;
}

double independent(const Points& points) {
  double sum = 1;
  for (std::size_t lag = 1; lag < points.correlation.size(); ++lag)
    sum += 2 * points.correlation[lag];
  return static_cast<double>(points.profile.k.size()) / sum;
}

/// Covariance of the parameters from fits to the bootstrap samples; without samples, from the
/// errors of the points.
std::vector<double> covariance_of(Fitter& fitter,
                                  const Points& points,
                                  const PeakModel& model,
                                  const fit::CurveFit& best) {
  const std::size_t n = best.value.size(), k = points.profile.k.size();
  const std::size_t samples = points.profile.replicate.size() / k;
  constexpr std::size_t fewest = 10;
  if (samples < fewest)
    return best.covariance;
  std::vector<std::vector<double>> found;
  for (std::size_t s = 0; s < samples; ++s)
    found.push_back(
        fitter.run(model, best.value, std::span(points.profile.replicate).subspan(s * k, k)).value);
  std::vector<double> mean(n, 0), covariance(n * n, 0);
  for (const auto& one : found)
    for (std::size_t i = 0; i < n; ++i)
      mean[i] += one[i] / static_cast<double>(samples);
  for (const auto& one : found)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        covariance[i * n + j] +=
            (one[i] - mean[i]) * (one[j] - mean[j]) / static_cast<double>(samples - 1);
  return covariance;
}

void set_errors(PeakFit& out, const fit::CurveFit& best) {
  const std::size_t n = best.value.size();
  const auto error = [&](std::size_t i) { return std::sqrt(out.covariance[i * n + i]); };
  const auto cov = [&](std::size_t i, std::size_t j) { return out.covariance[i * n + j]; };
  for (std::size_t i = 0; i < out.peaks.size(); ++i) {
    auto& peak = out.peaks[i];
    const std::size_t c = 3 * i, h = c + 1, w = c + 2;
    peak.center = {best.value[c], error(c)};
    peak.height = {best.value[h], error(h)};
    peak.width = {best.value[w], error(w)};
    peak.integral.value = root_two_pi * best.value[h] * best.value[w];
    peak.integral.error = root_two_pi * std::sqrt(best.value[w] * best.value[w] * cov(h, h) +
                                                  best.value[h] * best.value[h] * cov(w, w) +
                                                  2 * best.value[h] * best.value[w] * cov(h, w));
  }
  const std::size_t b = 3 * out.peaks.size();
  out.background = {best.value[b], error(b)};
  out.background_slope = {best.value[b + 1], error(b + 1)};
  if (out.peaks.size() > 1) {
    const double h1 = best.value[1], h2 = best.value[4], ratio = h2 / h1;
    out.height_ratio = {ratio,
                        ratio * std::sqrt(cov(4, 4) / (h2 * h2) + cov(1, 1) / (h1 * h1) -
                                          2 * cov(1, 4) / (h1 * h2))};
  }
}

std::vector<Shoulder>
find_shoulders(const Points& points, const PeakModel& model, const fit::CurveFit& best) {
  const auto& k = points.profile.k;
  std::vector<double> left;
  for (std::size_t i = 0; i < k.size(); ++i)
    left.push_back(points.profile.value[i] - model.at(best.value, k[i]));
  const double thinned = independent(points) / static_cast<double>(k.size());
  const double width = 0.5 * best.value[2];
  std::vector<Shoulder> all;
  for (const double center : k) {
    double product = 0, norm = 0;
    for (std::size_t i = 0; i < k.size(); ++i) {
      const double shape = std::exp(-0.5 * std::pow((k[i] - center) / width, 2));
      const double weight = 1 / (points.profile.error[i] * points.profile.error[i]);
      product += weight * shape * left[i];
      norm += weight * shape * shape;
    }
    all.push_back({center, product / norm, product / std::sqrt(norm) * std::sqrt(thinned)});
  }
  std::vector<Shoulder> found;
  constexpr double clear = 4;
  for (std::size_t i = 1; i + 1 < all.size(); ++i) {
    if (all[i].significance < clear || all[i].significance < all[i - 1].significance ||
        all[i].significance < all[i + 1].significance)
      continue;
    bool beside = true;
    for (std::size_t j = 0; j < model.peaks; ++j)
      beside = beside && std::abs(all[i].k - best.value[3 * j]) > best.value[3 * j + 2];
    if (beside)
      found.push_back(all[i]);
  }
  return found;
}

} // namespace

VarianceProfile part_of(const VarianceProfile& from, double low, double high) {
  VarianceProfile out;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < from.k.size(); ++i)
    if (from.k[i] >= low && from.k[i] <= high && std::isfinite(from.value[i]) &&
        std::isfinite(from.error[i])) {
      kept.push_back(i);
      out.k.push_back(from.k[i]);
      out.value.push_back(from.value[i]);
      out.error.push_back(from.error[i]);
    }
  const auto rings = from.k.size();
  for (std::size_t s = 0; s + rings <= from.replicate.size(); s += rings)
    for (const auto i : kept)
      out.replicate.push_back(from.replicate[s + i]);
  return out;
}

void validate(const PeakOptions& o) {
  if (!std::isnan(o.k_low) && !std::isnan(o.k_high) && !(o.k_high > o.k_low))
    throw OptionError(
        fmt::format("--peak-range {}:{}: the end must lie above the start", o.k_low, o.k_high));
  if (o.most < 1)
    throw OptionError(fmt::format("--peaks {}: need at least 1", o.most));
}

PeakFit fit_peaks(const VarianceProfile& profile, const PeakOptions& options) {
  validate(options);
  const double everywhere = std::numeric_limits<double>::infinity();
  const double low = std::isnan(options.k_low) ? -everywhere : options.k_low;
  const double high = std::isnan(options.k_high) ? everywhere : options.k_high;
  auto points = take_points(profile, low, high);
  PeakFit out;
  const auto n = static_cast<Index>(points.profile.k.size());
  const Index half = std::max<Index>(1, n / 60);
  auto crests =
      find_crests(points.profile.k, points.profile.value, points.profile.error, half, options);
  if (crests.empty())
    return out;
  if (std::isnan(options.k_low) || std::isnan(options.k_high)) {
    // the rise towards the direct beam is no background, nor are bumps beyond the last peak
    const auto& k = points.profile.k;
    const double first = k[static_cast<std::size_t>(crests.front().outer_left)],
                 last = k[static_cast<std::size_t>(crests.back().outer_right)];
    points = take_points(
        profile, std::isnan(options.k_low) ? first : low, std::isnan(options.k_high) ? last : high);
    crests =
        find_crests(points.profile.k, points.profile.value, points.profile.error, half, options);
    if (crests.empty())
      return out;
  }
  const auto& k = points.profile.k;
  const auto at = [](const std::vector<double>& v, Index i) {
    return v[static_cast<std::size_t>(i)];
  };
  out.k_low = k.front();
  out.k_high = k.back();
  out.points = static_cast<Index>(k.size());
  out.independent_points = independent(points);
  PeakModel model;
  model.peaks = crests.size();
  model.resolution = options.resolution;
  std::vector<double> start;
  double widest = 0;
  for (const auto& crest : crests) {
    const double reach = 0.5 * (at(k, crest.right) - at(k, crest.left));
    widest = std::max(widest, reach);
    constexpr double half_to_sigma = 0.8493; // half width at half height over σ is √(2 ln 2)
    start.insert(start.end(),
                 {at(k, crest.top),
                  crest.prominence,
                  0.5 * half_to_sigma * (at(k, crest.half_right) - at(k, crest.half_left))});
  }
  const double step = (k.back() - k.front()) / static_cast<double>(k.size() - 1);
  model.origin = start[0];
  start.push_back(
      std::max(0.0, at(points.profile.value, crests.front().top) - crests.front().prominence));
  start.push_back(0);
  if (k.size() <= model.parameters())
    return out;
  Fitter fitter(points, std::max(widest, 3 * step), 0.5 * step);
  const auto best = fitter.run(model, start, points.profile.value);
  out.converged = best.converged;
  out.chi2 = best.chi2;
  out.peaks.resize(model.peaks);
  out.covariance = covariance_of(fitter, points, model, best);
  set_errors(out, best);
  for (auto& peak : out.peaks)
    if (!(peak.center.value > k.front() && peak.center.value < k.back() &&
          peak.height.value > 0)) { // it ran away: an edge has no error
      out.converged = false;
      for (auto* one : {&peak.center, &peak.height, &peak.width, &peak.integral})
        one->error = unknown;
    }
  for (std::size_t i = 0; i < model.peaks; ++i)
    find_maximum(points.profile, crests[i].top, 0.5 * best.value[3 * i + 2], out.peaks[i]);
  if (k.size() > model.parameters() + 2)
    for (std::size_t i = 0; i < model.peaks; ++i)
      out.splits.push_back(test_split(points.profile, model, best.value, i, options));
  out.shoulders = find_shoulders(points, model, best);
  out.k = k;
  for (const double one : k)
    out.curve.push_back(model.at(best.value, one));
  return out;
}

} // namespace vitrum::fem
