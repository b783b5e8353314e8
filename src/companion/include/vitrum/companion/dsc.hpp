// All numbers of one heat-flow curve with errors: glass transition, crystallisation, melting,
// heats, reduced temperatures; and of several heating rates the activation energy.
#pragma once
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "vitrum/companion/glass_transition.hpp"
#include "vitrum/companion/heat_flow.hpp"
#include "vitrum/companion/thermal_peaks.hpp"
#include "vitrum/core/monitor.hpp"

namespace vitrum::companion {

inline constexpr double zero_celsius_k = 273.15;

struct DscOptions {
  double first_c = -std::numeric_limits<double>::infinity(); // part of the curve to look at
  double last_c = std::numeric_limits<double>::infinity();
  std::pair<double, double> glass_c{}, liquid_c{};              // ranges of the lines; equal: found
  double liquidus_c = std::numeric_limits<double>::quiet_NaN(); // NaN: end of melting, if seen
  double temperature_error_k = 0; // of the calibration of the thermometer
  Index replicates = 200;
  std::uint64_t seed = 1;
};
/// Throws OptionError that names the field.
void validate(const DscOptions& options);

/// A number, what the noise of the curve makes of it, and what the choice of the ranges does beyond
/// that; the thermometer's error is in `error` alone.
struct DscNumber {
  std::string name, unit; // "tg_onset_c", "°C"
  double value = 0, error = 0, noise_error = 0, range_error = 0;
};

struct DscResult {
  HeatFlow curve;        // as analysed: the part asked for, averaged when it has very many points
  StepSearch search;     // of the glass transition
  GlassTransition glass; // when search.found
  std::vector<ThermalPeak> exotherms, endotherms; // after the glass transition
  std::vector<PeakRanges> exotherm_ranges, endotherm_ranges;
  double noise = 0, noise_correlation = 0; // of a point of the curve, from point to point
  std::vector<DscNumber> numbers;
  std::vector<std::string> notes;

  /// nullptr when the curve has none of this name.
  [[nodiscard]] const DscNumber* find(const std::string& name) const;
};

/// Numbers: tg_onset_c, tg_midpoint_c, tg_end_c, tg_inflection_c, cp_step_j_per_g_k; of the first
/// exotherm tx_onset_c, tx_peak_c, tx_end_c, tx_enthalpy_j_per_g, of further ones tx2_…; of the
/// first endotherm tm_onset_c, tm_peak_c, tl_c, melting_enthalpy_j_per_g; supercooled_range_k
/// (Tx − Tg), trg (Tg/Tl), gamma (Tx/(Tg + Tl)), in kelvin. Those of what is not there are absent.
/// Errors by simulation: noise as measured about the lines, first-order autoregressive, and the
/// ends of all ranges moved at random by up to a quarter of their lengths.
[[nodiscard]] DscResult
analyse_heat_flow(const HeatFlow& curve, const DscOptions& options, const Monitor& monitor);

/// ln(rate/T²) = constant − E/(R T) (Kissinger 1957).
struct Kissinger {
  double energy_kj_mol = 0, energy_error = 0; // NaN: fewer than two rates
  double intercept = 0;                       // ln(K⁻¹ s⁻¹)
  double chi2 = 0;
  Index rates = 0;                                         // different ones
  std::vector<double> inverse_t, log_rate, log_rate_error; // 1/K; ln(K⁻¹ s⁻¹)
};
/// Weighted by the errors of the temperatures; with more than two curves errors grow with the
/// scatter where that is larger.
[[nodiscard]] Kissinger fit_kissinger(const std::vector<double>& rate_k_per_min,
                                      const std::vector<double>& temperature_c,
                                      const std::vector<double>& temperature_error_k);

} // namespace vitrum::companion
