#include "vitrum/fit/exposure_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fit {
namespace {

constexpr std::array gauss_at{-0.9324695142031521,
                              -0.6612093864662645,
                              -0.2386191860831969,
                              0.2386191860831969,
                              0.6612093864662645,
                              0.9324695142031521};
constexpr std::array gauss_weight{0.1713244923791704,
                                  0.3607615730481386,
                                  0.4679139345726910,
                                  0.4679139345726910,
                                  0.3607615730481386,
                                  0.1713244923791704};
constexpr Index summed_lags = 64; // longer ones are integrated over
constexpr int halvings = 24;      // panels between a length and zero

class Shares {
public:
  void add(double lag_s, double share) { list.push_back({lag_s, share}); }

  /// ∫ weight(t) decay(t) dt from a to b.
  template <class F>
  void integrate(double a, double b, F&& weight) {
    for (std::size_t i = 0; i < gauss_at.size(); ++i) {
      const double t = (a + b) / 2 + (b - a) / 2 * gauss_at[i];
      add(t, (b - a) / 2 * gauss_weight[i] * weight(t));
    }
  }

  /// The same from `start` to start + length, finer and finer towards the start, where a decay is
  /// steepest.
  template <class F>
  void integrate_from(double start, double length, F&& weight) {
    double upper = length;
    for (int i = 0; i < halvings; ++i, upper /= 2)
      integrate(start + upper / 2, start + upper, weight);
    integrate(start, start + upper, weight);
  }

  std::vector<LagShare> list;
};

} // namespace

std::vector<LagShare> exposure_shares(const Exposure& e) {
  if (e.frames < 1 || !(e.frame_time_s > 0) || !std::isfinite(e.frame_time_s))
    throw OptionError(
        fmt::format("exposure of {} frames of {} s: must be positive", e.frames, e.frame_time_s));
  constexpr double rounding = 1e-6;
  if (!(e.open_s >= 0 && e.open_s <= e.frame_time_s * (1 + rounding)))
    throw OptionError(fmt::format(
        "open_s = {}: must lie between zero and the frame time, {}", e.open_s, e.frame_time_s));
  Shares shares;
  const auto n = static_cast<double>(e.frames);
  const double step = e.frame_time_s, open = e.open_s;
  if (open >= step * (1 - rounding)) {
    const double total = n * step;
    shares.integrate_from(0, total, [&](double t) { return 2 / total * (1 - t / total); });
    return std::move(shares.list);
  }
  if (open == 0)
    shares.add(0, 1 / n);
  else
    shares.integrate_from(0, open, [&](double t) { return 2 / open * (1 - t / open) / n; });
  for (Index k = 1; k < std::min(e.frames, summed_lags); ++k) {
    const auto lag = static_cast<double>(k) * step;
    const double share = 2 / n * (1 - static_cast<double>(k) / n);
    const auto triangle = [&](double t) { return share / open * (1 - std::abs(t - lag) / open); };
    if (open == 0) {
      shares.add(lag, share);
    } else if (k == 1) {
      shares.integrate_from(lag - open, open, triangle);
      shares.integrate(lag, lag + open, triangle);
    } else if (k < 8) {
      shares.integrate(lag - open, lag, triangle);
      shares.integrate(lag, lag + open, triangle);
    } else { // two points of the variance of the triangle
      shares.add(lag - open / std::sqrt(6.0), share / 2);
      shares.add(lag + open / std::sqrt(6.0), share / 2);
    }
  }
  // Midpoints: Σ_{k=a}^{b−1} f(k) = ∫ f from a − ½ to b − ½. Panels do not depend on the number of
  // frames, so that exposures of all lengths share their lags.
  for (Index first = summed_lags; first < e.frames; first *= 2) {
    const auto a = (static_cast<double>(first) - 0.5) * step;
    const auto b = (static_cast<double>(std::min(2 * first, e.frames)) - 0.5) * step;
    shares.integrate(a, b, [&](double t) { return 2 / n * (1 - t / step / n) / step; });
  }
  return std::move(shares.list);
}

FitResult fit_exposure(models::DecayModel model, const ExposureData& data, FitOptions options) {
  if (data.contrast.size() != data.exposure.size())
    throw DataError(fmt::format(
        "fit: {} contrasts of {} exposures", data.contrast.size(), data.exposure.size()));
  FitData fit;
  for (const auto& e : data.exposure) {
    fit.lag_s.push_back(static_cast<double>(e.frames) * e.frame_time_s);
    fit.averages.push_back(exposure_shares(e));
  }
  fit.value = data.contrast;
  fit.sigma = data.sigma;
  fit.deviation = data.deviation;
  if (!options.fixed.contains("baseline") && !options.bounds.contains("baseline"))
    options.fixed["baseline"] = 0;
  return fit_decay(model, fit, options);
}

} // namespace vitrum::fit
