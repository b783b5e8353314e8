// Units as files spell them, to the ones vitrum uses.
#pragma once
#include <optional>
#include <string>

namespace vitrum::io {

/// The factor that takes a value of `unit` to seconds, metres, keV, Å; nothing for other units.
[[nodiscard]] std::optional<double> to_seconds(std::string unit);
[[nodiscard]] std::optional<double> to_metres(std::string unit);
[[nodiscard]] std::optional<double> to_kev(std::string unit);
[[nodiscard]] std::optional<double> to_angstrom(std::string unit);
[[nodiscard]] bool is_pixel_unit(std::string unit);

} // namespace vitrum::io
