#include "vitrum/ecm/duration.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/ecm/finite_duration.hpp"
#include "vitrum/fit/batch_kww.hpp"

namespace vitrum::ecm {
namespace {

constexpr Index lags_fitted = 60;
constexpr Index shortest = 16;

struct Fitted {
  bool known = true; // no fit sits on a bound
  double tau = 0, tau_error = 0, exponent = 0, exponent_error = 0, contrast = 0;
  std::vector<double> tau_without; // [group left out]
};

/// The fit of the mean of the groups, and the scatter of fits that leave one group out.
Fitted fit_groups(const std::vector<double>& lag_s,
                  const std::vector<double>& values,
                  const std::vector<double>& pixels) {
  const std::size_t groups = pixels.size(), lags = lag_s.size();
  double whole = 0;
  for (const double n : pixels)
    whole += n;
  std::vector<double> curves(lags * (groups + 1)), sigma(lags, 1.0);
  for (std::size_t k = 0; k < lags; ++k) {
    double sum = 0;
    for (std::size_t g = 0; g < groups; ++g)
      sum += values[k * groups + g];
    curves[k * (groups + 1)] = sum / whole;
    for (std::size_t g = 0; g < groups; ++g)
      curves[k * (groups + 1) + 1 + g] = (sum - values[k * groups + g]) / (whole - pixels[g]);
  }
  const auto n = static_cast<Index>(groups + 1);
  const auto fits =
      fit::fit_kww_batch<double>(lag_s, sigma, std::span<const double>(curves), n, n, {});
  Fitted out{true, fits.tau_s[0], 0, fits.kww_exponent[0], 0, fits.contrast[0], {}};
  for (std::size_t g = 0; g <= groups; ++g)
    out.known = out.known && fits.good(g);
  if (!out.known) {
    out.tau = out.tau_error = out.exponent = out.exponent_error = std::nan("");
    return out;
  }
  for (std::size_t g = 1; g <= groups; ++g) {
    out.tau_without.push_back(fits.tau_s[g]);
    out.tau_error += std::pow(fits.tau_s[g] - out.tau, 2);
    out.exponent_error += std::pow(fits.kww_exponent[g] - out.exponent, 2);
  }
  const double jackknife = static_cast<double>(groups - 1) / static_cast<double>(groups);
  out.tau_error = std::sqrt(jackknife * out.tau_error);
  out.exponent_error = std::sqrt(jackknife * out.exponent_error);
  return out;
}

using Shape = std::function<double(double time, double time_scale)>;

struct DurationCurve {
  std::vector<double> time_s, tau_s, weight;
};

/// Weighted least squares in τ∞ for every T0 of a fine grid; without an error.
Asymptote fit_asymptote(const DurationCurve& c, const Shape& shape) {
  Asymptote best;
  best.chi2 = -1;
  const double longest = c.time_s.back();
  for (double t0 = longest * 1e-3; t0 < 20 * longest; t0 *= 1.02) {
    double ff = 0, fy = 0, yy = 0;
    for (std::size_t i = 0; i < c.time_s.size(); ++i) {
      const double f = shape(c.time_s[i], t0);
      ff += c.weight[i] * f * f;
      fy += c.weight[i] * f * c.tau_s[i];
      yy += c.weight[i] * c.tau_s[i] * c.tau_s[i];
    }
    const double chi2 = yy - fy * fy / ff;
    if (best.chi2 < 0 || chi2 < best.chi2)
      best = {fy / ff, 0, t0, chi2};
  }
  return best;
}

/// τ of longer durations contains the frames of shorter ones: the error is from fits that leave one
/// group of pixels out of all of them.
Asymptote extrapolate(const DurationCurve& whole,
                      const std::vector<std::vector<double>>& tau_without,
                      const Shape& shape) {
  auto best = fit_asymptote(whole, shape);
  const std::size_t groups = tau_without.front().size();
  double squares = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    auto part = whole;
    for (std::size_t i = 0; i < part.tau_s.size(); ++i)
      part.tau_s[i] = tau_without[i][g];
    squares += std::pow(fit_asymptote(part, shape).tau_s - best.tau_s, 2);
  }
  best.tau_error_s =
      std::sqrt(squares * static_cast<double>(groups - 1) / static_cast<double>(groups));
  return best;
}

} // namespace

std::vector<Index> usual_durations(Index frames) {
  std::vector<Index> durations;
  for (Index k = 1; k <= 5; ++k)
    if (const Index n = k * frames / 5; n >= shortest)
      durations.push_back(n);
  return durations;
}

DurationSums::DurationSums(std::vector<Index> durations, Index groups)
    : pixels_(static_cast<std::size_t>(groups), 0.0), groups_(groups) {
  for (const Index n : durations) {
    if (n < shortest || (!sums_.empty() && n <= sums_.back().frames))
      throw OptionError(
          fmt::format("duration of {} frames: must rise and be at least {}", n, shortest));
    Sums one;
    one.frames = n;
    one.lags = make_log_lags(n - 1, lags_fitted);
    one.pixel_mean.assign(one.lags.size() * static_cast<std::size_t>(groups), 0.0);
    one.time_mean = one.pixel_mean;
    sums_.push_back(std::move(one));
  }
}

void DurationSums::add(const Strips& strips, std::span<const std::uint8_t> valid, Index step) {
  // a copy of the strips that are used
  std::vector<Index> used;
  for (Index s = 0; s < strips.pixels() / strip_pixels; ++s)
    if ((next_ + s) % step == 0)
      used.push_back(s);
  next_ += strips.pixels() / strip_pixels;
  if (used.empty())
    return;
  const auto pixels = static_cast<Index>(used.size()) * strip_pixels;
  // neighbouring strips see the same speckle: groups are runs of them, over all blocks
  const auto group_of = [&](std::size_t strip) {
    return strip * static_cast<std::size_t>(groups_) / used.size();
  };
  for (std::size_t s = 0; s < used.size(); ++s)
    pixels_[group_of(s)] += static_cast<double>(strip_pixels);
  for (Sums& one : sums_) {
    Strips part(pixels, one.frames);
    for (std::size_t s = 0; s < used.size(); ++s)
      std::copy_n(
          strips.strip(used[s]), one.frames * strip_pixels, part.strip(static_cast<Index>(s)));
    std::vector<float> g2(one.lags.size() * static_cast<std::size_t>(pixels));
    for (auto* sum : {&one.pixel_mean, &one.time_mean}) {
      correlate_pixels(part,
                       valid.first(static_cast<std::size_t>(one.frames)),
                       one.lags,
                       sum == &one.pixel_mean ? Estimator::pixel_mean : Estimator::time_mean,
                       g2,
                       pixels);
      for (std::size_t k = 0; k < one.lags.size(); ++k)
        for (std::size_t p = 0; p < static_cast<std::size_t>(pixels); ++p)
          (*sum)[k * static_cast<std::size_t>(groups_) + group_of(p / strip_pixels)] +=
              static_cast<double>(g2[k * static_cast<std::size_t>(pixels) + p]);
    }
  }
}

DurationAnalysis DurationSums::result(double frame_time_s) const {
  DurationAnalysis out;
  double contrast = 0;
  DurationCurve curve; // of time means
  std::vector<std::vector<double>> without;
  std::vector<std::size_t> known; // durations whose fits are on no bound
  for (const Sums& one : sums_) {
    std::vector<double> lag_s;
    for (const Index lag : one.lags)
      lag_s.push_back(static_cast<double>(lag) * frame_time_s);
    const auto a = fit_groups(lag_s, one.pixel_mean, pixels_);
    const auto b = fit_groups(lag_s, one.time_mean, pixels_);
    contrast = a.contrast;
    DurationPoint p;
    p.frames = one.frames;
    p.tau_s = a.tau;
    p.tau_error_s = a.tau_error;
    p.kww_exponent = a.exponent;
    p.kww_exponent_error = a.exponent_error;
    p.time_mean_tau_s = b.tau;
    p.time_mean_tau_error_s = b.tau_error;
    p.time_mean_exponent = b.exponent;
    p.time_mean_exponent_error = b.exponent_error;
    out.points.push_back(p);
    if (!a.known || !b.known)
      continue;
    known.push_back(out.points.size() - 1);
    curve.time_s.push_back(static_cast<double>(one.frames) * frame_time_s);
    curve.tau_s.push_back(b.tau);
    curve.weight.push_back(1 / (b.tau_error * b.tau_error));
    without.push_back(b.tau_without);
  }
  if (out.points.size() < 3)
    return out;
  if (known.size() < 3 || known.back() + 1 != out.points.size()) {
    out.growth = out.growth_error = std::nan("");
    out.hyperbolic = out.exponential = {std::nan(""), std::nan(""), std::nan(""), std::nan("")};
    out.verdict = fmt::format("tau is known for {} of {} durations, whether it grows with duration "
                              "cannot be said",
                              known.size(),
                              out.points.size());
    for (auto& p : out.points)
      p.predicted_tau_s = p.predicted_exponent = std::nan("");
    return out;
  }
  const auto& whole = out.points.back();
  double chi2 = 0;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    auto& p = out.points[i];
    const auto seen =
        apparent_kww(whole.tau_s, whole.kww_exponent, sums_[i].lags, p.frames, frame_time_s);
    p.predicted_tau_s = seen.tau_s;
    p.predicted_exponent = seen.kww_exponent;
    if (std::find(known.begin(), known.end(), i) == known.end())
      continue;
    // the prediction is as uncertain as the τ it is made from, and is one to first order in the
    // contrast: the mean of a ratio is not the ratio of the means
    const double error = std::hypot(p.time_mean_tau_error_s,
                                    seen.tau_s * whole.tau_error_s / whole.tau_s,
                                    contrast * (whole.tau_s - seen.tau_s));
    chi2 += std::pow((p.time_mean_tau_s - seen.tau_s) / error, 2);
  }
  const auto& first = out.points[known.front()];
  out.growth = whole.tau_s / first.tau_s;
  out.growth_error =
      out.growth * std::hypot(first.tau_error_s / first.tau_s, whole.tau_error_s / whole.tau_s);
  out.hyperbolic = extrapolate(curve, without, [](double t, double t0) { return t / (t + t0); });
  out.exponential =
      extrapolate(curve, without, [](double t, double t0) { return 1 - std::exp(-t / t0); });
  const double p = chi2_survival(chi2, static_cast<double>(known.size() - 1));
  const double apparent = whole.time_mean_tau_s / first.time_mean_tau_s;
  const bool grows = std::abs(out.growth - 1) > 3 * out.growth_error;
  out.verdict =
      !grows && p > 1e-3
          ? fmt::format(
                "by time means tau grows {:.2f} times with duration; the bias of that estimator "
                "in a stationary process explains it (p = {:.2g})",
                apparent,
                p)
          : fmt::format(
                "tau by pixel means changes {:.2f} ± {:.2f} times with duration: more than the "
                "bias of time means is at work",
                out.growth,
                out.growth_error);
  return out;
}

} // namespace vitrum::ecm
