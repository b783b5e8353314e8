// Panels of maps over the field of view, with the bar of length that microscopists look for.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/figure.hpp"

namespace vitrum::report {

struct MapValues {
  Index rows = 0, columns = 0;
  double pixel = 1; // edge, in `unit`
  std::string unit = "nm";
  std::vector<float> values;

  [[nodiscard]] bool any_number() const;
};

struct MapLook {
  std::string title, label;
  plot::Scale scale = plot::Scale::linear;
  double lower = plot::automatic, upper = plot::automatic; // automatic: percentiles 1 and 99
};

/// map/<name> of a result's entry; values of pixels without an accepted fit are NaN.
[[nodiscard]] std::optional<MapValues> map_values(const Tree& entry, const std::string& name);

[[nodiscard]] plot::Panel make_map_panel(MapValues map, const MapLook& look);

} // namespace vitrum::report
