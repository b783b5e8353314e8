#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "map_panel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/report/ecm_figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

struct Look {
  const char* name;
  const char* title;
  const char* label;
  Scale scale;
};
constexpr Look looks[] = {{"tau_s", "relaxation time", "τ (s)", Scale::log},
                          {"kww_exponent", "stretching exponent", "β", Scale::linear},
                          {"contrast", "contrast", "contrast", Scale::linear},
                          {"log_tau_errors", "error of ln τ", "error of ln τ", Scale::linear}};

const Look& look_of(const std::string& name) {
  for (const Look& look : looks)
    if (name == look.name)
      return look;
  return looks[0];
}

} // namespace

std::optional<Figure>
make_map_figure(const Tree& root, const std::string& name, bool accepted_only) {
  auto map = map_values(Result(root).entry(), name, accepted_only);
  if (!map || !map->any_number())
    return std::nullopt;
  Figure figure;
  figure.width = 420;
  const Look& look = look_of(name);
  figure.description = fmt::format("Map of {} over the field", look.title);
  figure.panels.push_back(make_map_panel(std::move(*map), {look.title, look.label, look.scale}));
  return figure;
}

std::optional<Figure> make_tau_map_figure(const Tree& root) {
  Figure figure;
  figure.width = 760;
  figure.description = "Maps of relaxation time, stretching exponent, contrast and error";
  Index place = 0;
  for (const Look& look : looks) {
    auto map = map_values(Result(root).entry(), look.name, true);
    if (!map || !map->any_number())
      continue;
    auto panel = make_map_panel(std::move(*map), {look.title, look.label, look.scale});
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
  if (!time || result.entry().number_or("drift/pairs", 1) == 0) // none was sought
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
