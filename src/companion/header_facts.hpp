// What the lines above the numbers of a calorimeter's table say.
#pragma once
#include <span>
#include <string>

namespace vitrum::companion {

[[nodiscard]] std::string lower(std::string text); // ASCII

/// "C", "K", or "" when the text is no unit of temperature.
[[nodiscard]] std::string temperature_unit_of(const std::string& unit);

/// To mW, or to W/g.
struct FlowUnit {
  double factor = 0; // 0: no unit of heat flow
  bool per_gram = false;
};
[[nodiscard]] FlowUnit flow_unit_of(const std::string& unit);

/// Seconds in the unit of a time; 0 when it is none.
[[nodiscard]] double seconds_of(const std::string& unit);

/// The mass of the sample in mg ("#SAMPLE MASS /mg:;10.4", "Size 10.25 mg"); NaN when absent.
[[nodiscard]] double mass_in(std::span<const std::string> header);

/// The only rate in K/min or °C/min that the header names; NaN when there is none or several.
[[nodiscard]] double heating_rate_in(std::span<const std::string> header);

/// "up" or "down" as a header line or the name of a column says ("^exo", "Exo Up", "Exotherm
/// down"); "" when none does.
[[nodiscard]] std::string exo_in(std::span<const std::string> header,
                                 std::span<const std::string> names);

/// From the curve alone: the first large peak is taken for crystallisation, for it comes before
/// melting. Throws DataError when no peak stands out.
[[nodiscard]] bool exotherms_point_up(std::span<const double> temperature_c,
                                      std::span<const double> flow);

} // namespace vitrum::companion
