#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "html.hpp"
#include "map_panel.hpp"
#include "vitrum/plot/reduce.hpp"
#include "vitrum/plot/ticks.hpp"
#include "vitrum/report/ecm_figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

struct Members {
  std::vector<double> value;
  std::string quantity, unit;
  std::vector<const Tree*> trees;

  [[nodiscard]] Index count() const { return static_cast<Index>(value.size()); }
  [[nodiscard]] std::string axis() const {
    return unit.empty() ? quantity : fmt::format("{} ({})", quantity, unit);
  }
  [[nodiscard]] std::string title(std::size_t k) const {
    return fmt::format("{:g} {}", value[k], unit);
  }
  /// Along one scale from the lowest to the highest value.
  [[nodiscard]] Colour colour(std::size_t k) const {
    const auto [low, high] = std::minmax_element(value.begin(), value.end());
    return curve_colour(ColourMap::viridis,
                        *high > *low ? (value[k] - *low) / (*high - *low) : 0.0);
  }
};

std::optional<Members> members_of(const Result& result) {
  const auto value = result.numbers("ecm_series/value", 1);
  if (!value || value->empty())
    return std::nullopt;
  Members m;
  m.value = *value;
  m.quantity = result.entry().text("ecm_series/quantity");
  m.unit = result.entry().text("ecm_series/value_unit");
  for (std::size_t k = 0; k < value->size(); ++k)
    m.trees.push_back(result.entry().find_group(fmt::format("member_{}", k + 1)));
  return m;
}

std::vector<double> numbers_of(const Tree* tree, const std::string& path) {
  return tree != nullptr && tree->find(path) != nullptr ? tree->numbers(path)
                                                        : std::vector<double>{};
}

/// Where a result of the series keeps what was measured and the curve fitted to it.
struct CurvePaths {
  std::string x, measured, fitted_x, fitted;
  double less = 0; // taken from both
};

/// Measured points and fitted lines of all results in one panel; none without any.
std::optional<Figure> points_and_lines(const Tree& root,
                                       const std::string& description,
                                       Panel panel,
                                       const CurvePaths& paths) {
  const Result result(root);
  const auto members = members_of(result);
  if (!members)
    return std::nullopt;
  panel.height = 220;
  panel.legend = Legend::right;
  for (std::size_t k = 0; k < members->trees.size(); ++k) {
    const auto x = numbers_of(members->trees[k], paths.x);
    const auto measured = numbers_of(members->trees[k], paths.measured);
    if (x.empty() || measured.size() != x.size())
      continue;
    Series points, line;
    points.x = x;
    line.x = numbers_of(members->trees[k], paths.fitted_x);
    for (const double v : measured)
      points.y.push_back(v - paths.less);
    for (const double v : numbers_of(members->trees[k], paths.fitted))
      line.y.push_back(v - paths.less);
    points.line = Line::none;
    points.marker = Marker::circle;
    points.marker_size = 3;
    points.colour = line.colour = members->colour(k);
    points.label = members->title(k);
    panel.series.push_back(std::move(points));
    if (line.y.size() == line.x.size())
      panel.series.push_back(std::move(line));
  }
  if (panel.series.empty())
    return std::nullopt;
  Figure figure;
  figure.width = 520;
  figure.description = description;
  figure.panels.push_back(std::move(panel));
  return figure;
}

/// Panels in rows of up to three.
void place(Panel& panel, std::size_t k, Index columns) {
  panel.row = static_cast<Index>(k) / columns;
  panel.column = static_cast<Index>(k) % columns;
}

Index columns_of(std::size_t panels) {
  return panels <= 2 ? static_cast<Index>(panels) : panels == 4 ? 2 : 3;
}

} // namespace

std::optional<Figure> make_series_figure(const Tree& root) {
  const Result result(root);
  const auto members = members_of(result);
  if (!members)
    return std::nullopt;
  Figure figure;
  figure.width = 460;
  figure.description = "Relaxation time and exponent against " + members->quantity;
  for (Index row = 0; row < 2; ++row) {
    Panel panel;
    panel.row = row;
    panel.x = {row == 0 ? "" : members->axis()};
    panel.x.share = 0;
    panel.x.show_labels = row == 1;
    panel.y = {row == 0 ? "τ (s)" : "β"};
    panel.legend = row == 0 ? Legend::best : Legend::none;
    Index k = 0;
    for (const auto& [name, label, marker] :
         {std::tuple(row == 0 ? "tau_s" : "kww_exponent", "image", Marker::square),
          std::tuple("tau_median_s", "median of the pixels", Marker::circle)}) {
      if (row == 1 && k > 0)
        break;
      const auto quantity = result.quantity(std::string("ecm_series/") + name, {members->count()});
      if (!quantity)
        continue;
      Series series;
      series.x = members->value;
      series.y = quantity->values;
      series.y_errors = quantity->errors;
      series.label = label;
      series.marker = row == 0 ? marker : Marker::cross;
      series.colour = palette(row == 0 ? k : 1);
      series.hollow = k == 1;
      ++k;
      panel.series.push_back(std::move(series));
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::optional<Figure> make_series_histograms(const Tree& root) {
  Panel panel;
  panel.x = {"τ (s)", Scale::log};
  panel.y = {"pixels per unit of ln τ"};
  return points_and_lines(root,
                          "Histograms of the relaxation times of the pixels",
                          std::move(panel),
                          {"pixels/tau_s", "pixels/density", "pixels/tau_s", "pixels/density_fit"});
}

std::optional<Figure> make_series_g2(const Tree& root) {
  Panel panel;
  panel.x = {"lag (s)", Scale::log};
  panel.y = {"g₂ − 1"};
  return points_and_lines(root,
                          "g2 of the images with their fits",
                          std::move(panel),
                          {"g2/lag_s", "g2/g2", "fit/kww/lag_s", "fit/kww/g2_fit", 1});
}

std::optional<Figure> make_series_maps(const Tree& root) {
  const Result result(root);
  const auto members = members_of(result);
  if (!members)
    return std::nullopt;
  std::vector<MapValues> maps;
  std::vector<std::size_t> shown;
  std::vector<float> all;
  for (std::size_t k = 0; k < members->trees.size(); ++k)
    if (auto map = map_values(*members->trees[k], "tau_s"); map && map->any_number()) {
      shown.push_back(k);
      all.insert(all.end(), map->values.begin(), map->values.end());
      maps.push_back(std::move(*map));
    }
  if (shown.empty())
    return std::nullopt;
  const auto [low, high] = percentile_limits(all, 1, 99, Scale::log);
  Figure figure;
  figure.width = 760;
  figure.description = "Maps of the relaxation time of each result";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    auto panel = make_map_panel(std::move(maps[i]),
                                {members->title(shown[i]), "τ (s)", Scale::log, low, high});
    place(panel, i, columns_of(shown.size()));
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::optional<Figure> make_series_two_time(const Tree& root) {
  const Result result(root);
  const auto members = members_of(result);
  if (!members)
    return std::nullopt;
  std::vector<float> all;
  std::vector<std::size_t> shown;
  for (std::size_t k = 0; k < members->trees.size(); ++k) {
    const auto values = numbers_of(members->trees[k], "twotime/c");
    if (values.empty())
      continue;
    shown.push_back(k);
    all.insert(all.end(), values.begin(), values.end());
  }
  if (shown.empty())
    return std::nullopt;
  const auto [low, high] = percentile_limits(all, 0.5, 99.8);
  Figure figure;
  figure.width = 760;
  figure.description = "Two-time correlation of the image of each result";
  const Index columns = columns_of(shown.size());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const Tree& tree = *members->trees[shown[i]];
    const Array& c = tree.at("twotime/c");
    const double length = tree.number_or("twotime/length_s", 1);
    Panel panel;
    place(panel, i, columns);
    panel.title = members->title(shown[i]);
    panel.grid = false;
    panel.legend = Legend::none;
    panel.x = {"t₁ (s)"};
    panel.y = {"t₂ (s)"};
    panel.aspect = 1;
    HeatMap heat;
    heat.rows = c.shape.at(0);
    heat.columns = c.shape.at(1);
    heat.x_last = heat.y_last = length;
    const auto values = to_numbers(c);
    heat.values.assign(values.begin(), values.end());
    heat.lower = low;
    heat.upper = high;
    heat.label = "C(t₁, t₂)";
    panel.map = std::move(heat);
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::optional<Figure> make_series_duration(const Tree& root) {
  const Result result(root);
  const auto members = members_of(result);
  if (!members)
    return std::nullopt;
  Figure figure;
  figure.width = 520;
  figure.description = "Relaxation time and exponent against the duration of the measurement";
  for (Index row = 0; row < 2; ++row) {
    const std::string name = row == 0 ? "tau_s" : "kww_exponent";
    Panel panel;
    panel.row = row;
    panel.x = {row == 0 ? "" : "duration (s)"};
    panel.x.share = 0;
    panel.x.show_labels = row == 1;
    panel.y = {row == 0 ? "τ (s)" : "β"};
    panel.legend = row == 0 ? Legend::right : Legend::none;
    for (std::size_t k = 0; k < members->trees.size(); ++k) {
      const auto length = numbers_of(members->trees[k], "duration/duration_s");
      for (const auto& [prefix, line, marker] :
           {std::tuple("time_mean_", Line::none, Marker::square),
            std::tuple("predicted_", Line::dashed, Marker::none)}) {
        const auto y = numbers_of(members->trees[k], "duration/" + (prefix + name));
        if (length.empty() || y.size() != length.size())
          continue;
        Series series;
        series.x = length;
        series.y = y;
        series.line = line;
        series.marker = marker;
        series.colour = members->colour(k);
        series.label = marker == Marker::square ? members->title(k) : "";
        panel.series.push_back(std::move(series));
      }
    }
    if (panel.series.empty())
      return std::nullopt;
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::optional<Figure> make_series_protocol(const Tree& root) {
  const Result result(root);
  const auto members = members_of(result);
  const auto start = result.numbers("ecm_series/start_s", 1);
  const auto length = result.numbers("ecm_series/duration_s", 1);
  if (!members || !start || !length)
    return std::nullopt;
  Figure figure;
  figure.width = 520;
  figure.description = "When each measurement was made";
  Panel panel;
  panel.x = {"time (h)"};
  panel.y = {members->axis()};
  panel.legend = Legend::none;
  constexpr double hour = 3600;
  std::vector<std::size_t> order(start->size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return (*start)[a] < (*start)[b]; });
  Series between;
  for (const std::size_t k : order)
    for (const double at : {(*start)[k], (*start)[k] + (*length)[k]}) {
      between.x.push_back(at / hour);
      between.y.push_back(members->value[k]);
    }
  between.line = Line::dotted;
  between.colour = data_colour;
  panel.series.push_back(std::move(between));
  for (std::size_t k = 0; k < start->size(); ++k) {
    Series bar;
    bar.x = {(*start)[k] / hour, ((*start)[k] + (*length)[k]) / hour};
    bar.y = {members->value[k], members->value[k]};
    bar.line_width = 4;
    bar.colour = members->colour(k);
    panel.series.push_back(std::move(bar));
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::vector<CaptionedFigure> make_series_figures(const Tree& root) {
  std::vector<CaptionedFigure> list;
  list.push_back(
      {"series",
       "Relaxation time and stretching exponent of the image, and the median of the pixels.",
       make_series_figure(root)});
  list.push_back({"series_histograms",
                  "Fractions of the fitted pixels per unit of ln τ; lines: log-normal laws of what "
                  "is seen.",
                  make_series_histograms(root)});
  list.push_back({"series_g2", "g₂ of the images with their fits.", make_series_g2(root)});
  list.push_back({"series_maps",
                  "Maps of the relaxation time in one scale of colours; pixels whose fit means "
                  "nothing in grey.",
                  make_series_maps(root)});
  list.push_back({"series_two_time",
                  "Two-time correlation of the images: a diagonal of constant width is stationary.",
                  make_series_two_time(root)});
  list.push_back({"series_duration",
                  "Relaxation time and exponent against the duration of the measurement, by time "
                  "means; dashed: what the finite duration alone makes of a stationary process.",
                  make_series_duration(root)});
  list.push_back({"series_protocol",
                  "When each measurement was made; dotted: from one to the next.",
                  make_series_protocol(root)});
  return list;
}

std::optional<Figure> make_k_map_figure(const Tree& root) {
  const Result result(root);
  const Array* tau = result.entry().find("k_map/tau_s");
  const Array* accepted = result.entry().find("k_map/accepted");
  if (tau == nullptr || accepted == nullptr || tau->shape.size() != 3)
    return std::nullopt;
  const Index bins = tau->shape[0], rows = tau->shape[1], wide = tau->shape[2];
  const auto numbers = to_numbers(*tau), use = to_numbers(*accepted);
  std::vector<float> values;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    values.push_back(use[i] != 0 ? static_cast<float>(numbers[i]) : NAN);
  const auto [low, high] = percentile_limits(values, 1, 99, Scale::log);
  const double step = result.entry().number_or("k_map/step_nm", NAN);
  const double pixel = std::isnan(step) ? 1 : step;
  const std::string unit = std::isnan(step) ? "places" : "nm";
  Figure figure;
  figure.width = 760;
  figure.description = "Maps of the relaxation time for each bin of the detector";
  constexpr Index most = 12;
  const Index shown = std::min(bins, most);
  const Index columns = columns_of(static_cast<std::size_t>(shown));
  for (Index i = 0; i < shown; ++i) {
    const Index bin = shown == bins ? i : i * (bins - 1) / (shown - 1);
    MapValues map{rows, wide, pixel, unit, {}};
    map.values.assign(values.begin() + bin * rows * wide, values.begin() + (bin + 1) * rows * wide);
    auto panel =
        make_map_panel(std::move(map), {result.bin_title(bin + 1), "τ (s)", Scale::log, low, high});
    place(panel, static_cast<std::size_t>(i), columns);
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::string ecm_series_table(const Tree& root) {
  const Result result(root);
  const auto members = members_of(result);
  if (!members)
    return "";
  Table table({members->axis(),
               "duration (s)",
               "τ (s)",
               "β",
               "contrast",
               "accepted",
               "median τ of pixels (s)",
               "width of ln τ",
               "correlation length (nm)",
               "drift (px)"});
  const auto column = [&](const char* name) {
    return result.quantity(std::string("ecm_series/") + name, {members->count()});
  };
  const auto cell = [&](const char* name, std::size_t k) {
    const auto quantity = column(name);
    return quantity ? format_value(quantity->values[k], quantity->errors[k]) : std::string();
  };
  for (std::size_t k = 0; k < members->value.size(); ++k)
    table.add({fmt::format("{:g}", members->value[k]),
               cell("duration_s", k),
               cell("tau_s", k),
               cell("kww_exponent", k),
               cell("contrast", k),
               cell("fitted_fraction", k),
               cell("tau_median_s", k),
               cell("tau_log_sigma", k),
               cell("tau_correlation_length_nm", k),
               cell("drift_total_px", k)});
  return table.html();
}

} // namespace vitrum::report
