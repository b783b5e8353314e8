#include "vitrum/report/numbers.hpp"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "vitrum/plot/ticks.hpp"

namespace vitrum::report {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

template <std::size_t N>
std::string looked_up(const std::array<Names, N>& table, std::string_view name) {
  for (const auto& [plain, shown] : table)
    if (plain == name)
      return std::string(shown);
  return std::string(name);
}

int exponent_of(double value) {
  const auto text = fmt::format("{:.15e}", std::abs(value));
  return std::stoi(text.substr(text.find('e') + 1));
}

std::string fixed(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.starts_with('-') && text.find_first_not_of("-0.") == std::string::npos)
    text.erase(0, 1);
  if (text.starts_with('-'))
    text.replace(0, 1, "−");
  return text;
}

/// The decimal place that the error is rounded to, as power of ten, and the error rounded there.
std::pair<int, double> rounded_error(double error) {
  const int exponent = exponent_of(error);
  const double three = std::round(error / std::pow(10.0, exponent - 2)); // 100 to 999, or 1000
  const int place = three <= 354 ? exponent - 1 : three <= 949 ? exponent : exponent;
  const double unit = std::pow(10.0, place);
  if (three > 949) // becomes 1000: two digits of it
    return {exponent, std::pow(10.0, exponent + 1)};
  return {place, std::round(error / unit) * unit};
}

std::string with_unit(std::string text, std::string_view unit) {
  const std::string shown = display_unit(unit);
  if (shown.empty())
    return text;
  return text + (shown == "°" ? "" : " ") + shown;
}

} // namespace

std::string format_value(double value, double error, std::string_view unit) {
  if (std::isnan(value))
    return "–";
  if (!std::isfinite(value) || !(error > 0) || !std::isfinite(error))
    return with_unit(plot::short_number(value, 4), unit);
  const auto [place, shown_error] = rounded_error(error);
  const double larger = std::max(std::abs(value), shown_error);
  const int top = exponent_of(larger);
  const bool plain = top <= 5 && top >= -4 && place <= 0;
  const int scale = plain ? 0 : top;
  const double unit_size = std::pow(10.0, scale);
  const int decimals = std::max(0, scale - place);
  std::string text = fmt::format(
      "{} ± {}", fixed(value / unit_size, decimals), fixed(shown_error / unit_size, decimals));
  if (scale != 0)
    text = fmt::format("({})×{}", text, plot::power_of_ten(scale));
  else if (!unit.empty() && display_unit(unit) == "°")
    text = fmt::format("({})", text);
  return with_unit(text, unit);
}

std::string display_unit(std::string_view unit) {
  constexpr std::array<Names, 12> units{{{"1/angstrom", "Å⁻¹"},
                                         {"angstrom", "Å"},
                                         {"1/nm", "nm⁻¹"},
                                         {"deg", "°"},
                                         {"degree", "°"},
                                         {"1/s", "s⁻¹"},
                                         {"um", "µm"},
                                         {"1/px", "px⁻¹"},
                                         {"au", ""},
                                         {"1", ""},
                                         {"a.u.", ""},
                                         {"dimensionless", ""}}};
  return looked_up(units, unit);
}

std::string display_name(std::string_view parameter) {
  constexpr std::array<Names, 26> names{{{"tau_s", "τ"},
                                         {"kww_exponent", "β (KWW)"},
                                         {"ml_exponent", "β (Mittag-Leffler)"},
                                         {"exponent", "β"},
                                         {"r_squared", "R²"},
                                         {"contrast", "contrast"},
                                         {"baseline", "baseline"},
                                         {"fraction", "fraction"},
                                         {"tau2_s", "τ₂"},
                                         {"kww_exponent2", "β₂ (KWW)"},
                                         {"mean_time_s", "⟨t⟩"},
                                         {"chi2_reduced", "χ²/dof"},
                                         {"degrees_of_freedom", "dof"},
                                         {"aic", "AIC"},
                                         {"bic", "BIC"},
                                         {"age_s", "age"},
                                         {"plateau", "plateau g₂(0)"},
                                         {"q_inv_angstrom", "q"},
                                         {"phi_deg", "φ"},
                                         {"npixels", "pixels"},
                                         {"mean_counts", "counts per pixel and frame"},
                                         {"time_s", "time"},
                                         {"drop", "drop of C"},
                                         {"frames", "frames"},
                                         {"power_exponent", "power exponent"},
                                         {"cutoff_s", "cut-off"}}};
  return looked_up(names, parameter);
}

std::string display_model(std::string_view model) {
  constexpr std::array<Names, 6> models{{{"exp", "exponential"},
                                         {"kww", "KWW"},
                                         {"ml", "Mittag-Leffler"},
                                         {"ml-squared", "Mittag-Leffler squared"},
                                         {"kww2", "two KWW"},
                                         {"power-cutoff", "power law with cut-off"}}};
  return looked_up(models, model);
}

std::string exact_number(double value) {
  if (std::isnan(value))
    return "nan";
  return fmt::format("{}", value);
}

} // namespace vitrum::report
