#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/report/ecm_figures.hpp"

namespace vitrum::report {

using namespace plot;

std::optional<Figure> make_histogram_figure(const Tree& root) {
  const Result result(root);
  const auto tau = result.numbers("pixels/tau_s", 1);
  const auto density = result.numbers("pixels/density", 1);
  if (!tau || !density)
    return std::nullopt;
  Figure figure;
  figure.width = 460;
  figure.description = "Histogram of the relaxation times of the pixels";
  Panel panel;
  panel.height = 200;
  panel.x = {"τ (s)", Scale::log};
  panel.y = {"pixels per unit of ln τ"};
  Series bars;
  bars.x = *tau;
  bars.y = *density;
  bars.line = Line::none;
  bars.marker = Marker::circle;
  bars.colour = data_colour;
  bars.label = "fitted pixels";
  panel.series.push_back(std::move(bars));
  Index k = 0;
  for (const auto& [name, label, line] :
       {std::tuple("density_fit", "log-normal", Line::solid),
        std::tuple("density_without_noise", "without noise", Line::dashed)})
    if (const auto values = result.numbers(std::string("pixels/") + name, 1)) {
      Series curve;
      curve.x = *tau;
      curve.y = *values;
      curve.label = label;
      curve.line = line;
      curve.colour = palette(k++);
      panel.series.push_back(std::move(curve));
    }
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_domain_figure(const Tree& root) {
  const Result result(root);
  const auto distance = result.numbers("space/distance_nm", 1);
  const auto covariance = result.numbers("space/covariance", 1);
  if (!distance || distance->empty() || !covariance)
    return std::nullopt;
  Figure figure;
  figure.width = 680;
  figure.description = "Covariance of ln tau against distance, and domains of slow pixels";
  Panel panel;
  panel.height = 220;
  panel.x = {"distance (nm)"};
  panel.y = {"covariance of ln τ"};
  Series points;
  points.x = *distance;
  points.y = *covariance;
  points.line = Line::none;
  points.marker = Marker::circle;
  points.marker_size = 3;
  points.colour = data_colour;
  points.label = "map";
  panel.series.push_back(std::move(points));
  Index k = 0;
  for (const auto& [name, label] :
       {std::pair("sample", "sample"), std::pair("noise", "noise of the fits")})
    if (const auto values = result.numbers(std::string("space/") + name, 1)) {
      Series curve;
      curve.x = *distance;
      curve.y = *values;
      curve.label = label;
      curve.colour = palette(k++);
      panel.series.push_back(std::move(curve));
    }
  figure.panels.push_back(std::move(panel));
  const Array* labels = result.entry().find("map/domain_labels");
  if (labels != nullptr && labels->shape.size() == 2) {
    const double pixel = result.entry().number_or("map/pixel_nm", 1);
    Panel map;
    map.column = 1;
    map.grid = false;
    map.legend = Legend::none;
    map.x = {"x (nm)"};
    map.y = {"y (nm)"};
    HeatMap heat;
    heat.rows = labels->shape[0];
    heat.columns = labels->shape[1];
    heat.x_last = pixel * static_cast<double>(heat.columns);
    heat.y_last = pixel * static_cast<double>(heat.rows);
    map.aspect = heat.y_last / heat.x_last;
    heat.origin = Origin::top_left;
    heat.scale = Scale::log;
    heat.lower_percentile = 1;
    heat.upper_percentile = 99;
    heat.label = "τ (s)";
    const auto tau = result.entry().numbers("map/tau_s");
    const auto accepted = result.entry().numbers("map/accepted");
    for (std::size_t i = 0; i < tau.size(); ++i)
      heat.values.push_back(accepted[i] != 0 ? static_cast<float>(tau[i]) : NAN);
    Overlay overlay;
    overlay.rows = heat.rows;
    overlay.columns = heat.columns;
    for (const double label : to_numbers(*labels))
      overlay.labels.push_back(label > 0 ? 1 : 0);
    overlay.colours = {palette(1)};
    overlay.opacity = 0.8;
    map.overlays.push_back(std::move(overlay));
    map.map = std::move(heat);
    figure.panels.push_back(std::move(map));
  }
  return figure;
}

std::optional<Figure> make_four_point_figure(const Tree& root) {
  const Result result(root);
  const auto lag = result.numbers("four_point/lag_s", 1);
  const auto distance = result.numbers("four_point/distance_nm", 1);
  if (!lag || !distance)
    return std::nullopt;
  const std::vector<Index> shape{static_cast<Index>(lag->size()),
                                 static_cast<Index>(distance->size())};
  Figure figure;
  figure.width = 680;
  figure.description = "Four-point correlation against distance";
  Index column = 0;
  for (const auto& [name, title] :
       {std::pair("together", "at one time"), std::pair("apart", "half a series apart")}) {
    const auto values = result.quantity(std::string("four_point/") + name, shape);
    if (!values)
      return std::nullopt;
    Panel panel;
    panel.column = column++;
    panel.title = title;
    panel.height = 200;
    panel.x = {"distance (nm)"};
    panel.y = {"G₄"};
    panel.legend = column == 2 ? Legend::top_right : Legend::none;
    for (Index k = 0; k < shape[0]; ++k) {
      Series curve;
      curve.x = *distance;
      curve.y = row_copy(values->values, k, shape[1]);
      curve.colour = palette(k);
      curve.label = "lag " + format_value((*lag)[static_cast<std::size_t>(k)], NAN, "s");
      panel.series.push_back(std::move(curve));
      Band band;
      band.x = *distance;
      const auto errors = row_copy(values->errors, k, shape[1]);
      for (std::size_t i = 0; i < distance->size(); ++i) {
        band.lower.push_back(panel.series.back().y[i] - errors[i]);
        band.upper.push_back(panel.series.back().y[i] + errors[i]);
      }
      band.colour = faded(palette(k), 0.2);
      panel.bands.push_back(std::move(band));
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

namespace {

/// Both laws of the growth of τ by time means, up to the longest duration.
void add_asymptotes(const Result& result, const std::vector<double>& duration, Panel& panel) {
  const auto law = [&](const char* name, const char* label, Index colour, auto shape) {
    const auto number = [&](const char* what) {
      return result.entry().number_or(fmt::format("duration/{}_{}", name, what), NAN);
    };
    const double tau = number("tau_s"), scale = number("time_s");
    if (!std::isfinite(tau) || !(scale > 0))
      return;
    Series curve;
    constexpr int points = 60;
    for (int i = 0; i <= points; ++i) {
      const double t = duration.front() + (duration.back() - duration.front()) * i / points;
      curve.x.push_back(t);
      curve.y.push_back(tau * shape(t / scale));
    }
    curve.line = Line::dotted;
    curve.colour = palette(colour);
    curve.label = fmt::format("{}, τ∞ = {}", label, format_value(tau, number("tau_s_errors"), "s"));
    panel.series.push_back(std::move(curve));
  };
  law("hyperbolic", "T/(T + T₀)", 2, [](double u) { return u / (u + 1); });
  law("exponential", "1 − exp(−T/T₀)", 3, [](double u) { return -std::expm1(-u); });
}

} // namespace

std::optional<Figure> make_duration_figure(const Tree& root) {
  const Result result(root);
  const auto duration = result.numbers("duration/duration_s", 1);
  if (!duration)
    return std::nullopt;
  const auto n = static_cast<Index>(duration->size());
  Figure figure;
  figure.width = 460;
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
    Index k = 0;
    for (const auto& [prefix, label, line, marker] :
         {std::tuple("", "pixel means", Line::none, Marker::circle),
          std::tuple("time_mean_", "time means", Line::none, Marker::square),
          std::tuple("predicted_", "predicted for time means", Line::dashed, Marker::none)}) {
      const auto quantity = result.quantity("duration/" + (prefix + name), {n});
      if (!quantity)
        continue;
      Series series;
      series.x = *duration;
      series.y = quantity->values;
      series.y_errors = quantity->errors;
      series.label = label;
      series.line = line;
      series.marker = marker;
      series.colour = palette(std::min<Index>(k++, 1));
      panel.series.push_back(std::move(series));
    }
    if (row == 0)
      add_asymptotes(result, *duration, panel);
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

} // namespace vitrum::report
