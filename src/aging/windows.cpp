#include "vitrum/aging/windows.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::size_t> lags_with_pairs(const correlate::OneTime& g2) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < g2.value.size(); ++i)
    if (g2.pairs[i] > 0 && std::isfinite(g2.value[i]))
      found.push_back(i);
  return found;
}

Plateau from_fit(const fit::FitResult* leading, bool with_contrast) {
  if (leading == nullptr || leading->parameters.empty())
    return {nan, nan};
  // contrast and baseline are the first two parameters of every model
  const auto n = leading->parameters.size();
  const auto& contrast = leading->parameters[0];
  const auto& baseline = leading->parameters[1];
  if (!with_contrast)
    return {baseline.value, baseline.error};
  double variance = contrast.error * contrast.error + baseline.error * baseline.error;
  if (leading->covariance.size() == n * n)
    variance += 2 * leading->covariance[1];
  return {contrast.value + baseline.value, std::sqrt(std::max(variance, 0.0))};
}

} // namespace

std::vector<correlate::AgeWindow> make_windows(Index frames, Index length, Index step) {
  if (length < 1 || step < 1)
    throw OptionError(fmt::format(
        "age windows of {} frames every {}: both must be at least one frame", length, step));
  if (length > frames)
    throw OptionError(
        fmt::format("age window of {} frames: longer than the series of {}", length, frames));
  std::vector<correlate::AgeWindow> windows;
  for (Index first = 0; first + length <= frames; first += step)
    windows.push_back({first, first + length});
  return windows;
}

PlateauRule parse_plateau(std::string_view flag, std::string_view text) {
  if (text == "measured")
    return {PlateauRule::Source::measured, 0};
  if (text == "fitted")
    return {PlateauRule::Source::fitted, 0};
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(value))
    throw OptionError(fmt::format("--{} {}: expected measured, fitted or a number", flag, text));
  return {PlateauRule::Source::fixed, value};
}

Plateau short_time_plateau(const correlate::OneTime& g2,
                           const PlateauRule& rule,
                           const fit::FitResult* leading) {
  if (rule.source == PlateauRule::Source::fixed)
    return {rule.value, 0};
  if (rule.source == PlateauRule::Source::fitted)
    return from_fit(leading, true);
  const auto lags = lags_with_pairs(g2);
  if (lags.empty())
    return {nan, nan};
  return {g2.value[lags.front()], g2.error[lags.front()]};
}

Plateau long_time_plateau(const correlate::OneTime& g2,
                          const PlateauRule& rule,
                          const fit::FitResult* leading) {
  if (rule.source == PlateauRule::Source::fixed)
    return {rule.value, 0};
  if (rule.source == PlateauRule::Source::fitted)
    return from_fit(leading, false);
  const auto lags = lags_with_pairs(g2);
  if (lags.size() < 3)
    return {nan, nan};
  const std::size_t count = std::max<std::size_t>(3, lags.size() / 10);
  const std::vector<std::size_t> used(lags.end() - static_cast<std::ptrdiff_t>(count), lags.end());
  double pairs = 0;
  double sum = 0;
  for (const auto i : used) {
    pairs += static_cast<double>(g2.pairs[i]);
    sum += static_cast<double>(g2.pairs[i]) * g2.value[i];
  }
  const auto n = g2.value.size();
  double variance = 0;
  for (const auto i : used)
    for (const auto j : used) {
      const double weight =
          static_cast<double>(g2.pairs[i]) * static_cast<double>(g2.pairs[j]) / (pairs * pairs);
      // without a covariance the points are taken as fully correlated: the error is then an upper
      // bound
      variance += weight * (g2.covariance.size() == n * n ? g2.covariance[i * n + j]
                                                          : g2.error[i] * g2.error[j]);
    }
  return {sum / pairs, std::sqrt(variance)};
}

NormalisedDecay
normalise(const correlate::OneTime& g2, const Plateau& short_time, const Plateau& long_time) {
  NormalisedDecay out;
  const double scale = short_time.value - long_time.value;
  for (std::size_t i = 0; i < g2.value.size(); ++i) {
    const double r = (g2.value[i] - long_time.value) / scale;
    out.value.push_back(r);
    out.error.push_back(std::hypot(g2.error[i], r * short_time.error, (1 - r) * long_time.error) /
                        std::abs(scale));
  }
  return out;
}

fit::FitData make_fit_data(const correlate::OneTime& g2, double frame_time_s, bool weighted) {
  fit::FitData data;
  data.lag_s.reserve(g2.lag_frames.size());
  for (const double lag : g2.lag_frames)
    data.lag_s.push_back(lag * frame_time_s);
  data.value = g2.value;
  if (weighted) {
    data.sigma = g2.error;
    data.covariance = g2.covariance;
  }
  return data;
}

} // namespace vitrum::aging
