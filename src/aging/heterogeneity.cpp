#include "vitrum/aging/heterogeneity.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index blocks = 16, fewest = 64;

/// Without its mean or running mean, NaN kept.
std::vector<double> centred(std::span<const float> trace, Index trend_frames) {
  const auto n = static_cast<Index>(trace.size());
  std::vector<double> sum(trace.size() + 1, 0), count(trace.size() + 1, 0);
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const bool good = !std::isnan(trace[i]);
    sum[i + 1] = sum[i] + (good ? static_cast<double>(trace[i]) : 0.0);
    count[i + 1] = count[i] + (good ? 1 : 0);
  }
  std::vector<double> out;
  for (Index t = 0; t < n; ++t) {
    const Index half = trend_frames > 0 ? trend_frames / 2 : n;
    const auto a = static_cast<std::size_t>(std::max<Index>(0, t - half));
    const auto b = static_cast<std::size_t>(std::min(n, t + half + 1));
    out.push_back(static_cast<double>(trace[static_cast<std::size_t>(t)]) -
                  (sum[b] - sum[a]) / (count[b] - count[a]));
  }
  return out;
}

/// Mean product of values `step` apart, those that begin in [skip_first, skip_last) left out.
double covariance(std::span<const double> a, Index step, Index skip_first, Index skip_last) {
  double sum = 0, n = 0;
  for (Index t = 0; t + step < static_cast<Index>(a.size()); ++t) {
    if (t >= skip_first && t < skip_last)
      continue;
    const double x = a[static_cast<std::size_t>(t)] * a[static_cast<std::size_t>(t + step)];
    if (std::isnan(x))
      continue;
    sum += x;
    n += 1;
  }
  return n > 0 ? sum / n : nan;
}

/// Of power 3 or 4, over that power of the deviation.
double moment(std::span<const double> a, int power, Index skip_first, Index skip_last) {
  double sum = 0, square = 0, n = 0;
  for (Index t = 0; t < static_cast<Index>(a.size()); ++t) {
    const double x = a[static_cast<std::size_t>(t)];
    if (std::isnan(x) || (t >= skip_first && t < skip_last))
      continue;
    sum += x * x * (power == 3 ? x : x * x);
    square += x * x;
    n += 1;
  }
  return sum / n / std::pow(square / n, 0.5 * power);
}

/// A quantity of the whole and its jackknife error over blocks of time.
std::pair<double, double> jackknife(Index n, const std::function<double(Index, Index)>& without) {
  const double whole = without(0, 0);
  double squares = 0;
  for (Index b = 0; b < blocks; ++b)
    squares += std::pow(without(n * b / blocks, n * (b + 1) / blocks) - whole, 2);
  return {whole,
          std::sqrt(squares * static_cast<double>(blocks - 1) / static_cast<double>(blocks))};
}

/// Standard error of the mean covariance of two subsets, from its spread over the pairs of subsets:
/// of independent ones the covariances are independent, too, whatever their correlation in time.
double error_of_pairs(const std::vector<std::vector<double>>& parts) {
  Moments pairs;
  for (std::size_t i = 0; i < parts.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      Moments product;
      for (std::size_t t = 0; t < parts[i].size(); ++t)
        if (const double x = parts[i][t] * parts[j][t]; !std::isnan(x))
          product.add(x);
      pairs.add(product.mean);
    }
  return pairs.count > 2 ? pairs.error() : 0;
}

Heterogeneity start(std::span<const float> trace, Index lag) {
  Heterogeneity out;
  out.lag = lag;
  Moments m;
  for (const float x : trace)
    if (!std::isnan(x))
      m.add(x);
  out.pairs = m.count;
  out.mean = m.mean;
  if (m.count < fewest) {
    out.reason = fmt::format("lag of {} frames: {} pairs, need at least {}", lag, m.count, fewest);
    out.variance = out.noise_variance = out.heterogeneity = out.heterogeneity_error = nan;
    out.skewness = out.skewness_error = out.kurtosis = out.kurtosis_error = nan;
  }
  return out;
}

void add_shape(Heterogeneity& out, std::span<const double> a) {
  const auto n = static_cast<Index>(a.size());
  std::tie(out.skewness, out.skewness_error) =
      jackknife(n, [&](Index i, Index j) { return moment(a, 3, i, j); });
  std::tie(out.kurtosis, out.kurtosis_error) =
      jackknife(n, [&](Index i, Index j) { return moment(a, 4, i, j) - 3; });
}

} // namespace

Heterogeneity
trace_heterogeneity(std::span<const float> trace, Index lag, const HeterogeneityOptions& options) {
  Heterogeneity out = start(trace, lag);
  if (!out.reason.empty())
    return out;
  const auto a = centred(trace, options.trend_frames);
  out.variance = covariance(a, 0, 0, 0);
  out.method = "shot noise removed by the autocovariance of the trace; finite speckles stay in";
  // a line through steps 1 … 4 at step 0: weights 1, 1/2, 0, −1/2. At lag 1 neighbours share a
  // frame
  const Index first = lag == 1 ? 2 : 1;
  const auto smooth = [&](Index i, Index j) {
    return covariance(a, first, i, j) + 0.5 * covariance(a, first + 1, i, j) -
           0.5 * covariance(a, first + 3, i, j);
  };
  std::tie(out.heterogeneity, out.heterogeneity_error) =
      jackknife(static_cast<Index>(a.size()), smooth);
  out.noise_variance = out.variance - out.heterogeneity;
  add_shape(out, a);
  return out;
}

std::vector<Heterogeneity> map_heterogeneity(const Band& band,
                                             std::span<const Index> lags,
                                             const HeterogeneityOptions& options) {
  std::vector<Heterogeneity> out;
  for (const Index lag : lags) {
    if (lag < 1 || lag > band.lags)
      throw OptionError(fmt::format("lag of {} frames: the band has 1 to {}", lag, band.lags));
    out.push_back(trace_heterogeneity(
        band.diagonal(lag).first(static_cast<std::size_t>(band.frames - lag)), lag, options));
  }
  return out;
}

Heterogeneity group_heterogeneity(const std::vector<std::vector<float>>& traces,
                                  Index lag,
                                  const HeterogeneityOptions& options) {
  if (traces.size() < 2)
    throw DataError(fmt::format("heterogeneity from subsets of pixels: {} subsets, need at least 2",
                                traces.size()));
  std::vector<float> mean(traces[0].size(), 0.0F);
  for (const auto& trace : traces) {
    if (trace.size() != mean.size())
      throw DataError(
          fmt::format("heterogeneity: subsets have {} and {} pairs", mean.size(), trace.size()));
    for (std::size_t t = 0; t < mean.size(); ++t)
      mean[t] += trace[t] / static_cast<float>(traces.size());
  }
  Heterogeneity out = start(mean, lag);
  if (!out.reason.empty())
    return out;
  const auto groups = static_cast<double>(traces.size());
  out.method = fmt::format("what {} subsets of pixels share", traces.size());
  const auto whole = centred(mean, options.trend_frames);
  std::vector<std::vector<double>> parts;
  for (const auto& trace : traces)
    parts.push_back(centred(trace, options.trend_frames));
  const auto shared = [&](Index i, Index j) {
    double own = 0;
    for (const auto& part : parts)
      own += covariance(part, 0, i, j) / groups;
    return (groups * covariance(whole, 0, i, j) - own) / (groups - 1);
  };
  out.variance = covariance(whole, 0, 0, 0);
  std::tie(out.heterogeneity, out.heterogeneity_error) =
      jackknife(static_cast<Index>(whole.size()), shared);
  // blocks of time shorter than the speckles live are no independent samples
  out.heterogeneity_error = std::max(out.heterogeneity_error, error_of_pairs(parts));
  out.noise_variance = out.variance - out.heterogeneity;
  add_shape(out, whole);
  return out;
}

} // namespace vitrum::aging
