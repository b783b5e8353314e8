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
  bars.label = "accepted pixels";
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

std::optional<Figure> make_domain_figure(const Tree&) {
  return std::nullopt;
}

std::optional<Figure> make_duration_figure(const Tree&) {
  return std::nullopt;
}

} // namespace vitrum::report
