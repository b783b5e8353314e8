#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

constexpr int share_lag = 0;

Series points_of(const Curves& g2, Index bin) {
  const auto lags = static_cast<Index>(g2.lag_s.size());
  Series series;
  series.x = g2.lag_s;
  series.y = row_copy(g2.values, bin, lags);
  series.y_errors = row_copy(g2.errors, bin, lags);
  series.line = Line::none;
  series.marker = Marker::circle;
  series.marker_size = 3.6;
  series.colour = data_colour;
  return series;
}

Series fit_curve(const Curves& g2, const ModelFit& fit, Index bin, Index model) {
  const auto lags = static_cast<Index>(g2.lag_s.size());
  Series series;
  series.x = g2.lag_s;
  series.y = row_copy(fit.curve, bin, lags);
  series.label = display_model(fit.model);
  series.colour = model_colour(model);
  series.line = model_line(model);
  series.line_width = 1.4;
  return series;
}

/// (g2 − fit) / error; points without an error are left out.
Series residuals(const Curves& g2, const ModelFit& fit, Index bin, Index model) {
  Series series = fit_curve(g2, fit, bin, model);
  const Series data = points_of(g2, bin);
  for (std::size_t i = 0; i < series.y.size(); ++i)
    series.y[i] = data.y_errors[i] > 0 ? (data.y[i] - series.y[i]) / data.y_errors[i] : NAN;
  series.line = Line::none;
  series.marker = model_marker(model);
  series.marker_size = 3;
  return series;
}

/// Room for the largest residual, but no more than ±10 errors, and ±3 at least.
double residual_limit(const Panel& panel) {
  double largest = 3;
  for (const Series& series : panel.series)
    for (const double r : series.y)
      if (std::isfinite(r))
        largest = std::max(largest, std::abs(r) * 1.1);
  return std::min(largest, 10.0);
}

/// Residuals beyond the limit become hollow marks at the edge of the strip.
void clamp_residuals(Panel& strip, double limit) {
  std::vector<Series> beyond;
  for (Series& series : strip.series) {
    Series edge = series;
    edge.hollow = true;
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const bool outside = std::abs(series.y[i]) > limit;
      edge.y[i] = outside ? std::copysign(0.84 * limit, series.y[i]) : NAN;
      series.y[i] = outside ? NAN : series.y[i];
    }
    beyond.push_back(std::move(edge));
  }
  strip.series.insert(strip.series.end(), beyond.begin(), beyond.end());
}

/// The exact g2 of a virtual experiment that does not change with time.
std::optional<Series> truth_curve(const Result& result, Index bin) {
  const auto lag = result.numbers("truth/lag_s", 1);
  if (!lag || !result.stationary_truth())
    return std::nullopt;
  const auto n = static_cast<Index>(lag->size());
  const auto g2 = result.quantity("truth/g2", {result.bins(), n});
  if (!g2)
    return std::nullopt;
  Series series;
  series.x = *lag;
  series.y = row_copy(g2->values, bin, n);
  series.colour = palette(2);
  series.line_width = 1;
  series.label = "truth";
  return series;
}

struct Page {
  const Result& result;
  const Curves& g2;
  const std::vector<ModelFit>& fits;
  Index columns = 1;
  bool with_residuals = false;
};

void add_bin(Figure& figure, const Page& page, Index bin, Index place, bool lowest) {
  Panel curves;
  curves.row = place / page.columns * (page.with_residuals ? 2 : 1);
  curves.column = place % page.columns;
  curves.title = page.result.bin_title(bin + 1);
  curves.height = page.columns == 1 ? 190 : 115;
  curves.x = {"lag (s)", Scale::log, automatic, automatic, share_lag};
  curves.y.label = curves.column == 0 ? "g₂" : "";
  curves.series.push_back(points_of(page.g2, bin));
  curves.series.back().label = place == 0 ? "data" : "";
  if (auto truth = truth_curve(page.result, bin)) {
    truth->label = place == 0 ? truth->label : "";
    curves.series.push_back(std::move(*truth));
  }
  Panel strip;
  strip.row = curves.row + 1;
  strip.column = curves.column;
  strip.height = page.columns == 1 ? 50 : 32;
  strip.x = curves.x;
  strip.y.label = curves.column == 0 ? "Δ/σ" : "";
  strip.legend = Legend::none;
  strip.guides.push_back({Direction::horizontal, 0, "", grey, Line::solid});
  for (std::size_t m = 0; m < page.fits.size(); ++m) {
    const ModelFit& fit = page.fits[m];
    if (fit.curve.empty())
      continue;
    curves.series.push_back(fit_curve(page.g2, fit, bin, static_cast<Index>(m)));
    if (place != 0)
      curves.series.back().label.clear();
    strip.series.push_back(residuals(page.g2, fit, bin, static_cast<Index>(m)));
  }
  strip.y.upper = residual_limit(strip);
  strip.y.lower = -strip.y.upper;
  clamp_residuals(strip, strip.y.upper);
  (page.with_residuals ? strip : curves).x.show_labels = lowest;
  if (page.with_residuals)
    curves.x.show_labels = false;
  figure.panels.push_back(std::move(curves));
  if (page.with_residuals)
    figure.panels.push_back(std::move(strip));
}

} // namespace

std::vector<Figure> make_g2_figures(const Tree& root, const std::string& group) {
  const Result result(root);
  std::vector<Figure> figures;
  const auto g2 = result.g2(group);
  if (!g2 || g2->lag_s.empty())
    return figures;
  const auto fits = result.fits(group);
  Page page{result, *g2, fits};
  page.with_residuals =
      std::any_of(fits.begin(), fits.end(), [](const ModelFit& fit) { return !fit.curve.empty(); });
  for (Index first = 0; first < result.bins(); first += bins_per_figure) {
    const Index n = std::min(bins_per_figure, result.bins() - first);
    page.columns = n == 1 ? 1 : n <= 4 ? 2 : 3;
    Figure& figure = figures.emplace_back();
    figure.width = n == 1 ? 420 : n <= 4 ? 520 : 640;
    figure.description =
        n == 1 ? "g2 against lag with fits and residuals"
               : fmt::format("g2 against lag of bins {} to {} with fits and residuals",
                             first + 1,
                             first + n);
    for (Index i = 0; i < n; ++i)
      add_bin(figure, page, first + i, i, i + page.columns >= n);
  }
  return figures;
}

std::optional<Figure> make_g2_overlay(const Tree& root) {
  const Result result(root);
  const auto g2 = result.g2();
  if (!g2 || g2->lag_s.empty() || result.bins() < 2)
    return std::nullopt;
  const auto fits = result.fits();
  const BinColours colours(result);
  Panel panel;
  panel.height = 230;
  panel.x = {"lag (s)", Scale::log};
  panel.y = {"g₂"};
  panel.colour_bar = colours.bar();
  panel.legend = result.bins() <= 12 && !panel.colour_bar ? Legend::best : Legend::none;
  for (Index bin = 0; bin < result.bins(); ++bin) {
    Series data = points_of(*g2, bin);
    data.colour = colours.of(bin);
    data.label = result.bin_title(bin + 1);
    data.marker = model_marker(bin % 4);
    panel.series.push_back(std::move(data));
    const std::string preferred = result.preferred_model(bin + 1);
    const ModelFit* chosen = nullptr;
    for (const ModelFit& fit : fits)
      if (!fit.curve.empty() && (chosen == nullptr || fit.model == preferred))
        chosen = &fit;
    if (chosen != nullptr) {
      Series line = fit_curve(*g2, *chosen, bin, 0);
      line.colour = colours.of(bin);
      line.line = Line::solid;
      line.line_width = 1;
      line.label.clear();
      panel.series.push_back(std::move(line));
    }
  }
  Figure figure;
  figure.width = 480;
  figure.description = "g2 of all bins against lag";
  figure.panels.push_back(std::move(panel));
  return figure;
}

} // namespace vitrum::report
