#include "vitrum/aging/coupling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double pearson(std::span<const double> a, std::span<const double> b) {
  const auto n = static_cast<double>(a.size());
  double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sa += a[i];
    sb += b[i];
    saa += a[i] * a[i];
    sbb += b[i] * b[i];
    sab += a[i] * b[i];
  }
  const double scale = (saa - sa * sa / n) * (sbb - sb * sb / n);
  return scale > 0 ? (sab - sa * sb / n) / std::sqrt(scale) : 0.0;
}

std::vector<double>
rolling(std::span<const double> a, std::span<const double> b, std::size_t window) {
  std::vector<double> out(a.size(), nan);
  for (std::size_t first = 0; first + window <= a.size(); ++first)
    out[first + window / 2] = pearson(a.subspan(first, window), b.subspan(first, window));
  return out;
}

/// Linear between neighbours, constant beyond the ends; false without two values.
bool interpolate(std::vector<double>& y) {
  std::vector<std::size_t> good;
  for (std::size_t i = 0; i < y.size(); ++i)
    if (std::isfinite(y[i]))
      good.push_back(i);
  if (good.size() < 2)
    return false;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto above = std::lower_bound(good.begin(), good.end(), i);
    if (above == good.begin())
      y[i] = y[good.front()];
    else if (above == good.end())
      y[i] = y[good.back()];
    else if (*above != i) {
      const std::size_t a = *(above - 1), b = *above;
      y[i] = y[a] + (y[b] - y[a]) * static_cast<double>(i - a) / static_cast<double>(b - a);
    }
  }
  return true;
}

void scale_to_unit(std::vector<double>& y) {
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  const double a = *low, width = *high - *low;
  for (double& v : y)
    v = width > 0 ? (v - a) / width : 0.0;
}

/// The series as a sum of cosines, whose phases can be drawn anew.
class Spectrum {
public:
  explicit Spectrum(std::span<const double> y) : n_(y.size()) {
    cosine_.resize(n_);
    for (std::size_t i = 0; i < n_; ++i)
      cosine_[i] =
          std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n_));
    mean_ = moments(y).mean;
    for (std::size_t k = 1; 2 * k <= n_; ++k) {
      double re = 0, im = 0;
      for (std::size_t i = 0; i < n_; ++i) {
        const double angle =
            2 * std::numbers::pi * static_cast<double>(k * i % n_) / static_cast<double>(n_);
        re += (y[i] - mean_) * std::cos(angle);
        im += (y[i] - mean_) * std::sin(angle);
      }
      // both signs of a frequency share an amplitude; the highest of an even length stands alone
      amplitude_.push_back((2 * k == n_ ? 1 : 2) * std::hypot(re, im) / static_cast<double>(n_));
    }
  }

  [[nodiscard]] std::vector<double> surrogate(Random& random) const {
    std::vector<double> out(n_, mean_);
    for (std::size_t k = 1; k <= amplitude_.size(); ++k) {
      const auto phase = static_cast<std::size_t>(random.below(static_cast<Index>(n_)));
      std::size_t at = phase;
      for (std::size_t i = 0; i < n_; ++i) {
        out[i] += amplitude_[k - 1] * cosine_[at];
        at += k;
        if (at >= n_)
          at -= n_;
      }
    }
    return out;
  }

private:
  std::size_t n_;
  double mean_ = 0;
  std::vector<double> amplitude_, cosine_;
};

struct Run {
  std::size_t first, last;
  double mass;
};

/// Runs of coefficients of one sign that reach the limit.
std::vector<Run> runs_above(const std::vector<double>& r, double limit) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < r.size(); ++i) {
    if (!(std::abs(r[i]) >= limit))
      continue;
    const bool positive = r[i] > 0;
    Run run{i, i, 0};
    for (; i < r.size() && std::abs(r[i]) >= limit && (r[i] > 0) == positive; ++i) {
      run.mass += std::abs(r[i]);
      run.last = i + 1;
    }
    --i;
    runs.push_back(run);
  }
  return runs;
}

} // namespace

void validate(const CouplingOptions& o) {
  if (o.window != 0 && o.window < 5)
    throw OptionError(fmt::format("window = {}: a rolling correlation needs at least 5", o.window));
  if (o.surrogates < 20)
    throw OptionError(fmt::format("surrogates = {}: need at least 20", o.surrogates));
  if (!(o.significance > 0 && o.significance < 1))
    throw OptionError(fmt::format("significance = {}: must lie in (0, 1)", o.significance));
}

Coupling find_coupling(std::span<const double> age_s,
                       std::span<const double> plateau,
                       std::span<const double> mean_time_s,
                       const CouplingOptions& options) {
  validate(options);
  if (plateau.size() != age_s.size() || mean_time_s.size() != age_s.size())
    throw DataError(fmt::format("coupling: {} ages, {} plateaus, {} times",
                                age_s.size(),
                                plateau.size(),
                                mean_time_s.size()));
  Coupling out;
  const std::size_t n = age_s.size();
  const auto window = static_cast<std::size_t>(
      options.window > 0 ? options.window : std::max<Index>(10, static_cast<Index>(n) / 10));
  out.overall = out.overall_probability = nan;
  if (n < 2 * window) {
    out.reason = fmt::format(
        "{} windows: a rolling correlation over {} needs at least {}", n, window, 2 * window);
    return out;
  }
  out.plateau.assign(plateau.begin(), plateau.end());
  out.time.assign(mean_time_s.begin(), mean_time_s.end());
  if (!interpolate(out.plateau) || !interpolate(out.time)) {
    out.reason = "fewer than 2 windows have a plateau and a mean time";
    out.plateau.clear();
    out.time.clear();
    return out;
  }
  out.slope_per_s = options.slope_per_s;
  if (std::isnan(options.slope_per_s)) {
    const double ma = moments(age_s).mean, mp = moments(out.plateau).mean;
    double sxy = 0, sxx = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sxy += (age_s[i] - ma) * (out.plateau[i] - mp);
      sxx += (age_s[i] - ma) * (age_s[i] - ma);
    }
    out.slope_per_s = sxy / sxx;
  }
  for (std::size_t i = 0; i < n; ++i)
    out.plateau[i] -= out.slope_per_s * age_s[i];
  scale_to_unit(out.plateau);
  scale_to_unit(out.time);
  out.correlation = rolling(out.plateau, out.time, window);
  out.overall = pearson(out.plateau, out.time);

  const Spectrum spectrum(out.plateau);
  const auto count = static_cast<std::size_t>(options.surrogates);
  std::vector<std::vector<double>> chance(count);
  std::vector<double> overall(count);
  parallel_for(0, options.surrogates, 16, [&](Index begin, Index end) {
    for (Index s = begin; s < end; ++s) {
      Random random(options.seed, static_cast<std::uint64_t>(s));
      const auto other = spectrum.surrogate(random);
      chance[static_cast<std::size_t>(s)] = rolling(other, out.time, window);
      overall[static_cast<std::size_t>(s)] = std::abs(pearson(other, out.time));
    }
  });
  // one more of each: the series itself is one of the possibilities
  const auto share = [&](std::size_t larger) {
    return static_cast<double>(larger + 1) / static_cast<double>(count + 1);
  };
  out.overall_probability = share(static_cast<std::size_t>(std::count_if(
      overall.begin(), overall.end(), [&](double r) { return r >= std::abs(out.overall); })));
  std::vector<double> pooled;
  for (const auto& r : chance)
    for (const double x : r)
      if (!std::isnan(x))
        pooled.push_back(std::abs(x));
  std::sort(pooled.begin(), pooled.end());
  for (const double r : out.correlation) {
    const auto larger = pooled.end() - std::lower_bound(pooled.begin(), pooled.end(), std::abs(r));
    out.probability.push_back(std::isnan(r) ? nan
                                            : static_cast<double>(larger + 1) /
                                                  static_cast<double>(pooled.size() + 1));
  }
  const double limit = quantile(pooled, 1 - options.significance);
  std::vector<double> largest;
  for (const auto& r : chance) {
    double most = 0;
    for (const Run& run : runs_above(r, limit))
      most = std::max(most, run.mass);
    largest.push_back(most);
  }
  for (const Run& run : runs_above(out.correlation, limit)) {
    CoupledRange range;
    range.first_s = age_s[run.first];
    range.last_s = age_s[run.last - 1];
    range.sign = out.correlation[run.first] > 0 ? 1 : -1;
    range.correlation = range.sign * run.mass / static_cast<double>(run.last - run.first);
    range.probability = share(static_cast<std::size_t>(
        std::count_if(largest.begin(), largest.end(), [&](double m) { return m >= run.mass; })));
    if (range.probability < options.significance)
      out.ranges.push_back(range);
  }
  return out;
}

} // namespace vitrum::aging
