// Numbers and shapes in the settings of fluctuation electron microscopy.
#pragma once
#include <string>
#include <utility>

#include "vitrum/core/index.hpp"

namespace vitrum::app {

/// Throws OptionError that names the flag.
[[nodiscard]] double number_of(const std::string& flag, const std::string& text);
/// "LOW:HIGH", NaN for an end that is not given. Throws OptionError that names the flag.
[[nodiscard]] std::pair<double, double> range_of(const std::string& flag, const std::string& text);
/// "ROWS,COLUMNS".
[[nodiscard]] std::pair<Index, Index> shape_of(const std::string& flag, const std::string& text);

} // namespace vitrum::app
