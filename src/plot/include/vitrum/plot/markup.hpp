// Text inside XML and HTML.
#pragma once
#include <string>
#include <string_view>

namespace vitrum::plot {

/// With <, >, & and " written as entities.
[[nodiscard]] std::string escaped(std::string_view text);

} // namespace vitrum::plot
