#include "vitrum/aging/windows.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

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

double norm(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v)
    sum += x * x;
  return std::sqrt(sum);
}

Plateau from_fit(const fit::FitResult* leading, bool with_contrast) {
  if (leading == nullptr || leading->parameters.empty())
    return {nan, nan};
  // contrast and baseline are the first two parameters of every model
  const auto n = leading->parameters.size();
  const auto& contrast = leading->parameters[0];
  const auto& baseline = leading->parameters[1];
  // where the end of the decay is not seen, contrast and baseline run apart until the contrast
  // stops at its bound: that is no plateau
  if (leading->status == fit::FitStatus::unidentifiable && !std::isfinite(contrast.error))
    return {nan, nan};
  Plateau plateau{baseline.value, baseline.error};
  if (with_contrast) {
    double variance = contrast.error * contrast.error + baseline.error * baseline.error;
    if (leading->covariance.size() == n * n)
      variance += 2 * leading->covariance[1];
    plateau = {contrast.value + baseline.value, std::sqrt(std::max(variance, 0.0))};
  }
  // A parameter on its bound has no error, although its row of deviations is zero.
  if (std::isfinite(plateau.error))
    for (std::size_t r = 0; r * n < leading->parameter_deviation.size(); ++r) {
      const double* shift = leading->parameter_deviation.data() + r * n;
      plateau.deviation.push_back(with_contrast ? shift[0] + shift[1] : shift[1]);
    }
  return plateau;
}

/// Mean of g2 over some lags, weighted by their pairs.
Plateau mean_over(const correlate::OneTime& g2, std::span<const std::size_t> used) {
  double pairs = 0;
  double sum = 0;
  for (const auto i : used) {
    pairs += static_cast<double>(g2.pairs[i]);
    sum += static_cast<double>(g2.pairs[i]) * g2.value[i];
  }
  Plateau plateau{sum / pairs, 0};
  const auto n = g2.value.size();
  if (!g2.deviation.empty()) {
    for (Index r = 0; r < g2.deviation_rank(); ++r) {
      double shift = 0;
      for (const auto i : used)
        shift += static_cast<double>(g2.pairs[i]) / pairs *
                 g2.deviation[static_cast<std::size_t>(r) * n + i];
      plateau.deviation.push_back(shift);
    }
    plateau.error = norm(plateau.deviation);
    return plateau;
  }
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
  plateau.error = std::sqrt(variance);
  return plateau;
}

void check_rank(const Plateau& plateau, std::string_view which, std::size_t rank) {
  if (!plateau.deviation.empty() && rank > 0 && plateau.deviation.size() != rank)
    throw DataError(
        fmt::format("{} plateau: {} deviations, g2 has {}", which, plateau.deviation.size(), rank));
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
  // a window that is mostly a gap has pairs across it alone: what they show is no short time
  constexpr double longest = 3; // times the shortest lag of the axis
  double shortest = std::numeric_limits<double>::infinity();
  for (const double lag : g2.lag_frames)
    if (lag > 0)
      shortest = std::min(shortest, lag);
  if (lags.empty() || g2.lag_frames.at(lags.front()) > longest * shortest)
    return {nan, nan};
  return mean_over(g2, {lags.data(), 1});
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
  return mean_over(g2, std::span(lags).last(count));
}

NormalisedDecay
normalise(const correlate::OneTime& g2, const Plateau& short_time, const Plateau& long_time) {
  const auto rank = static_cast<std::size_t>(g2.deviation_rank());
  const auto n = g2.value.size();
  check_rank(short_time, "short-time", rank);
  check_rank(long_time, "long-time", rank);
  NormalisedDecay out;
  const double scale = short_time.value - long_time.value;
  for (std::size_t i = 0; i < n; ++i) {
    const double r = (g2.value[i] - long_time.value) / scale;
    out.value.push_back(r);
    double variance = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      double shift = g2.deviation[d * n + i];
      if (!short_time.deviation.empty())
        shift -= r * short_time.deviation[d];
      if (!long_time.deviation.empty())
        shift -= (1 - r) * long_time.deviation[d];
      variance += shift * shift;
    }
    const auto add = [&](double x) { variance += x * x; };
    if (rank == 0)
      add(g2.error[i]);
    if (rank == 0 || short_time.deviation.empty())
      add(r * short_time.error);
    if (rank == 0 || long_time.deviation.empty())
      add((1 - r) * long_time.error);
    out.error.push_back(std::sqrt(variance) / std::abs(scale));
  }
  return out;
}

namespace {

/// The lags of the pairs of frames of two cells, in cells: most of them `lag`, none of them one or
/// more away from it. Long lags, over which a decay is smooth, are brought as two.
std::vector<fit::LagShare> lags_of_cells(double lag, double spread, Index cell_frames) {
  constexpr Index finest = 16; // parts of a cell are as good as its frames
  constexpr double smooth = 4; // cells
  const Index parts = std::min(cell_frames, finest);
  const auto count = static_cast<double>(parts);
  std::vector<fit::LagShare> list;
  if (lag >= smooth) {
    const double wide = std::sqrt(spread * spread + (1 - 1 / (count * count)) / 6);
    return {{std::max(lag - wide, 0.0), 0.5}, {lag + wide, 0.5}};
  }
  for (Index u = 1 - parts; u < parts; ++u) {
    const double share = static_cast<double>(parts - std::abs(u)) / (count * count);
    const double at = lag + static_cast<double>(u) / count;
    for (const double side : {-spread, spread})
      list.push_back({std::max(at + side, 0.0), share / 2});
  }
  return list;
}

} // namespace

fit::FitData make_fit_data(const correlate::OneTime& g2, double frame_time_s, bool weighted) {
  fit::FitData data;
  data.lag_s.reserve(g2.lag_frames.size());
  for (const double lag : g2.lag_frames)
    data.lag_s.push_back(lag * frame_time_s);
  if (g2.cell_frames > 1) {
    for (std::size_t i = 0; i < g2.lag_frames.size(); ++i) {
      const double spread = g2.lag_spread_frames.empty() ? 0 : g2.lag_spread_frames[i];
      data.averages.push_back(lags_of_cells(g2.lag_frames[i], spread, g2.cell_frames));
      for (auto& one : data.averages.back())
        one.lag_s *= frame_time_s;
    }
  }
  for (std::size_t i = 0; i < (data.averages.empty() ? g2.lag_spread_frames.size() : 0); ++i)
    data.lag_spread_s.push_back(std::min(g2.lag_spread_frames[i], g2.lag_frames[i]) * frame_time_s);
  data.value = g2.value;
  if (weighted) {
    data.sigma = g2.error;
    data.covariance = g2.covariance;
    data.deviation = g2.deviation;
  }
  return data;
}

} // namespace vitrum::aging
