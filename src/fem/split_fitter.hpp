// Fits of one peak as one Gaussian, as two, and as a pair that is known.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <tuple>
#include <vector>

#include "peak_split.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/curve_fit.hpp"

namespace vitrum::fem {

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
inline std::vector<double> noise_samples(const VarianceProfile& points,
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

} // namespace vitrum::fem
