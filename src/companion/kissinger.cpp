#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/companion/dsc.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::companion {
namespace {

constexpr double gas_constant = 8.314462618; // J/(mol K), exact in the SI to its digits

} // namespace

Kissinger fit_kissinger(const std::vector<double>& rate_k_per_min,
                        const std::vector<double>& temperature_c,
                        const std::vector<double>& temperature_error_k) {
  const std::size_t n = rate_k_per_min.size();
  if (temperature_c.size() != n || temperature_error_k.size() != n)
    throw DataError(fmt::format("{} heating rates, {} temperatures and {} errors",
                                n,
                                temperature_c.size(),
                                temperature_error_k.size()));
  Kissinger fit;
  fit.energy_kj_mol = fit.energy_error = fit.intercept = fit.chi2 =
      std::numeric_limits<double>::quiet_NaN();
  auto rates = rate_k_per_min;
  std::sort(rates.begin(), rates.end());
  constexpr double equal = 0.02; // relative: programmes hold their rates to a percent
  for (std::size_t i = 0; i < n; ++i)
    fit.rates += i == 0 || rates[i] > (1 + equal) * rates[i - 1];
  constexpr double seconds_per_minute = 60;
  for (std::size_t i = 0; i < n; ++i) {
    const double t = temperature_c[i] + zero_celsius_k;
    fit.inverse_t.push_back(1 / t);
    fit.log_rate.push_back(std::log(rate_k_per_min[i] / seconds_per_minute / (t * t)));
  }
  fit.log_rate_error.assign(n, 0.0);
  if (fit.rates < 2)
    return fit;
  // d ln(rate/T²) at a given rate, seen along the line: (E/RT + 2) dT/T; iterated from E/RT = 40
  double e_over_r = 40 / fit.inverse_t[0];
  double slope = 0, slope_variance = 0;
  for (int round = 0; round < 20; ++round) {
    double s = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double x = fit.inverse_t[i];
      fit.log_rate_error[i] =
          std::abs(e_over_r * x + 2) * x * std::max(temperature_error_k[i], 1e-6);
      const double w = 1 / (fit.log_rate_error[i] * fit.log_rate_error[i]);
      s += w;
      sx += w * x;
      sy += w * fit.log_rate[i];
    }
    const double mean_x = sx / s, mean_y = sy / s;
    for (std::size_t i = 0; i < n; ++i) {
      const double w = 1 / (fit.log_rate_error[i] * fit.log_rate_error[i]);
      const double x = fit.inverse_t[i] - mean_x;
      sxx += w * x * x;
      sxy += w * x * (fit.log_rate[i] - mean_y);
    }
    slope = sxy / sxx;
    slope_variance = 1 / sxx;
    e_over_r = -slope;
    fit.intercept = mean_y - slope * mean_x;
  }
  fit.chi2 = 0;
  for (std::size_t i = 0; i < n; ++i)
    fit.chi2 += std::pow(
        (fit.log_rate[i] - fit.intercept - slope * fit.inverse_t[i]) / fit.log_rate_error[i], 2);
  const double degrees = static_cast<double>(n) - 2;
  const double growth = degrees > 0 ? std::max(1.0, std::sqrt(fit.chi2 / degrees)) : 1;
  fit.energy_kj_mol = -slope * gas_constant * 1e-3;
  fit.energy_error = growth * std::sqrt(slope_variance) * gas_constant * 1e-3;
  return fit;
}

} // namespace vitrum::companion
