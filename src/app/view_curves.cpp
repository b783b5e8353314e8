#include <cmath>

#include <fmt/format.h>

#include "smooth_curve.hpp"
#include "vitrum/app/view.hpp"
#include "vitrum/models/decay.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {

plot::Figure make_figure(const RangeG2& g2) {
  plot::Panel panel;
  panel.title = fmt::format("ages {:.6g} to {:.6g} {}", g2.first_s, g2.last_s, g2.time_unit);
  panel.x = {fmt::format("lag ({})", g2.time_unit), plot::Scale::log};
  panel.y = {"g₂"};
  plot::Series points;
  points.x = g2.lag_s;
  points.y = g2.value;
  points.y_errors = g2.error;
  points.label = "g₂";
  points.colour = plot::black;
  points.line = plot::Line::none;
  points.marker = plot::Marker::circle;
  panel.series.push_back(std::move(points));
  for (std::size_t m = 0; m < g2.fits.size(); ++m) {
    const auto& fit = g2.fits[m];
    if (fit.status == fit::FitStatus::too_few_points || g2.lag_s.size() < 2)
      continue;
    std::vector<double> values;
    for (const auto& parameter : fit.parameters)
      values.push_back(parameter.value);
    auto smooth = smooth_curve(fit.model, values, g2.lag_s.front(), g2.lag_s.back());
    plot::Series curve;
    curve.x = std::move(smooth.lag_s);
    curve.y = std::move(smooth.g2);
    curve.label = report::display_model(models::name(fit.model));
    curve.colour = plot::palette(static_cast<Index>(m));
    panel.series.push_back(std::move(curve));
  }
  plot::Figure figure;
  figure.description = "g2 of a range of ages with its fits";
  figure.panels.push_back(std::move(panel));
  return plot::with_limits(std::move(figure));
}

plot::Figure make_figure(const MapCut& cut) {
  plot::Panel panel;
  panel.x = {fmt::format("time ({})", cut.time_unit)};
  panel.y = {cut.label};
  plot::Series curve;
  curve.x = cut.time_s;
  curve.y = cut.value;
  curve.line_width = 0.8;
  if (!cut.time_s.empty()) {
    const double step = cut.time_s.size() > 1 ? cut.time_s[1] - cut.time_s[0] : 1;
    panel.x.lower = cut.time_s.front() - step / 2;
    panel.x.upper = cut.time_s.back() + step / 2;
  }
  panel.series.push_back(std::move(curve));
  plot::Figure figure;
  figure.description = cut.label;
  figure.panels.push_back(std::move(panel));
  return plot::with_limits(std::move(figure));
}

} // namespace vitrum::app
