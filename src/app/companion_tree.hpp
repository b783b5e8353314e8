// What the results of the companions share: single numbers stand under entry/scalars, named as
// `vitrum show` names them.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::app {

/// Kind, title and the group that viewers plot at once.
void start_companion(Tree& tree,
                     const std::string& kind,
                     const std::string& title,
                     const std::string& plotted);

/// `path` within the group of scalars; NaN for no error.
void add_scalar(
    Tree& scalars, const std::string& path, double value, double error, const std::string& unit);

/// Writes the warnings into the result and says them.
void finish_companion(Tree& tree, const std::vector<std::string>& warnings, const Monitor& monitor);

/// A number of a flag. Throws OptionError.
[[nodiscard]] double parse_number(const std::string& flag, const std::string& text);
/// "first:last", two numbers that rise. Throws OptionError.
[[nodiscard]] std::pair<double, double> parse_interval(const std::string& flag,
                                                       const std::string& text);

} // namespace vitrum::app
