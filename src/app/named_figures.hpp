// The figures of results by the names that people type and pages ask for.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/figure.hpp"

namespace vitrum::app {

/// What a figure is one of many of.
enum class Each { none, bin, page, series };

struct NamedFigure {
  std::string name;  // "two-time"
  std::string title; // "Two-time correlation"
  std::string needs; // the group or array that a result must have for it, below entry
  Each each = Each::none;
  std::optional<plot::Figure> (*make)(const Tree& result, Index number); // number counts from 1
  bool draws_maps = false; // two-time maps must be in the tree
};

/// In the order in which people look at them.
[[nodiscard]] const std::vector<NamedFigure>& named_figures();
[[nodiscard]] const NamedFigure* find_figure(std::string_view name);
/// Whether it can be drawn of this result, at least for one bin; of figures with maps, whose maps
/// need not be in the tree, whether the result has what they need.
[[nodiscard]] bool has_figure(const Tree& result, const NamedFigure& figure);
/// How many of it there are in this result, at least one.
[[nodiscard]] Index count_of(const Tree& result, Each each);

} // namespace vitrum::app
