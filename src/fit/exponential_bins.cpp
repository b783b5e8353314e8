#include "vitrum/fit/exponential_bins.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fit {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Bin {
  std::vector<std::size_t> points;
  std::vector<double> share; // weights, of sum one
};

bool usable(const FitData& data, std::span<const double> pairs, std::size_t i) {
  const std::size_t n = data.lag_s.size();
  if (std::isnan(data.lag_s[i]) || std::isnan(data.value[i]) ||
      (!data.sigma.empty() && std::isnan(data.sigma[i])) || (!pairs.empty() && !(pairs[i] > 0)))
    return false;
  for (std::size_t r = i; r < data.deviation.size(); r += n)
    if (std::isnan(data.deviation[r]))
      return false;
  return data.deviation.size() > 0 || data.covariance.empty() ||
         !std::isnan(data.covariance[i * n + i]);
}

std::vector<Bin> make_bins(const FitData& data, std::span<const double> pairs, Index per_decade) {
  double first = 0;
  for (std::size_t i = 0; i < data.lag_s.size(); ++i)
    if (usable(data, pairs, i) && data.lag_s[i] > 0 && (first == 0 || data.lag_s[i] < first))
      first = data.lag_s[i];
  std::map<Index, Bin> bins;
  for (std::size_t i = 0; i < data.lag_s.size(); ++i) {
    if (!usable(data, pairs, i))
      continue;
    // Half a bin aside, so that rounding does not part lags on an edge.
    const double place = data.lag_s[i] > 0
                             ? static_cast<double>(per_decade) * std::log10(data.lag_s[i] / first)
                             : -2;
    bins[static_cast<Index>(std::floor(place + 0.5))].points.push_back(i);
  }
  std::vector<Bin> list;
  for (auto& [place, bin] : bins) {
    double total = 0;
    const bool independent = data.deviation.empty() && data.covariance.empty();
    for (const std::size_t i : bin.points) {
      double weight = pairs.empty() ? 1 : pairs[i];
      if (independent && !data.sigma.empty())
        weight = 1 / (data.sigma[i] * data.sigma[i]);
      bin.share.push_back(weight);
      total += weight;
    }
    for (double& share : bin.share)
      share /= total;
    list.push_back(std::move(bin));
  }
  return list;
}

} // namespace

FitData exponential_bins(const FitData& data, std::span<const double> pairs, Index per_decade) {
  const std::size_t n = data.lag_s.size();
  if (per_decade < 1)
    throw OptionError(fmt::format("per_decade = {}: must be positive", per_decade));
  if (data.value.size() != n || (!data.sigma.empty() && data.sigma.size() != n) ||
      (!pairs.empty() && pairs.size() != n) ||
      (!data.covariance.empty() && data.covariance.size() != n * n) ||
      (!data.deviation.empty() && data.deviation.size() % n != 0) ||
      (!data.lag_spread_s.empty() && data.lag_spread_s.size() != n))
    throw DataError(fmt::format("exponential bins: sizes do not fit {} lags", n));
  const auto bins = make_bins(data, pairs, per_decade);
  FitData out;
  const std::size_t rank = n == 0 ? 0 : data.deviation.size() / n;
  out.deviation.assign(rank * bins.size(), 0);
  if (rank == 0 && !data.covariance.empty())
    out.covariance.assign(bins.size() * bins.size(), 0);
  for (std::size_t b = 0; b < bins.size(); ++b) {
    const auto& [points, share] = bins[b];
    double lag = 0, value = 0, second = 0, variance = 0;
    for (std::size_t k = 0; k < points.size(); ++k) {
      const std::size_t i = points[k];
      const double inner = data.lag_spread_s.empty() ? 0 : data.lag_spread_s[i];
      lag += share[k] * data.lag_s[i];
      second += share[k] * (data.lag_s[i] * data.lag_s[i] + inner * inner);
      value += share[k] * data.value[i];
      if (!data.sigma.empty())
        variance += std::pow(share[k] * data.sigma[i], 2);
      for (std::size_t r = 0; r < rank; ++r)
        out.deviation[r * bins.size() + b] += share[k] * data.deviation[r * n + i];
    }
    out.lag_s.push_back(lag);
    out.value.push_back(value);
    out.lag_spread_s.push_back(points.size() == 1
                                   ? (data.lag_spread_s.empty() ? 0 : data.lag_spread_s[points[0]])
                                   : std::sqrt(std::max(second - lag * lag, 0.0)));
    if (!out.covariance.empty()) {
      for (std::size_t c = 0; c < bins.size(); ++c)
        for (std::size_t k = 0; k < points.size(); ++k)
          for (std::size_t l = 0; l < bins[c].points.size(); ++l)
            out.covariance[b * bins.size() + c] +=
                share[k] * bins[c].share[l] * data.covariance[points[k] * n + bins[c].points[l]];
      variance = out.covariance[b * bins.size() + b];
    }
    if (rank > 0) {
      variance = 0;
      for (std::size_t r = 0; r < rank; ++r)
        variance += std::pow(out.deviation[r * bins.size() + b], 2);
    }
    if (rank > 0 || !data.covariance.empty() || !data.sigma.empty())
      out.sigma.push_back(std::sqrt(variance));
  }
  return out;
}

FitData shrink_covariance(const FitData& data, Index degrees) {
  FitData out = data;
  const std::size_t n = data.lag_s.size();
  out.deviation.clear();
  if (data.deviation.empty()) {
    if (out.covariance.empty()) {
      out.covariance.assign(n * n, 0);
      for (std::size_t i = 0; i < n; ++i)
        out.covariance[i * n + i] = data.sigma.empty() ? 1 : data.sigma[i] * data.sigma[i];
    }
    return out;
  }
  const std::size_t rank = data.deviation.size() / n;
  const double samples = static_cast<double>(degrees > 0 ? degrees : static_cast<Index>(rank));
  out.covariance.assign(n * n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t r = 0; r < rank; ++r)
        out.covariance[i * n + k] += data.deviation[r * n + i] * data.deviation[r * n + k];
  double noise = 0, signal = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < i; ++k) {
      const double r = out.covariance[i * n + k] /
                       std::sqrt(out.covariance[i * n + i] * out.covariance[k * n + k]);
      if (std::isnan(r))
        continue;
      noise += std::pow(1 - r * r, 2) / samples;
      signal += r * r;
    }
  // Even of good estimates a little is taken, or the matrix of few samples stays singular.
  const double least = std::min(0.5, 1 / samples);
  const double lambda = signal > 0 ? std::clamp(noise / signal, least, 1.0) : 1;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      if (i != k)
        out.covariance[i * n + k] *= 1 - lambda;
  for (std::size_t i = 0; i < n; ++i)
    if (std::isnan(data.value[i]) && out.sigma.size() == n)
      out.sigma[i] = nan;
  return out;
}

} // namespace vitrum::fit
