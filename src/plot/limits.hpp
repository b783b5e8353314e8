// Limits of the axes of a figure from its data.
#pragma once
#include <utility>
#include <vector>

#include "vitrum/plot/figure.hpp"

namespace vitrum::plot {

struct PanelLimits {
  std::pair<double, double> x, y;
};

/// One entry per panel; axes that share have equal limits.
[[nodiscard]] std::vector<PanelLimits> axis_limits(const Figure& figure);

} // namespace vitrum::plot
