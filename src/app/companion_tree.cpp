#include "companion_tree.hpp"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "result_tree.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {

void start_companion(Tree& tree,
                     const std::string& kind,
                     const std::string& title,
                     const std::string& plotted) {
  tree.set("entry/kind", make_scalar(kind));
  tree.set("entry/definition", make_scalar("vitrum_" + kind));
  tree.set("entry/title", make_scalar(title));
  tree.group("entry").attributes["default"] = plotted;
}

void add_scalar(
    Tree& scalars, const std::string& path, double value, double error, const std::string& unit) {
  scalars.set(path, make_scalar(value, unit));
  if (std::isfinite(error))
    scalars.set(path + "_errors", make_scalar(error, unit));
}

void finish_companion(Tree& tree,
                      const std::vector<std::string>& warnings,
                      const Monitor& monitor) {
  for (const auto& warning : warnings) {
    add_warning(tree, warning);
    monitor.warn(warning);
  }
}

double parse_number(const std::string& flag, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    throw OptionError(fmt::format("--{} {}: expected a number", flag, text));
  return value;
}

std::pair<double, double> parse_interval(const std::string& flag, const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos)
    throw OptionError(fmt::format("--{} {}: expected first:last", flag, text));
  const double first = parse_number(flag, text.substr(0, colon)),
               last = parse_number(flag, text.substr(colon + 1));
  if (!(first < last))
    throw OptionError(fmt::format("--{} {}: must begin before it ends", flag, text));
  return {first, last};
}

} // namespace vitrum::app
