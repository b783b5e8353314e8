#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/report/ecm_figures.hpp"

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

struct MapOf {
  Index rows = 0, columns = 0;
  double pixel = 1;
  std::vector<float> values;
};

std::optional<MapOf> map_of(const Tree& root, const std::string& name, bool accepted_only) {
  const Result result(root);
  const Array* array = result.entry().find("map/" + name);
  if (array == nullptr || array->shape.size() != 2)
    return std::nullopt;
  MapOf map;
  map.rows = array->shape[0];
  map.columns = array->shape[1];
  map.pixel = result.entry().number_or("map/pixel_nm", 1);
  const auto values = to_numbers(*array);
  map.values.assign(values.begin(), values.end());
  if (accepted_only && result.entry().find("map/accepted") != nullptr) {
    const auto accepted = result.entry().numbers("map/accepted");
    for (std::size_t i = 0; i < map.values.size(); ++i)
      if (accepted[i] == 0)
        map.values[i] = NAN;
  }
  return map;
}

struct Look {
  const char* name;
  const char* title;
  const char* label;
  Scale scale;
  ColourMap map;
};
constexpr Look looks[] = {
    {"tau_s", "relaxation time", "τ (s)", Scale::log, ColourMap::viridis},
    {"kww_exponent", "stretching exponent", "β", Scale::linear, ColourMap::viridis},
    {"contrast", "contrast", "contrast", Scale::linear, ColourMap::viridis},
    {"log_tau_errors", "error of ln τ", "error of ln τ", Scale::linear, ColourMap::viridis}};

Panel map_panel(MapOf map, const Look& look) {
  Panel panel;
  panel.title = look.title;
  const double width = map.pixel * static_cast<double>(map.columns);
  const double height = map.pixel * static_cast<double>(map.rows);
  panel.aspect = height / width;
  panel.grid = false;
  panel.legend = Legend::none;
  panel.x = {"x (nm)"};
  panel.y = {"y (nm)"};
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
  heat.map = look.map;
  heat.scale = look.scale;
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
  panel.notes.push_back({0.05, 0.12, fmt::format("{:g} nm", length), white});
  return panel;
}

const Look& look_of(const std::string& name) {
  for (const Look& look : looks)
    if (name == look.name)
      return look;
  return looks[0];
}

bool any_number(const MapOf& map) {
  return std::any_of(
      map.values.begin(), map.values.end(), [](float v) { return std::isfinite(v); });
}

} // namespace

std::optional<Figure>
make_map_figure(const Tree& root, const std::string& name, bool accepted_only) {
  auto map = map_of(root, name, accepted_only);
  if (!map || !any_number(*map))
    return std::nullopt;
  Figure figure;
  figure.width = 420;
  figure.description = fmt::format("Map of {} over the field", look_of(name).title);
  figure.panels.push_back(map_panel(std::move(*map), look_of(name)));
  return figure;
}

std::optional<Figure> make_tau_map_figure(const Tree& root) {
  Figure figure;
  figure.width = 760;
  figure.description = "Maps of relaxation time, stretching exponent, contrast and error";
  Index place = 0;
  for (const Look& look : looks) {
    auto map = map_of(root, look.name, true);
    if (!map || !any_number(*map))
      continue;
    auto panel = map_panel(std::move(*map), look);
    panel.row = place / 2;
    panel.column = place % 2;
    ++place;
    figure.panels.push_back(std::move(panel));
  }
  return figure.panels.empty() ? std::nullopt : std::optional(figure);
}

std::optional<Figure> make_drift_figure(const Tree& root) {
  const Result result(root);
  const auto time = result.numbers("drift/time_s", 1);
  if (!time)
    return std::nullopt;
  const auto frames = static_cast<Index>(time->size());
  const auto x = result.quantity("drift/x_px", {frames}),
             y = result.quantity("drift/y_px", {frames});
  if (!x || !y)
    return std::nullopt;
  Figure figure;
  figure.width = 640;
  figure.column_weights = {1, 1.4};
  figure.description = "Path of the sample in space and its coordinates against time";
  Panel path;
  path.x = {"x (px)"};
  path.y = {"y (px)"};
  path.legend = Legend::none;
  path.aspect = 1;
  Series line;
  line.x = x->values;
  line.y = y->values;
  line.colour = data_colour;
  path.series.push_back(std::move(line));
  Series ends;
  ends.x = {x->values.front(), x->values.back()};
  ends.y = {y->values.front(), y->values.back()};
  ends.line = Line::none;
  ends.marker = Marker::circle;
  ends.colour = palette(1);
  path.series.push_back(std::move(ends));
  figure.panels.push_back(std::move(path));
  Panel against;
  against.column = 1;
  against.x = {"time (s)"};
  against.y = {"displacement (px)"};
  Index k = 0;
  for (const auto& [quantity, label] : {std::pair(&*x, "x"), std::pair(&*y, "y")}) {
    Band band;
    band.x = *time;
    for (std::size_t t = 0; t < time->size(); ++t) {
      band.lower.push_back(quantity->values[t] - quantity->errors[t]);
      band.upper.push_back(quantity->values[t] + quantity->errors[t]);
    }
    band.colour = faded(palette(k), 0.25);
    against.bands.push_back(std::move(band));
    Series series;
    series.x = *time;
    series.y = quantity->values;
    series.label = label;
    series.colour = palette(k++);
    against.series.push_back(std::move(series));
  }
  figure.panels.push_back(std::move(against));
  return figure;
}

} // namespace vitrum::report
