#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

/// Places of the static bins in the order of their sectors, with −1 where a sector ends: a line
/// through them breaks there.
std::vector<Index> by_sector(const Result& result, Index bins) {
  std::vector<Index> order;
  const auto phi = result.quantity("saxs/phi_deg", {bins});
  if (!phi || std::isnan(phi->values.at(0))) {
    for (Index i = 0; i < bins; ++i)
      order.push_back(i);
    return order;
  }
  std::map<double, std::vector<Index>> sectors;
  for (Index i = 0; i < bins; ++i)
    sectors[phi->values[static_cast<std::size_t>(i)]].push_back(i);
  for (const auto& [angle, places] : sectors) {
    order.insert(order.end(), places.begin(), places.end());
    order.push_back(-1);
  }
  return order;
}

std::vector<double> picked(std::span<const double> values, const std::vector<Index>& order) {
  std::vector<double> out;
  for (const Index i : order)
    out.push_back(i < 0 ? NAN : values[static_cast<std::size_t>(i)]);
  return out;
}

/// I(q) of each part of the series divided by that of the whole.
Panel stability_panel(const std::vector<double>& q,
                      const std::vector<double>& mean,
                      const std::vector<double>& segments,
                      const std::vector<Index>& order) {
  const auto n = static_cast<Index>(q.size());
  const Index parts = static_cast<Index>(segments.size()) / n;
  Panel panel;
  panel.row = 1;
  panel.height = 90;
  panel.y = {"part / whole"};
  panel.legend = Legend::none;
  panel.guides.push_back({Direction::horizontal, 1, "", grey, Line::solid});
  panel.colour_bar = ColourBar{ColourMap::viridis, Scale::linear, 0, 1, "part of the series", true};
  for (Index part = 0; part < parts; ++part) {
    Series series;
    auto ratio = row_copy(segments, part, n);
    for (std::size_t i = 0; i < q.size(); ++i)
      ratio[i] = mean[i] != 0 ? ratio[i] / mean[i] : NAN;
    series.x = picked(q, order);
    series.y = picked(ratio, order);
    series.colour = curve_colour(ColourMap::viridis,
                                 (static_cast<double>(part) + 0.5) / static_cast<double>(parts));
    series.line_width = 0.9;
    if (n == 1)
      series.marker = Marker::circle;
    panel.series.push_back(std::move(series));
  }
  return panel;
}

Index stacked_row(Figure& figure, Panel panel) {
  panel.row = static_cast<Index>(figure.panels.size());
  figure.panels.push_back(std::move(panel));
  return figure.panels.back().row;
}

} // namespace

std::optional<Figure> make_static_figure(const Tree& root) {
  const Result result(root);
  const auto q = result.numbers("saxs/q_inv_angstrom", 1);
  if (!q || q->empty())
    return std::nullopt;
  const auto n = static_cast<Index>(q->size());
  const auto intensity = result.quantity("saxs/intensity", {n});
  if (!intensity)
    return std::nullopt;
  const std::string unit =
      display_unit(attribute_text(result.entry().at("saxs/q_inv_angstrom").attributes, "units"));
  const auto order = by_sector(result, n);
  Series curve;
  curve.x = picked(*q, order);
  curve.y = picked(intensity->values, order);
  curve.y_errors = picked(intensity->errors, order);
  curve.marker = Marker::circle;
  curve.marker_size = 3;
  curve.line_width = 0.9;
  double low = INFINITY, high = 0;
  for (const double v : curve.y)
    if (v > 0) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  Figure figure;
  figure.width = 460;
  figure.description = "Mean intensity against q and its stability in time";
  Panel panel;
  panel.height = 170;
  panel.x = {
      unit.empty() ? "q" : fmt::format("q ({})", unit), Scale::linear, automatic, automatic, 0};
  panel.y = {"I(q) (counts)", high > 10 * low ? Scale::log : Scale::linear};
  panel.series.push_back(std::move(curve));
  const Axis x = panel.x;
  stacked_row(figure, std::move(panel));
  const auto segments = result.numbers("saxs/segments", 2);
  if (segments && !segments->empty() && segments->size() % q->size() == 0) {
    Panel stability = stability_panel(*q, intensity->values, *segments, order);
    stability.x = x;
    figure.panels[0].x.show_labels = false;
    stacked_row(figure, std::move(stability));
  }
  return figure;
}

std::optional<Figure> make_intensity_figure(const Tree& root) {
  const Result result(root);
  const auto time = result.numbers("intensity/time_s", 1);
  if (!time || time->empty())
    return std::nullopt;
  const auto n = static_cast<Index>(time->size());
  Figure figure;
  figure.width = 460;
  figure.description = "Mean counts against time";
  const auto add = [&](const char* label) -> Panel& {
    Panel panel;
    panel.height = 95;
    panel.x = {"time (s)", Scale::linear, automatic, automatic, 0};
    panel.y = {label};
    if (!figure.panels.empty())
      figure.panels.back().x.show_labels = false;
    stacked_row(figure, std::move(panel));
    return figure.panels.back();
  };
  if (const auto mean = result.quantity("intensity/mean_counts", {n})) {
    Series series;
    series.x = *time;
    series.y = mean->values;
    series.line_width = 0.8;
    series.colour = data_colour;
    add("all (counts)").series.push_back(std::move(series));
  }
  const auto bins = result.quantity("intensity/bin_mean_counts", {result.bins(), n});
  if (bins && (result.bins() > 1 || figure.panels.empty())) {
    const BinColours colours(result);
    Panel& panel = add("bins (counts)");
    panel.colour_bar = colours.bar();
    panel.legend = panel.colour_bar || result.bins() > 12 ? Legend::none : Legend::best;
    for (Index bin = 0; bin < result.bins(); ++bin) {
      Series series;
      series.x = *time;
      series.y = row_copy(bins->values, bin, n);
      series.line_width = 0.8;
      series.colour = colours.of(bin);
      series.label = result.bin_title(bin + 1);
      panel.series.push_back(std::move(series));
    }
  }
  if (figure.panels.empty())
    return std::nullopt;
  return figure;
}

std::optional<Figure> make_image_figure(const Tree& root) {
  const Result result(root);
  const Array* mean = result.entry().find("image/mean");
  if (mean == nullptr)
    return std::nullopt;
  if (mean->shape.size() != 2 || mean->size() == 0)
    throw DataError("image/mean: expected two dimensions");
  HeatMap map;
  map.rows = mean->shape[0];
  map.columns = mean->shape[1];
  const auto values = to_numbers(*mean);
  map.values.resize(values.size());
  std::transform(values.begin(), values.end(), map.values.begin(), [](double v) {
    return static_cast<float>(v);
  });
  map.x_first = map.y_first = -0.5; // pixel centres stand at whole numbers
  map.x_last = static_cast<double>(map.columns) - 0.5;
  map.y_last = static_cast<double>(map.rows) - 0.5;
  map.origin = Origin::top_left;
  map.scale = std::any_of(values.begin(), values.end(), [](double v) { return v > 0; })
                  ? Scale::log
                  : Scale::linear;
  map.label = "mean (counts)";

  Panel panel;
  panel.aspect = static_cast<double>(map.rows) / static_cast<double>(map.columns);
  panel.aspect = std::clamp(panel.aspect, 0.05, 5.0);
  panel.x = {"x (px)"};
  panel.y = {"y (px)"};
  panel.title = "mean image";
  panel.map = map;

  Figure figure;
  figure.width = 620;
  figure.description = "Mean image, masked pixels and bins";
  figure.panels.push_back(panel);
  const auto overlay = [&](const char* path) -> std::optional<Overlay> {
    const auto labels = result.quantity(path, {map.rows, map.columns});
    if (!labels)
      return std::nullopt;
    Overlay made{map.rows, map.columns, {}, {}, 0.5};
    for (const double label : labels->values)
      made.labels.push_back(static_cast<std::int32_t>(label));
    return made;
  };
  Panel second = panel;
  second.column = 1;
  second.y.label.clear();
  second.map->map = ColourMap::gray;
  second.map->colour_bar = false;
  if (auto mask = overlay("image/mask")) {
    for (auto& label : mask->labels)
      label = label == 0 ? 1 : 0; // paint what is masked
    mask->colours = {Colour{213, 30, 30}};
    mask->opacity = 0.85;
    second.overlays.push_back(std::move(*mask));
    second.title = "mask (red)";
  }
  if (auto bins = overlay("image/dynamic_labels")) {
    const BinColours colours(result);
    for (Index bin = 0; bin < result.bins(); ++bin)
      bins->colours.push_back(palette(bin));
    second.overlays.push_back(std::move(*bins));
    second.title += second.title.empty() ? "bins" : " and bins";
  }
  if (!second.overlays.empty())
    figure.panels.push_back(std::move(second));
  else
    figure.width = 420;
  return figure;
}

Figure make_frame_figure(FrameImage image) {
  HeatMap map;
  map.rows = image.rows;
  map.columns = image.columns;
  map.values = std::move(image.values);
  map.x_first = map.y_first = -0.5;
  map.x_last = static_cast<double>(map.columns) - 0.5;
  map.y_last = static_cast<double>(map.rows) - 0.5;
  map.origin = Origin::top_left;
  map.scale = image.logarithmic ? Scale::log : Scale::linear;
  map.lower_percentile = image.lower_percentile;
  map.upper_percentile = image.upper_percentile;
  map.label = image.unit;
  Panel panel;
  panel.title = image.title;
  panel.aspect =
      std::clamp(static_cast<double>(map.rows) / static_cast<double>(map.columns), 0.05, 5.0);
  panel.x = {"x (px)"};
  panel.y = {"y (px)"};
  if (!image.labels.empty()) {
    map.map = ColourMap::gray; // the colours are those of the bins
    Overlay bins{map.rows, map.columns, std::move(image.labels), {}, 0.35};
    panel.overlays.push_back(std::move(bins));
  }
  if (!image.masked.empty()) {
    Overlay masked{map.rows, map.columns, {image.masked.begin(), image.masked.end()}, {}, 0.85};
    masked.colours = {Colour{213, 30, 30}};
    panel.overlays.push_back(std::move(masked));
  }
  panel.map = std::move(map);
  Figure figure;
  figure.width = 620;
  figure.description = "A frame of the series";
  figure.panels.push_back(std::move(panel));
  return figure;
}

} // namespace vitrum::report
