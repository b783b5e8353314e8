#include "peak_split.hpp"

#include <algorithm>
#include <cmath>

#include "split_fitter.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {

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
  const double both = best[4] + best[6];
  const double by_first = out.second_height.value / (both * both),
               by_second = -out.first_height.value / (both * both);
  out.first_share = {out.first_height.value / both,
                     std::sqrt(by_first * by_first * cov(first + 1, first + 1) +
                               by_second * by_second * cov(second + 1, second + 1) +
                               2 * by_first * by_second * cov(first + 1, second + 1))};
  out.separation_share_covariance = by_first * (cov(first + 1, second) - cov(first + 1, first)) +
                                    by_second * (cov(second + 1, second) - cov(second + 1, first));
  out.separation = {out.second_center.value - out.first_center.value,
                    std::sqrt(cov(first, first) + cov(second, second) - 2 * cov(first, second))};
  return out;
}

} // namespace vitrum::fem
