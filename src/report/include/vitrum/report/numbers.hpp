// Numbers with errors and units as people write them.
#pragma once
#include <limits>
#include <string>
#include <string_view>

namespace vitrum::report {

/// "12.3 ± 0.4 s", "(2.025 ± 0.003)×10⁵ s". The error is rounded by the rule of the Particle Data
/// Group (two digits up to 354, one up to 949) and the value to the same place. Without an error
/// (NaN, 0, negative, infinite) four significant digits; "–" for a NaN value.
[[nodiscard]] std::string format_value(double value,
                                       double error = std::numeric_limits<double>::quiet_NaN(),
                                       std::string_view unit = "");

/// The unit as shown: "1/angstrom" → "Å⁻¹", "deg" → "°", "angstrom" → "Å"; others unchanged.
[[nodiscard]] std::string display_unit(std::string_view unit);

/// "τ", "β (KWW)", "⟨t⟩" … for the names that stand in files; unknown names unchanged.
[[nodiscard]] std::string display_name(std::string_view parameter);

/// "Mittag-Leffler" for "ml" and so on; unknown names unchanged.
[[nodiscard]] std::string display_model(std::string_view model);

/// Shortest text that reads back as the same double; "nan" for NaN.
[[nodiscard]] std::string exact_number(double value);

} // namespace vitrum::report
