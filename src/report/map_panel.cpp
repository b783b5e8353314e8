#include "map_panel.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

/// A round length of about a fifth of the width.
double bar_length(double width) {
  const double wanted = 0.22 * width;
  const double decade = std::pow(10, std::floor(std::log10(wanted)));
  for (const double step : {5.0, 2.0, 1.0})
    if (step * decade <= wanted)
      return step * decade;
  return decade;
}

} // namespace

bool MapValues::any_number() const {
  return std::any_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

std::optional<MapValues> map_values(const Tree& entry, const std::string& name) {
  const Array* array = entry.find("map/" + name);
  if (array == nullptr || array->shape.size() != 2)
    return std::nullopt;
  MapValues map;
  map.rows = array->shape[0];
  map.columns = array->shape[1];
  map.pixel = entry.number_or("map/pixel_nm", 1);
  const auto values = to_numbers(*array);
  map.values.assign(values.begin(), values.end());
  if (entry.find("map/accepted") != nullptr) {
    const auto accepted = entry.numbers("map/accepted");
    for (std::size_t i = 0; i < map.values.size(); ++i)
      if (accepted[i] == 0)
        map.values[i] = NAN;
  }
  return map;
}

Panel make_map_panel(MapValues map, const MapLook& look) {
  Panel panel;
  panel.title = look.title;
  const double width = map.pixel * static_cast<double>(map.columns);
  const double height = map.pixel * static_cast<double>(map.rows);
  panel.aspect = height / width;
  panel.grid = false;
  panel.legend = Legend::none;
  panel.x = {"x (" + map.unit + ")"};
  panel.y = {"y (" + map.unit + ")"};
  panel.x.lower = 0;
  panel.x.upper = width;
  panel.y.lower = 0;
  panel.y.upper = height;
  HeatMap heat;
  heat.rows = map.rows;
  heat.columns = map.columns;
  heat.values = std::move(map.values);
  heat.x_last = width;
  heat.y_last = height;
  heat.origin = Origin::top_left;
  heat.scale = look.scale;
  heat.lower = look.lower;
  heat.upper = look.upper;
  heat.lower_percentile = 1;
  heat.upper_percentile = 99;
  heat.label = look.label;
  panel.map = std::move(heat);
  const double length = bar_length(width);
  // a dark line under a light one is seen on any colour
  for (const auto& [colour, thick] : {std::pair(black, 4.5), std::pair(white, 2.5)}) {
    Series bar;
    bar.x = {0.05 * width, 0.05 * width + length};
    bar.y = {0.94 * height, 0.94 * height};
    bar.colour = colour;
    bar.line_width = thick;
    panel.series.push_back(std::move(bar));
  }
  // so does the text, in white with an edge of black
  const std::string text = fmt::format("{:g} {}", length, map.unit);
  for (const auto& [right, up] :
       {std::pair(-1, 0), std::pair(1, 0), std::pair(0, -1), std::pair(0, 1)})
    panel.notes.push_back({0.05 + 0.003 * right, 0.12 + 0.003 * up, text, black});
  panel.notes.push_back({0.05, 0.12, text, white});
  return panel;
}

} // namespace vitrum::report
