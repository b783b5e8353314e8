#include "peak_split.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/curve_fit.hpp"

namespace vitrum::fem {
namespace {

/// The peak as one Gaussian or as two of one width, on a straight line, near it alone: what the
/// other peaks have there is taken off.
class SplitFitter {
public:
  SplitFitter(const VarianceProfile& all,
              const PeakModel& model,
              std::span<const double> best,
              std::size_t peak)
      : center_(best[3 * peak]), height_(best[3 * peak + 1]), width_(best[3 * peak + 2]),
        resolution_(model.resolution) {
    constexpr double reach = 3.5; // widths as seen
    const double seen = std::hypot(width_, resolution_);
    for (std::size_t i = 0; i < all.k.size(); ++i) {
      if (std::abs(all.k[i] - center_) > reach * seen)
        continue;
      double others = 0;
      for (std::size_t j = 0; j < model.peaks; ++j)
        if (j != peak)
          others += gaussian(all.k[i], best[3 * j], best[3 * j + 1], best[3 * j + 2]);
      place_.push_back(i);
      k_.push_back(all.k[i]);
      value_.push_back(all.value[i] - others);
      error_.push_back(all.error[i]);
    }
    base_ = best[3 * model.peaks] + best[3 * model.peaks + 1] * (center_ - model.origin);
    slope_ = best[3 * model.peaks + 1];
  }

  static constexpr std::size_t one_parameters = 5, two_parameters = 7;
  [[nodiscard]] std::size_t points() const { return k_.size(); }
  [[nodiscard]] const std::vector<double>& value() const { return value_; }
  [[nodiscard]] const std::vector<std::size_t>& place() const { return place_; }

  /// background, slope, width, center, height.
  [[nodiscard]] fit::CurveFit one(std::span<const double> value) const {
    return run(value, {base_, slope_, width_, center_, height_});
  }
  /// …, and center and height of the second.
  [[nodiscard]] fit::CurveFit two(std::span<const double> value, const fit::CurveFit& one) const {
    fit::CurveFit best;
    best.chi2 = std::numeric_limits<double>::infinity();
    const double width = one.value[2], center = one.value[3], height = one.value[4];
    // two alike, and a small one to either side
    for (const auto& [left, right, share] :
         {std::tuple(-0.6, 0.6, 0.5), std::tuple(-1.2, 0.2, 0.25), std::tuple(-0.2, 1.2, 0.75)}) {
      auto found = run(value,
                       {one.value[0],
                        one.value[1],
                        0.7 * width,
                        center + left * width,
                        height * share * 1.2,
                        center + right * width,
                        height * (1 - share) * 1.2});
      if (found.chi2 < best.chi2)
        best = std::move(found);
    }
    return best;
  }
  [[nodiscard]] double at(std::span<const double> p, double k) const {
    double sum = p[0] + p[1] * (k - center_);
    for (std::size_t i = 3; i < p.size(); i += 2)
      sum += gaussian(k, p[i], p[i + 1], p[2]);
    return sum;
  }
  /// Two of one width a given distance apart, the first with `share` of both heights: background,
  /// slope, width, center between them, sum of the heights.
  [[nodiscard]] fit::CurveFit bound(std::span<const double> value,
                                    std::vector<double> start,
                                    double apart,
                                    double share) const {
    return run(value, std::move(start), [&](std::span<const double> p, double k) {
      return bound_at(p, k, apart, share);
    });
  }
  [[nodiscard]] double
  bound_at(std::span<const double> p, double k, double apart, double share) const {
    return p[0] + p[1] * (k - center_) + gaussian(k, p[3] - 0.5 * apart, share * p[4], p[2]) +
           gaussian(k, p[3] + 0.5 * apart, (1 - share) * p[4], p[2]);
  }
  [[nodiscard]] double k(std::size_t i) const { return k_[i]; }

private:
  [[nodiscard]] double gaussian(double k, double center, double height, double width) const {
    const double seen = std::hypot(width, resolution_), d = (k - center) / seen;
    return height * width / seen * std::exp(-0.5 * d * d);
  }
  [[nodiscard]] fit::CurveFit run(std::span<const double> value, std::vector<double> start) const {
    return run(
        value, std::move(start), [this](std::span<const double> p, double k) { return at(p, k); });
  }
  template <class Curve>
  [[nodiscard]] fit::CurveFit
  run(std::span<const double> value, std::vector<double> start, const Curve& curve) const {
    fit::CurveFitOptions options;
    const double free = std::numeric_limits<double>::infinity();
    const double step = (k_.back() - k_.front()) / static_cast<double>(k_.size() - 1);
    options.low = {-free, -free, 0.5 * step};
    options.high = {free, free, 3 * width_};
    options.scale = {0.1 * height_, 0.1 * height_ / width_, 0.1 * width_};
    constexpr double reach = 1.5; // widths: what lies further out is another peak
    for (std::size_t i = 3; i < start.size(); i += 2) {
      options.low.insert(options.low.end(), {center_ - reach * width_, 0});
      options.high.insert(options.high.end(), {center_ + reach * width_, free});
      options.scale.insert(options.scale.end(), {0.1 * width_, 0.1 * height_});
    }
    options.gain = 1e-6;
    const auto residuals = [&](std::span<const double> p, std::span<double> out) {
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = (curve(p, k_[i]) - value[i]) / error_[i];
    };
    return fit::fit_curve(residuals, static_cast<Index>(k_.size()), std::move(start), options);
  }

  double center_, height_, width_, resolution_, base_ = 0, slope_ = 0;
  std::vector<std::size_t> place_;
  std::vector<double> k_, value_, error_;
};

/// Deviations of the bootstrap samples from their mean with the errors of the points: the noise of
/// the curve, with what rings share. [sample, point]
std::vector<double> noise_samples(const VarianceProfile& points,
                                  const std::vector<std::size_t>& place) {
  constexpr std::size_t most = 100; // know the law of the gain well enough
  const std::size_t n = points.k.size(), samples = std::min(most, points.replicate.size() / n);
  std::vector<double> out(samples * place.size());
  for (std::size_t j = 0; j < place.size(); ++j) {
    Moments m;
    for (std::size_t s = 0; s < samples; ++s)
      m.add(points.replicate[s * n + place[j]]);
    const double scale = m.deviation() > 0 ? points.error[place[j]] / m.deviation() : 0;
    for (std::size_t s = 0; s < samples; ++s)
      out[s * place.size() + j] = scale * (points.replicate[s * n + place[j]] - m.mean);
  }
  return out;
}

} // namespace

Split test_split(const VarianceProfile& points,
                 const PeakModel& model,
                 std::span<const double> whole,
                 std::size_t peak,
                 const PeakOptions& options) {
  Split out;
  const SplitFitter fitter(points, model, whole, peak);
  const std::size_t n = fitter.points();
  if (n < SplitFitter::two_parameters + 2)
    return out;
  const auto one = fitter.one(fitter.value());
  const auto two = fitter.two(fitter.value(), one);
  const auto degrees = static_cast<double>(n - SplitFitter::two_parameters);
  const double gain = std::max(0.0, one.chi2 - two.chi2);
  const auto noise = noise_samples(points, fitter.place());
  const std::size_t samples = noise.size() / n;
  double usual = 2, left = degrees, independent = static_cast<double>(n);
  std::vector<double> gains;
  std::vector<std::vector<double>> found; // parameters of two, about two
  constexpr std::size_t fewest = 20;
  if (samples >= fewest) {
    Moments of_gain, of_left;
    std::vector<double> value(n);
    for (std::size_t s = 0; s < samples; ++s) {
      for (std::size_t i = 0; i < n; ++i)
        value[i] = fitter.at(one.value, fitter.k(i)) + noise[s * n + i];
      const auto single = fitter.one(value);
      const auto twin = fitter.two(value, single);
      gains.push_back(std::max(0.0, single.chi2 - twin.chi2));
      of_gain.add(gains.back());
      of_left.add(twin.chi2);
    }
    usual = std::max(of_gain.mean, 1e-12);
    left = std::max(of_left.mean, 1e-12);
    independent = std::clamp(2 * static_cast<double>(n) / usual, 2.0, static_cast<double>(n));
    // a gamma law of their mean and variance: as many samples know no small probabilities
    const double shape = std::max(0.1, usual * usual / of_gain.variance());
    // where two Gaussians still miss the points by more than noise does, the gain is scaled down
    const double misfit = std::max(1.0, two.chi2 / left);
    out.p = upper_gamma(shape, shape * gain / misfit / usual);
  }
  const double misfit = std::max(1.0, two.chi2 / left);
  out.f = gain / usual / std::max(two.chi2 / left, 1e-300);
  if (samples < fewest)
    out.p = f_survival(out.f, 2, degrees);
  // in the gain of two parameters from noise, which is 2 where points are independent
  out.information_gain = 2 * gain / usual / misfit - 2 * std::log(independent);
  const auto& best = two.value;
  std::vector<double> covariance = two.covariance;
  out.found = out.p < options.split_level && out.information_gain > options.split_information;
  if (samples >= fewest && out.found) {
    std::vector<double> value(n), mean(best.size(), 0);
    for (std::size_t s = 0; s < samples; ++s) {
      for (std::size_t i = 0; i < n; ++i)
        value[i] = fitter.at(best, fitter.k(i)) + noise[s * n + i];
      found.push_back(fitter.two(value, one).value);
      auto& p = found.back();
      if (p[3] > p[5]) { // by place
        std::swap(p[3], p[5]);
        std::swap(p[4], p[6]);
      }
      for (std::size_t i = 0; i < mean.size(); ++i)
        mean[i] += p[i] / static_cast<double>(samples);
    }
    std::fill(covariance.begin(), covariance.end(), 0);
    for (const auto& p : found)
      for (std::size_t i = 0; i < mean.size(); ++i)
        for (std::size_t j = 0; j < mean.size(); ++j)
          covariance[i * mean.size() + j] +=
              (p[i] - mean[i]) * (p[j] - mean[j]) / static_cast<double>(samples - 1);
  }
  const bool swapped = best[3] > best[5];
  const std::size_t first = swapped && found.empty() ? 5 : 3, second = 8 - first;
  const auto cov = [&](std::size_t i, std::size_t j) { return covariance[i * best.size() + j]; };
  const auto set = [&](std::size_t from, std::size_t error) {
    return Value{best[from], std::sqrt(cov(error, error))};
  };
  out.width = set(2, 2);
  out.first_center = set(swapped ? 5 : 3, first);
  out.second_center = set(swapped ? 3 : 5, second);
  out.first_height = set(swapped ? 6 : 4, first + 1);
  out.second_height = set(swapped ? 4 : 6, second + 1);
  out.separation = {out.second_center.value - out.first_center.value,
                    std::sqrt(cov(first, first) + cov(second, second) - 2 * cov(first, second))};
  return out;
}

PeakPair pair_of(const Split& split) {
  const double both = split.first_height.value + split.second_height.value;
  return {split.separation, split.first_height.value / both};
}

Value pair_height(const VarianceProfile& profile,
                  const PeakFit& fit,
                  std::size_t peak,
                  const PeakPair& pair,
                  double resolution) {
  PeakModel model;
  model.peaks = fit.peaks.size();
  model.resolution = resolution;
  model.origin = fit.peaks[0].center.value;
  std::vector<double> whole;
  for (const auto& one : fit.peaks)
    whole.insert(whole.end(), {one.center.value, one.height.value, one.width.value});
  whole.insert(whole.end(), {fit.background.value, fit.background_slope.value});
  const auto points = part_of(profile, fit.k_low, fit.k_high);
  const SplitFitter fitter(points, model, whole, peak);
  const std::size_t n = fitter.points();
  Value out;
  if (n < SplitFitter::one_parameters + 2)
    return out;
  const auto single = fitter.one(fitter.value());
  const double apart = pair.separation.value, half = 0.5 * apart;
  // one Gaussian lies over both, or on either where they are far apart
  const auto height = [&](std::span<const double> value, double distance) {
    fit::CurveFit best;
    best.chi2 = std::numeric_limits<double>::infinity();
    for (const double shift : {0.0, half, -half}) {
      auto start = single.value;
      if (shift == 0)
        start[2] =
            std::sqrt(std::max(start[2] * start[2] - half * half, 0.1 * start[2] * start[2]));
      start[3] += shift;
      start[4] *= single.value[2] / start[2];
      auto found = fitter.bound(value, std::move(start), distance, pair.first_share);
      if (found.chi2 < best.chi2)
        best = std::move(found);
    }
    return best;
  };
  const auto best = height(fitter.value(), apart);
  out.value = best.value[4];
  double squared = best.covariance[4 * 5 + 4];
  const auto noise = noise_samples(points, fitter.place());
  constexpr std::size_t fewest = 20;
  if (const std::size_t samples = noise.size() / n; samples >= fewest) {
    Moments of_height;
    std::vector<double> value(n);
    for (std::size_t s = 0; s < samples; ++s) {
      for (std::size_t i = 0; i < n; ++i)
        value[i] =
            fitter.bound_at(best.value, fitter.k(i), apart, pair.first_share) + noise[s * n + i];
      of_height.add(height(value, apart).value[4]);
    }
    squared = of_height.variance();
  }
  const double further = height(fitter.value(), apart + pair.separation.error).value[4];
  out.error = std::hypot(std::sqrt(squared), further - out.value);
  return out;
}

} // namespace vitrum::fem
