#include "vitrum/fit/negative_binomial.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fit {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Index direct_terms = 64; // longer sums go on as an integral

/// (y − ln(1 + y))/y², smooth through zero.
double log_remainder(double y) {
  if (std::abs(y) > 0.02)
    return (y - std::log1p(y)) / (y * y);
  double sum = 0, power = 1;
  for (int n = 2; n < 14; ++n) { // ½ − y/3 + y²/4 − …
    sum += power / n;
    power *= -y;
  }
  return sum;
}

/// Sums of f(j) = j/(1 + c j) over j < k, for rising k.
class ScoreSum {
public:
  explicit ScoreSum(double contrast) : c_(contrast) {
    for (Index j = 0; j < direct_terms; ++j)
      if (1 + c_ * static_cast<double>(j) > 0)
        direct_.push_back((direct_.empty() ? 0 : direct_.back()) + term(static_cast<double>(j)));
  }
  [[nodiscard]] double below(Index k) const {
    if (k == 0)
      return 0;
    if (k <= direct_terms)
      return direct_[static_cast<std::size_t>(k - 1)];
    const auto a = static_cast<double>(direct_terms), b = static_cast<double>(k);
    if (c_ < 0) { // bounds are close, the terms steep: no short cut
      double sum = direct_.back();
      for (Index j = direct_terms; j < k; ++j)
        sum += term(static_cast<double>(j));
      return sum;
    }
    // Euler–Maclaurin; the next term is below 1e-9 of the sum from 64 on
    return direct_.back() + integral(b) - integral(a) - (term(b) - term(a)) / 2 +
           (slope(b) - slope(a)) / 12;
  }

private:
  [[nodiscard]] double term(double x) const { return x / (1 + c_ * x); }
  [[nodiscard]] double slope(double x) const { return 1 / ((1 + c_ * x) * (1 + c_ * x)); }
  [[nodiscard]] double integral(double x) const { return x * x * log_remainder(c_ * x); }

  double c_;
  std::vector<double> direct_; // [k − 1]
};

/// d ln(likelihood)/d contrast at the sample means.
double score(std::span<const CountHistogram> strata, double c) {
  const ScoreSum sums(c);
  double s = 0;
  for (const auto& h : strata) {
    const auto samples = static_cast<double>(h.samples());
    if (samples == 0)
      continue;
    const double mean = static_cast<double>(h.total()) / samples;
    for (std::size_t i = 0; i < h.count.size(); ++i)
      s += static_cast<double>(h.number[i]) * sums.below(h.count[i]);
    s -= samples * mean * mean * log_remainder(c * mean);
  }
  return s;
}

/// The root of a function that falls from `low` to `high` (Ridders' false position keeps the root
/// between its ends).
template <class F>
double falling_root(F&& f, double low, double high) {
  double at_low = f(low), at_high = f(high);
  for (int i = 0; i < 200 && high - low > 1e-13 * (1e-3 + std::abs(low) + std::abs(high)); ++i) {
    const double middle = (low + high) / 2, at_middle = f(middle);
    const double scale = std::sqrt(at_middle * at_middle - at_low * at_high);
    double next = middle;
    if (scale > 0 && std::isfinite(scale))
      next = middle + (middle - low) * (at_low > at_high ? 1 : -1) * at_middle / scale;
    const double at_next = f(next);
    const auto narrow = [&](double x, double value) {
      if (x <= low || x >= high)
        return;
      if (value > 0) {
        low = x;
        at_low = value;
      } else {
        high = x;
        at_high = value;
      }
    };
    if (at_next == 0)
      return next;
    narrow(middle, at_middle);
    narrow(next, at_next);
  }
  return (low + high) / 2;
}

Index largest_count(std::span<const CountHistogram> strata) {
  Index largest = 0;
  for (const auto& h : strata)
    if (!h.count.empty())
      largest = std::max(largest, h.count.back());
  return largest;
}

double contrast_of(std::span<const CountHistogram> strata, ContrastEstimator estimator) {
  return estimator == ContrastEstimator::likelihood ? likelihood_contrast(strata)
                                                    : moment_contrast(strata);
}

double mean_of(std::span<const CountHistogram> strata) {
  Index samples = 0, total = 0;
  for (const auto& h : strata) {
    samples += h.samples();
    total += h.total();
  }
  return static_cast<double>(total) / static_cast<double>(samples);
}

} // namespace

double log_negative_binomial(Index count, double mean, double contrast) {
  if (count < 0 || !(mean >= 0))
    return nan;
  if (mean == 0)
    return count == 0 ? 0 : -infinity;
  const auto k = static_cast<double>(count);
  if (!(1 + contrast * mean > 0) || (count > 1 && !(1 + contrast * (k - 1) > 0)))
    return -infinity;
  double log_product = 0; // Σ_{j<k} ln(1 + c j)
  if (contrast > 1e-3 && count > direct_terms)
    log_product =
        k * std::log(contrast) + std::lgamma(k + 1 / contrast) - std::lgamma(1 / contrast);
  else
    for (Index j = 1; j < count; ++j)
      log_product += std::log1p(contrast * static_cast<double>(j));
  const double x = contrast * mean;
  const double log_over_c = mean * (1 - x * log_remainder(x)); // ln(1 + c mean)/c
  return log_product - std::lgamma(k + 1) + k * std::log(mean) - k * std::log1p(x) - log_over_c;
}

double likelihood_contrast(std::span<const CountHistogram> strata) {
  const Index largest = largest_count(strata);
  if (largest < 2)
    return nan;
  const auto f = [&](double c) { return score(strata, c); };
  // Below: the largest count gets impossible, the score infinite. Above: it falls like −ln(c)/c².
  double low = 0, high = 1;
  if (f(0) > 0) {
    while (f(high) > 0 && high < 1e12)
      high *= 4;
  } else {
    high = 0;
    low = -(1 - 1e-9) / static_cast<double>(largest - 1);
    if (f(low) < 0)
      return low;
  }
  return falling_root(f, low, high);
}

double moment_contrast(std::span<const CountHistogram> strata) {
  double pairs = 0, expected = 0;
  for (const auto& h : strata) {
    const auto samples = static_cast<double>(h.samples());
    if (samples == 0)
      continue;
    const double total = static_cast<double>(h.total());
    expected += total * total / samples;
    for (std::size_t i = 0; i < h.count.size(); ++i)
      pairs += static_cast<double>(h.number[i]) * static_cast<double>(h.count[i]) *
               static_cast<double>(h.count[i] - 1);
  }
  return pairs > 0 ? pairs / expected - 1 : nan;
}

std::string_view name(ContrastEstimator estimator) {
  return estimator == ContrastEstimator::likelihood ? "likelihood" : "moments";
}

ContrastEstimator parse_contrast_estimator(std::string_view text) {
  for (const auto estimator : {ContrastEstimator::likelihood, ContrastEstimator::moments})
    if (text == name(estimator))
      return estimator;
  throw OptionError(fmt::format("contrast estimator '{}': expected likelihood or moments", text));
}

GroupedContrast estimate_contrast(std::span<const CountHistogram> histograms,
                                  Index strata,
                                  ContrastEstimator estimator) {
  if (strata < 1 || histograms.size() % static_cast<std::size_t>(strata) != 0)
    throw DataError(
        fmt::format("{} histograms do not make groups of {}", histograms.size(), strata));
  const auto sets = static_cast<std::size_t>(strata);
  const std::size_t groups = histograms.size() / sets;
  std::vector<std::map<Index, Index>> sums(sets);
  for (std::size_t i = 0; i < histograms.size(); ++i)
    add_to(sums[i % sets], histograms[i]);
  std::vector<CountHistogram> all;
  for (const auto& sum : sums)
    all.push_back(make_histogram(sum));

  GroupedContrast out;
  for (const auto& h : all)
    out.samples += h.samples();
  out.mean = out.samples > 0 ? mean_of(all) : nan;
  out.contrast = contrast_of(all, estimator);
  out.mean_error = out.contrast_error = out.modes = out.modes_error = nan;
  out.deviation.assign(groups, nan);
  if (std::isnan(out.contrast)) {
    out.reason = "no count above 1 was seen";
    return out;
  }
  constexpr std::size_t fewest_groups = 4;
  std::vector<double> contrast, mean;
  for (std::size_t g = 0; g < groups && groups >= fewest_groups; ++g) {
    std::vector<CountHistogram> rest;
    for (std::size_t s = 0; s < sets; ++s) {
      auto left = sums[s];
      add_to(left, histograms[g * sets + s], -1);
      rest.push_back(make_histogram(left));
    }
    contrast.push_back(contrast_of(rest, estimator));
    mean.push_back(mean_of(rest));
  }
  out.reason = groups < fewest_groups ? "no errors: fewer than 4 groups of pixels" : "";
  if (std::any_of(contrast.begin(), contrast.end(), [](double c) { return std::isnan(c); }))
    out.reason = "no errors: counts above 1 were seen in one group of pixels alone";
  if (out.reason.empty()) {
    const auto n = static_cast<double>(groups);
    double middle = 0, middle_mean = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      middle += contrast[g] / n;
      middle_mean += mean[g] / n;
    }
    // Quenouille's bias, Tukey's variance; the last factor makes pulls of few groups as wide as
    // those of a known error (Student's distribution)
    out.contrast = n * out.contrast - (n - 1) * middle;
    const double scale = std::sqrt((n - 1) / n * (n - 1) / (n - 3));
    double squares = 0, mean_squares = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      out.deviation[g] = scale * (contrast[g] - middle);
      squares += out.deviation[g] * out.deviation[g];
      mean_squares += std::pow(scale * (mean[g] - middle_mean), 2);
    }
    out.contrast_error = std::sqrt(squares);
    out.mean_error = std::sqrt(mean_squares);
  }
  out.modes = out.contrast > 0 ? 1 / out.contrast : infinity;
  if (out.contrast > 0)
    out.modes_error = out.contrast_error / (out.contrast * out.contrast);
  return out;
}

} // namespace vitrum::fit
