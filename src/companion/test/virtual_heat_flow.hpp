// A heat-flow curve whose temperatures are known: two lines joined by a logistic step, one exotherm
// with a Gaussian's shape. The tangent at the middle of a logistic step of width w meets the lines
// 2 w beside it; that at the flank of a Gaussian of width s meets its foot 2 s before the peak.
#pragma once
#include <cmath>
#include <vector>

#include "vitrum/companion/heat_flow.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::companion::testing {

struct VirtualCurve {
  double tg_onset_c = 401, tg_width_k = 3, cp_step = 0.45; // J/(g K); V25: 401, 467, 474 °C
  double tx_onset_c = 467, tx_peak_c = 474, enthalpy = 60; // J/g
  double rate_k_per_min = 20, first_c = 250, last_c = 560, spacing_k = 0.1;
  double cp = 0.4, cp_slope = 4e-4;
  double noise = 2e-3, noise_correlation = 0; // W/g
  bool glass = true, crystallises = true;

  [[nodiscard]] double tg_midpoint_c() const { return tg_onset_c + 2 * tg_width_k; }

  [[nodiscard]] double flow(double t) const { // W/g, positive where heat is taken up
    const double rate = rate_k_per_min / 60;
    double c = cp + cp_slope * (t - 300);
    if (glass)
      c += cp_step / (1 + std::exp(-(t - tg_midpoint_c()) / tg_width_k));
    const double s = 0.5 * (tx_peak_c - tx_onset_c), z = (t - tx_peak_c) / s;
    if (crystallises)
      c -= enthalpy / (s * std::sqrt(2 * M_PI)) * std::exp(-0.5 * z * z);
    return rate * c;
  }

  [[nodiscard]] HeatFlow make(std::uint64_t seed) const {
    HeatFlow out;
    out.unit = "W/g";
    out.rate_k_per_min = rate_k_per_min;
    Random random(seed);
    double now = noise * random.normal();
    for (double t = first_c; t <= last_c; t += spacing_k) {
      out.temperature_c.push_back(t);
      out.flow.push_back(flow(t) + now);
      now = noise_correlation * now +
            noise * std::sqrt(1 - noise_correlation * noise_correlation) * random.normal();
    }
    return out;
  }
};

} // namespace vitrum::companion::testing
