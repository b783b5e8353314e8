#include <cmath>

#include <fmt/format.h>

#include "fem_parts.hpp"
#include "figure_parts.hpp"
#include "vitrum/report/fem_figures.hpp"

namespace vitrum::report {

using namespace plot;

std::optional<Figure> make_places_figure(const Tree& root, Index series) {
  const auto parts = fem_parts(root);
  if (series < 1 || series > static_cast<Index>(parts.size()))
    return std::nullopt;
  const Tree* places = parts[static_cast<std::size_t>(series - 1)].group->find_group("places");
  if (places == nullptr || places->find("intensity") == nullptr)
    return std::nullopt;
  const auto& shape = places->at("intensity").shape;
  Figure figure;
  figure.width = 700;
  figure.description = "Intensity and local variance of each place of the probe";
  Index column = 0;
  for (const auto& [name, title] :
       {std::pair("intensity", "mean counts"), {"local_variance", "V within the ring"}}) {
    const auto values = places->numbers(name);
    Panel panel;
    panel.column = column++;
    panel.title = title;
    panel.legend = Legend::none;
    if (shape.size() == 2) {
      panel.grid = false;
      panel.aspect = static_cast<double>(shape[0]) / static_cast<double>(shape[1]);
      panel.x = {"column of the scan"};
      panel.y = {"row of the scan"};
      HeatMap map;
      map.rows = shape[0];
      map.columns = shape[1];
      map.values.assign(values.begin(), values.end());
      map.x_first = map.y_first = -0.5;
      map.x_last = static_cast<double>(shape[1]) - 0.5;
      map.y_last = static_cast<double>(shape[0]) - 0.5;
      panel.x.lower = panel.y.lower = -0.5;
      panel.x.upper = map.x_last;
      panel.y.upper = map.y_last;
      map.origin = Origin::top_left;
      panel.map = std::move(map);
    } else {
      panel.height = 200;
      panel.x.label = "pattern";
      Series points;
      for (std::size_t i = 0; i < values.size(); ++i) {
        points.x.push_back(static_cast<double>(i));
        points.y.push_back(values[i]);
      }
      points.line = Line::none;
      points.marker = Marker::circle;
      points.marker_size = 3;
      points.colour = palette(0);
      panel.series.push_back(std::move(points));
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::optional<Figure> make_angular_figure(const Tree& root, Index series) {
  const auto parts = fem_parts(root);
  if (series < 1 || series > static_cast<Index>(parts.size()))
    return std::nullopt;
  const auto& part = parts[static_cast<std::size_t>(series - 1)];
  const Tree* angular = part.group->find_group("angular");
  if (angular == nullptr)
    return std::nullopt;
  const auto& shape = angular->at("correlation").shape;
  const auto k = angular->numbers("k"), phi = angular->numbers("delta_phi_deg"),
             values = angular->numbers("correlation");
  Figure figure;
  figure.width = 760;
  figure.description = "Angular correlation of the rings and symmetries of the first peak";
  Panel left;
  left.height = 240;
  left.title = "C(k, Δφ)";
  left.grid = false;
  left.legend = Legend::none;
  left.x.label = "Δφ (°)";
  left.y.label = fmt::format("k ({})", part.unit);
  HeatMap map;
  map.rows = shape[0];
  map.columns = shape[1];
  map.values.assign(values.begin(), values.end());
  const double dk = k.size() > 1 ? k[1] - k[0] : 1, dphi = phi[1] - phi[0];
  map.x_first = phi.front() - 0.5 * dphi;
  map.x_last = phi.back() + 0.5 * dphi;
  map.y_first = k.front() - 0.5 * dk;
  map.y_last = k.back() + 0.5 * dk;
  map.lower_percentile = 2;
  map.upper_percentile = 98;
  left.x.lower = 0;
  left.x.upper = phi.back();
  left.y.lower = map.y_first;
  left.y.upper = std::min(map.y_last, clear_range(part).second);
  left.map = std::move(map);
  Panel right;
  right.column = 1;
  right.height = 240;
  right.title = "symmetry of the first peak";
  right.legend = Legend::none;
  right.x.label = "n";
  right.y.label = "coefficient of cos nΔφ";
  Series points;
  points.x = angular->numbers("order");
  points.y = angular->numbers("symmetry");
  points.y_errors = angular->numbers("symmetry_errors");
  points.line = Line::none;
  points.marker = Marker::circle;
  points.marker_size = 6;
  points.colour = palette(0);
  right.guides.push_back({Direction::horizontal, 0, ""});
  right.series.push_back(std::move(points));
  figure.panels = {std::move(left), std::move(right)};
  return figure;
}

} // namespace vitrum::report
