#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "map_panel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/plot/reduce.hpp"
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
make_map_figure(const Tree& root, const std::string& name, const ValueRange& range) {
  auto map = map_values(Result(root).entry(), name);
  if (!map || !map->any_number())
    return std::nullopt;
  // the scale stays that of all, so that a part keeps its colours
  const auto [low, high] = percentile_limits(map->values, 1, 99, look_of(name).scale);
  for (float& value : map->values)
    if (!range.holds(value))
      value = NAN;
  Figure figure;
  figure.width = 420;
  const Look& look = look_of(name);
  figure.description = fmt::format("Map of {} over the field", look.title);
  figure.panels.push_back(
      make_map_panel(std::move(*map), {look.title, look.label, look.scale, low, high}));
  return figure;
}

std::optional<Figure>
make_value_histogram(const Tree& root, const std::string& name, const ValueRange& range) {
  const auto map = map_values(Result(root).entry(), name);
  if (!map || !map->any_number())
    return std::nullopt;
  const Look& look = look_of(name);
  const bool log = look.scale == Scale::log;
  const auto [low, high] = percentile_limits(map->values, 0.5, 99.5, look.scale);
  if (!(high > low) || (log && low <= 0))
    return std::nullopt;
  constexpr Index bins = 60;
  const auto place = [log, low = low, high = high](double value) {
    return log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  };
  std::vector<double> counts(bins);
  for (const float value : map->values)
    if (const double at = place(value) * bins; at >= 0 && at < bins) // NaN: neither
      ++counts[static_cast<std::size_t>(at)];
  Panel panel;
  panel.height = 130;
  panel.x = {look.label, look.scale};
  panel.y = {"pixels"};
  panel.y.lower = 0;
  panel.legend = Legend::none;
  Series steps;
  steps.colour = data_colour;
  for (Index k = 0; k <= bins; ++k) {
    const double share = static_cast<double>(k) / bins;
    const double edge = log ? low * std::pow(high / low, share) : low + share * (high - low);
    if (k > 0) {
      steps.x.push_back(edge);
      steps.y.push_back(counts[static_cast<std::size_t>(k - 1)]);
    }
    if (k < bins) {
      steps.x.push_back(edge);
      steps.y.push_back(counts[static_cast<std::size_t>(k)]);
    }
  }
  panel.series.push_back(std::move(steps));
  if (std::isfinite(range.lower) && std::isfinite(range.upper))
    panel.spans.push_back({plot::Direction::vertical, range.lower, range.upper, ""});
  Figure figure;
  figure.width = 420;
  figure.description = fmt::format("Histogram of the {} of accepted pixels", look.title);
  figure.panels.push_back(std::move(panel));
  return figure;
}

Figure make_pixel_g2_figure(const std::string& title,
                            std::vector<double> lag_s,
                            std::vector<double> g2,
                            std::vector<double> curve_lag_s,
                            std::vector<double> curve) {
  Panel panel;
  panel.title = title;
  panel.height = 190;
  panel.x = {"lag (s)", Scale::log};
  panel.y = {"g₂"};
  Series points;
  points.x = std::move(lag_s);
  points.y = std::move(g2);
  points.line = Line::none;
  points.marker = Marker::circle;
  points.marker_size = 3;
  points.colour = data_colour;
  points.label = "g₂";
  panel.series.push_back(std::move(points));
  if (!curve.empty()) {
    Series line;
    line.x = std::move(curve_lag_s);
    line.y = std::move(curve);
    line.colour = palette(0);
    line.label = "KWW";
    panel.series.push_back(std::move(line));
  }
  Figure figure;
  figure.width = 420;
  figure.description = "g2 of one pixel with its fit";
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_tau_map_figure(const Tree& root) {
  Figure figure;
  figure.width = 760;
  figure.description = "Maps of relaxation time, stretching exponent, contrast and error";
  Index place = 0;
  for (const Look& look : looks) {
    auto map = map_values(Result(root).entry(), look.name);
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
