// What all CSV files of a report have in common.
#pragma once
#include <string>
#include <string_view>

#include "result.hpp"

namespace vitrum::report {

/// "name [unit]", or the name alone.
[[nodiscard]] std::string named(const std::string& name, const std::string& unit);

/// The '#' lines: what it is, title, inputs, version.
[[nodiscard]] std::string heading(const Result& result, std::string_view what);

} // namespace vitrum::report
