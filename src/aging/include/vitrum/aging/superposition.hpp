// Time–waiting-time superposition: laws of τ over age, the collapse of the decays of many windows
// onto one curve, and material time, in which aging dynamics are stationary.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/aging/map_rows.hpp"
#include "vitrum/aging/segments.hpp"

namespace vitrum::aging {

enum class AgingLaw {
  exponential, // τ = τ0 exp(t_a/t′) (R24)
  power,       // τ = τ0 (t_a/1 s)^μ
};
[[nodiscard]] std::string_view name(AgingLaw law);

struct LawFit {
  AgingLaw law = AgingLaw::exponential;
  double first_s = 0, last_s = 0; // range of ages
  Index windows = 0;
  double tau0_s = 0, tau0_error_s = 0;
  double time_s = 0, time_error_s = 0; // t′; negative where the dynamics accelerate
  double power = 0, power_error = 0;   // μ
  double chi2_reduced = 0;
  double probability = 0; // of so large a χ² when the law holds
  std::string reason;     // why there is none, else empty
};

/// Weighted line of ln τ on t_a or ln t_a over ages [first_s, last_s), with the noise of the series
/// as find_segments found it.
[[nodiscard]] LawFit fit_aging_law(const AgeSeries& series,
                                   AgingLaw law,
                                   double first_s,
                                   double last_s,
                                   double noise_factor = 1,
                                   double correlation = 0);

/// R of one window and its relaxation time.
struct DecayCurve {
  double tau_s = 0;
  std::vector<double> lag_s, decay, error;
};

struct Collapse {
  std::vector<double> x, master, master_error; // the common curve against lag/τ
  Index curves = 0, points = 0;
  double rms = 0;          // of the points about it
  double rms_unscaled = 0; // the same against the lag itself
  double explained = 0;    // 1 − (rms/rms_unscaled)²: 1 a perfect collapse, 0 none
  double chi2_reduced = 0; // of the points about it; 1 when only errors remain
  std::string reason;
};
/// The common curve is a weighted line in ln(lag/τ) within each of `per_decade` cells.
[[nodiscard]] Collapse collapse(const std::vector<DecayCurve>& curves, Index per_decade = 6);

struct MaterialTime {
  std::vector<double> time_s;    // of every frame
  std::vector<double> material;  // ξ = ∫ dt/τ
  std::vector<double> x, master; // C against Δξ
  Index cells = 0;
  std::vector<float> residual; // [cell, cell] mean of C − master(Δξ), symmetric; NaN without pairs
  double residual_rms = 0;     // over cells
  double uniform_rms = 0;      // the same in plain time, the best stationary description of the map
  double explained = 0;        // 1 − (residual_rms/uniform_rms)²
  std::string reason;
};
/// The whole map against ξ: if aging only stretches time, C is one function of Δξ and nothing but
/// noise is left. ln τ is interpolated between the windows of `series`. Reads the map twice.
[[nodiscard]] MaterialTime make_material_time(const MapRows& map,
                                              const AgeSeries& series,
                                              double frame_time_s,
                                              Index cells = 128);

} // namespace vitrum::aging
