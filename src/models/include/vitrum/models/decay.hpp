// The relaxation models: g2(t) = baseline + contrast·decay(t), with derivatives with respect to
// every parameter.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::models {

/// u = t/tau. The factor 2 comes from the Siegert relation g2 − 1 = contrast·|g1|².
enum class DecayModel {
  exp,          // exp(−2u)
  kww,          // exp(−2u^kww_exponent)
  ml,           // E_ml_exponent(−u^ml_exponent), no factor 2: fitted to the normalised g2
  ml_squared,   // E_ml_exponent(−u^ml_exponent)², the Siegert form of the Mittag-Leffler g1
  kww2,         // fraction·kww(tau_s, kww_exponent) + (1 − fraction)·kww(tau2_s, kww_exponent2)
  power_cutoff, // (1 + u)^(−power_exponent)·exp(−t/cutoff_s): algebraic from tau to the cut-off
};

inline constexpr std::array all_decay_models{DecayModel::exp,
                                             DecayModel::kww,
                                             DecayModel::ml,
                                             DecayModel::ml_squared,
                                             DecayModel::kww2,
                                             DecayModel::power_cutoff};

/// "exp", "kww", "ml", "ml-squared", "kww2", "power-cutoff".
[[nodiscard]] std::string_view name(DecayModel model);
/// Throws OptionError that lists the names.
[[nodiscard]] DecayModel parse_decay_model(std::string_view text);
/// "g2(t) = baseline + contrast exp(-2 (t/tau)^kww_exponent)"
[[nodiscard]] std::string_view formula(DecayModel model);
/// What tau means in words, with the factor of 2.
[[nodiscard]] std::string_view convention(DecayModel model);

struct ParameterInfo {
  std::string name; // as in results: "tau_s"
  std::string unit; // "s" or ""
  double low = 0;   // default bounds
  double high = 0;
  bool is_time = false; // a relaxation time: positive, best handled as its logarithm
};

/// contrast, baseline, tau_s, and what the model has besides, in the order of all parameter lists.
[[nodiscard]] const std::vector<ParameterInfo>& parameters(DecayModel model);
/// Place of a parameter, −1 when the model has none of that name.
[[nodiscard]] Index parameter_index(DecayModel model, std::string_view parameter);

/// g2 at every lag. Throws OptionError for sizes that disagree, tau_s <= 0, an exponent outside
/// (0, ∞) (kww, power-cutoff) or (0, 1] (ml), or a negative lag.
void evaluate(DecayModel model,
              std::span<const double> parameter_values,
              std::span<const double> lag_s,
              std::span<double> g2);

/// The same and jacobian[lag, parameter] = ∂g2/∂parameter.
void evaluate(DecayModel model,
              std::span<const double> parameter_values,
              std::span<const double> lag_s,
              std::span<double> g2,
              std::span<double> jacobian);

/// The mean relaxation time in its two conventions (s). NaN where the integral diverges.
struct MeanTime {
  double decay_s = 0; // ∫ decay(t) dt of the normalised g2 as the model has it, factor 2 included:
                      // tau·2^(−1/b)·Γ(1/b)/b for kww
  double field_s = 0; // ∫ g1(t) dt of the field correlation, tau·Γ(1/b)/b for kww; NaN for ml (no
                      // Siegert relation is assumed) and for kww2 (no closed form)
  std::string note; // why a value is NaN, else empty
};
[[nodiscard]] MeanTime mean_time(DecayModel model, std::span<const double> parameter_values);

/// What E_b(−(t/tau)^b) becomes on either side of tau (R24; Mainardi, Discrete Contin. Dyn. Syst. B
/// 19 (2014) 2267): exp(−(t/tau)^b/Γ(1+b)) for t ≪ tau, (t/tau)^−b/Γ(1−b) for t ≫ tau, squared for
/// ml_squared. Throws OptionError for other models.
struct MittagLefflerLimits {
  double short_time = 0, long_time = 0;
};
[[nodiscard]] MittagLefflerLimits
mittag_leffler_limits(DecayModel model, double tau_s, double exponent, double lag_s);

/// tau in both conventions of the factor 2 of a model whose decay is a function of (t/tau)^b:
/// f(2 (t/with_factor)^b) = f((t/without_factor)^b). NaN for kww2 and power_cutoff.
struct TauConventions {
  double with_factor_s = 0, without_factor_s = 0;
};
[[nodiscard]] TauConventions tau_conventions(DecayModel model, std::span<const double> parameters);

} // namespace vitrum::models
