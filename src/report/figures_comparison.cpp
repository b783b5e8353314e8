#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "comparison.hpp"
#include "figure_parts.hpp"
#include "vitrum/plot/ticks.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

constexpr int share_lag = 0;

Series curve_of(const ComparisonOfBin& c, std::size_t model) {
  Series series;
  series.x = c.curve_lag_s;
  series.y = c.curves[model];
  series.label = display_model(c.models[model]);
  series.colour = model_colour(static_cast<Index>(model));
  series.line = model_line(static_cast<Index>(model));
  series.line_width = 1.4;
  return series;
}

Series limit_of(const ComparisonOfBin& c, const std::vector<double>& y, const char* label) {
  Series series;
  series.x = c.curve_lag_s;
  series.y = y;
  series.label = label;
  series.colour = grey;
  series.line = Line::dotted;
  series.at_edge = false;
  return series;
}

/// Positive values only: the axis is logarithmic. A bar that reaches zero ends at the axis.
Series points_of(const ComparisonOfBin& c) {
  Series series;
  series.x = c.lag_s;
  series.y = c.decay;
  series.y_errors = c.decay_errors;
  for (double& v : series.y)
    v = v > 0 ? v : NAN;
  series.label = "data";
  series.line = Line::none;
  series.marker = Marker::circle;
  series.marker_size = 3.6;
  series.colour = data_colour;
  return series;
}

} // namespace

std::optional<Figure> make_comparison_figure(const Tree& root, Index bin) {
  const Result result(root);
  const auto comparison = comparison_of(result, bin);
  if (!comparison)
    return std::nullopt;
  const auto& c = *comparison;
  Figure figure;
  figure.width = 460;
  figure.description =
      fmt::format("Normalised decay of {} with the laws compared and their relative residuals",
                  result.bin_title(bin));
  double lowest = 1, highest = 1; // of what the axis shows
  for (std::size_t i = 0; i < c.decay.size(); ++i)
    if (c.decay[i] > 0) {
      lowest = std::min(lowest, std::max(c.decay[i] - c.decay_errors[i], c.decay[i] / 3));
      highest = std::max(highest, c.decay[i]);
    }
  const double room = lowest / 2; // for laws that fall below the data; one that dives leaves
  for (const auto& curve : c.curves)
    for (const double v : curve)
      if (v > 0)
        lowest = std::min(lowest, std::max(v, room));
  Panel panel;
  panel.title = result.bin_title(bin);
  panel.height = 230;
  panel.x = {"", Scale::log, automatic, automatic, share_lag, false};
  panel.y = {"R = (g₂ − g₂(∞)) / (g₂(0) − g₂(∞))", Scale::log, lowest / 1.3, highest * 1.3};
  panel.legend = Legend::bottom_left;
  panel.series.push_back(points_of(c));
  for (std::size_t m = 0; m < c.models.size(); ++m) {
    panel.series.push_back(curve_of(c, m));
    for (double& v : panel.series.back().y)
      v = v > lowest / 1.3 ? v : NAN;
  }
  const auto clipped = [&](std::vector<double> y) {
    for (double& v : y)
      v = v > lowest / 1.3 && v < highest * 1.3 ? v : NAN;
    return y;
  };
  if (c.has_limits) {
    panel.series.push_back(limit_of(c, clipped(c.ml_short_time), "stretched exponential, t ≪ τ"));
    panel.series.push_back(limit_of(c, clipped(c.ml_long_time), "power law, t ≫ τ"));
    panel.series.back().line = Line::dashed;
  }
  if (c.lag_difference_level > lowest / 1.3) {
    // in the title: at the right end of the guide the curves run through it
    panel.title += fmt::format("; Δt = {} at R = {}",
                               format_value(c.lag_difference_s, c.lag_difference_error_s, "s"),
                               plot::short_number(c.lag_difference_level, 2));
    panel.guides.push_back({Direction::horizontal, c.lag_difference_level, "", grey, Line::dotted});
  }
  figure.panels.push_back(std::move(panel));

  Panel strip;
  strip.row = 1;
  strip.height = 90;
  strip.x = {"lag (s)", Scale::log, automatic, automatic, share_lag};
  strip.y = {"(R − fit) / fit"};
  strip.legend = Legend::none;
  strip.guides.push_back({Direction::horizontal, 0, "", grey, Line::solid});
  double limit = 0.02;
  for (std::size_t m = 0; m < std::min<std::size_t>(c.models.size(), 2); ++m) {
    Series series = points_of(c);
    series.label = "";
    series.colour = model_colour(static_cast<Index>(m));
    series.marker = model_marker(static_cast<Index>(m));
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double fit = c.fits[m][i];
      series.y[i] = fit > 0 ? (c.decay[i] - fit) / fit : NAN;
      series.y_errors[i] = fit > 0 ? c.decay_errors[i] / fit : NAN;
      if (std::isfinite(series.y[i]) && series.y_errors[i] < 0.3)
        limit = std::max(limit, 1.2 * std::abs(series.y[i]));
    }
    strip.series.push_back(std::move(series));
  }
  limit = std::min(limit, 1.0);
  strip.y.lower = -limit;
  strip.y.upper = limit;
  for (Series& series : strip.series)
    for (std::size_t i = 0; i < series.y.size(); ++i)
      if (!(std::abs(series.y[i]) <= limit)) // beyond the strip: where the fit is nearly zero
        series.y[i] = NAN;
  figure.panels.push_back(std::move(strip));
  return figure;
}

} // namespace vitrum::report
