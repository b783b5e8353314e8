#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/plot/reduce.hpp"
#include "vitrum/plot/ticks.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

constexpr int share_age = 0;

/// One panel of a stack: which number of a fit it shows.
struct Row {
  std::string label;
  Scale scale;
  std::function<const Quantity*(const ModelFit&)> pick;
};

std::vector<Row> aging_rows() {
  const auto named = [](const char* name) {
    return [name](const ModelFit& fit) { return fit.find(name); };
  };
  return {{"τ (s)", Scale::log, named("tau_s")},
          {"β", Scale::linear, [](const ModelFit& fit) { return fit.exponent(); }},
          {"⟨t⟩ (s)", Scale::log, named("mean_time_s")}};
}

bool has_points(const Panel& panel) {
  return std::any_of(panel.series.begin(), panel.series.end(), [&](const Series& s) {
    return std::any_of(s.y.begin(), s.y.end(), [&](double v) {
      return std::isfinite(v) && (panel.y.scale == Scale::linear || v > 0);
    });
  });
}

/// Numbers that a logarithmic axis would squeeze into less than a factor of two look better on a
/// linear one.
void choose_scale(Panel& panel) {
  double low = INFINITY, high = 0;
  for (const Series& series : panel.series)
    for (const double v : series.y)
      if (std::isfinite(v) && !series.at_edge) {
        low = std::min(low, v);
        high = std::max(high, v);
      }
  if (panel.y.scale == Scale::log && !(low > 0 && high > 3 * low))
    panel.y.scale = Scale::linear;
}

Series window_series(const Quantity& quantity, const Windows& windows, Index bin) {
  Series series;
  series.x = windows.age_s;
  series.y = row_copy(quantity.values, bin, windows.count());
  series.y_errors = row_copy(quantity.errors, bin, windows.count());
  series.line_width = 0.8;
  series.marker_size = 4;
  return series;
}

/// Puts the panels that hold points below each other on one age axis.
std::optional<Figure> stacked(std::vector<Panel> panels, const std::vector<Event>& events) {
  std::erase_if(panels, [](const Panel& panel) { return !has_points(panel); });
  if (panels.empty())
    return std::nullopt;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    Panel& panel = panels[i];
    choose_scale(panel);
    panel.row = static_cast<Index>(i);
    panel.height = 95;
    panel.x = {"age (s)", Scale::linear, automatic, automatic, share_age};
    panel.x.show_labels = i + 1 == panels.size();
    if (i > 0) {
      panel.legend = Legend::none;
      panel.colour_bar.reset();
    }
    panel.guides = event_guides(events);
    if (i > 0)
      for (auto& guide : panel.guides)
        guide.label.clear();
  }
  Figure figure;
  figure.width = 460;
  figure.panels = std::move(panels);
  return figure;
}

std::vector<Event> events_of(const Result& result, Index bin) {
  std::vector<Event> events = result.events();
  std::erase_if(events, [bin](const Event& event) { return event.bin != bin; });
  return events;
}

} // namespace

std::optional<Figure> make_aging_figure(const Tree& root, Index bin) {
  const Result result(root);
  const auto windows = result.windows();
  if (!windows || bin < 1 || bin > result.bins())
    return std::nullopt;
  const auto fits = result.window_fits();
  std::vector<Panel> panels;
  for (const Row& row : aging_rows()) {
    Panel& panel = panels.emplace_back();
    panel.y = {row.label, row.scale};
    for (std::size_t m = 0; m < fits.size(); ++m)
      if (const Quantity* quantity = row.pick(fits[m])) {
        Series series = window_series(*quantity, *windows, bin - 1);
        series.label = display_model(fits[m].model);
        series.colour = model_colour(static_cast<Index>(m));
        series.marker = model_marker(static_cast<Index>(m));
        add_fit_points(panel, std::move(series), fits[m], (bin - 1) * windows->count());
      }
  }
  const auto plateau = result.quantity("window/plateau", {result.bins(), windows->count()});
  if (plateau) {
    Panel& panel = panels.emplace_back();
    panel.y = {"g₂(0)"};
    Series series = window_series(*plateau, *windows, bin - 1);
    series.colour = data_colour;
    series.marker = Marker::diamond;
    panel.series.push_back(std::move(series));
  }
  auto figure = stacked(std::move(panels), events_of(result, bin));
  if (figure) {
    figure->panels[0].title = result.bin_title(bin);
    const auto drawn = [&](const ModelFit& fit) {
      for (Index k = 0; k < windows->count(); ++k)
        if (fit.good((bin - 1) * windows->count() + k))
          return true;
      return false;
    };
    if (!fits.empty() && std::none_of(fits.begin(), fits.end(), drawn))
      figure->panels[0].title += " (no fit of a window is good)";
    figure->description =
        fmt::format("Relaxation time, exponent, mean time and plateau of {} against age",
                    result.bin_title(bin));
  }
  return figure;
}

std::optional<Figure> make_aging_overlay(const Tree& root, const std::string& model) {
  const Result result(root);
  const auto windows = result.windows();
  if (!windows || result.bins() < 2)
    return std::nullopt;
  const auto fits = result.window_fits();
  const auto fit =
      std::find_if(fits.begin(), fits.end(), [&](const ModelFit& f) { return f.model == model; });
  if (fit == fits.end())
    return std::nullopt;
  const BinColours colours(result);
  std::vector<Panel> panels;
  for (const Row& row : aging_rows()) {
    const Quantity* quantity = row.pick(*fit);
    if (quantity == nullptr)
      continue;
    Panel& panel = panels.emplace_back();
    panel.y = {row.label, row.scale};
    panel.colour_bar = colours.bar();
    panel.legend = colours.bar() ? Legend::none : Legend::best;
    for (Index bin = 0; bin < result.bins(); ++bin) {
      Series series = window_series(*quantity, *windows, bin);
      series.colour = colours.of(bin);
      series.marker = model_marker(bin % 4);
      series.label = result.bin_title(bin + 1);
      add_fit_points(panel, std::move(series), *fit, bin * windows->count());
    }
  }
  auto figure = stacked(std::move(panels), {});
  if (figure) {
    figure->panels[0].title = display_model(model);
    figure->description =
        fmt::format("Relaxation of all bins against age, {} model", display_model(model));
  }
  return figure;
}

namespace {

/// Limits of y that hold every value whose error is at most `largest_error`, and `lower` to `upper`
/// at least. A value without an error counts when `largest_error` is infinite only.
std::pair<double, double>
decay_limits(const Panel& panel, double largest_error, double lower, double upper) {
  double lowest = INFINITY, highest = -INFINITY;
  for (const Series& series : panel.series)
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const bool known = std::isinf(largest_error) || series.y_errors[i] <= largest_error;
      if (!std::isfinite(series.y[i]) || !known)
        continue;
      lowest = std::min(lowest, series.y[i]);
      highest = std::max(highest, series.y[i]);
    }
  if (lowest <= highest)
    std::tie(lowest, highest) = padded_limits(lowest, highest, Scale::linear);
  return {std::min(lower, lowest), std::max(upper, highest)};
}

/// Infinite when there are no errors.
double median_error(const Panel& panel) {
  std::vector<double> errors;
  for (const Series& series : panel.series)
    for (const double error : series.y_errors)
      if (error > 0 && std::isfinite(error))
        errors.push_back(error);
  return errors.empty() ? INFINITY : median(errors);
}

} // namespace

std::vector<Index> windows_shown(Index windows) {
  constexpr Index most = 12;
  std::vector<Index> shown;
  const Index n = std::min(windows, most);
  for (Index i = 0; i < n; ++i) // the first and the last among them
    shown.push_back(n == 1 ? 0 : (i * (windows - 1) + (n - 1) / 2) / (n - 1));
  return shown;
}

std::optional<Figure> make_window_figure(const Tree& root, Index bin) {
  const Result result(root);
  const auto windows = result.windows();
  const auto lag_s = result.numbers("window/lag_s", 1);
  if (!windows || !lag_s || bin < 1 || bin > result.bins())
    return std::nullopt;
  const Index n = windows->count();
  const auto lags = static_cast<Index>(lag_s->size());
  const bool normalised = result.entry().find("window/decay") != nullptr;
  const auto values =
      result.quantity(normalised ? "window/decay" : "window/g2", {result.bins(), n, lags});
  if (!values || lags == 0)
    return std::nullopt;
  const auto [first, last] = std::minmax_element(windows->age_s.begin(), windows->age_s.end());
  Panel panel;
  panel.title = result.bin_title(bin);
  panel.height = 210;
  panel.x = {"lag (s)", Scale::log};
  panel.y = {normalised ? "R(lag, age)" : "g₂(lag, age)"};
  panel.legend = Legend::none;
  if (normalised)
    panel.guides.push_back({Direction::horizontal, 0, "", grey, Line::dotted});
  if (*first < *last)
    panel.colour_bar = ColourBar{ColourMap::viridis, Scale::linear, *first, *last, "age (s)", true};
  for (const Index k : windows_shown(n)) {
    Series series;
    series.x = *lag_s;
    series.y = row_copy(values->values, (bin - 1) * n + k, lags);
    series.y_errors = row_copy(values->errors, (bin - 1) * n + k, lags);
    const double age = windows->age_s[static_cast<std::size_t>(k)];
    series.colour = *first < *last
                        ? curve_colour(ColourMap::viridis, (age - *first) / (*last - *first))
                        : palette(0);
    series.marker = Marker::circle;
    series.marker_size = 3;
    series.line_width = 0.9;
    panel.series.push_back(std::move(series));
  }
  // deep in the noise values scatter without bounds; R is known to lie between 0 and 1
  const auto limits = normalised
                          ? decay_limits(panel, 0.2, -0.3, 1.3)
                          : decay_limits(panel, 5 * median_error(panel), INFINITY, -INFINITY);
  if (limits.first < limits.second) {
    std::tie(panel.y.lower, panel.y.upper) = limits;
    for (Series& series : panel.series) // lines to values far outside would hide the others
      for (double& value : series.y)
        if (value < limits.first || value > limits.second)
          value = NAN;
  }
  Figure figure;
  figure.width = 460;
  figure.description =
      fmt::format("Decay of correlation of {} in windows of age", result.bin_title(bin));
  figure.panels.push_back(std::move(panel));
  return figure;
}

namespace {

struct PowerLaw {
  double exponent = NAN, error = NAN, log_factor = 0; // ln y = log_factor + exponent·ln x
};

/// Straight line through ln y against ln x, weighted by (y / error)² where all errors are known.
PowerLaw fit_power_law(const Series& s) {
  bool weighted = true;
  for (std::size_t i = 0; i < s.x.size(); ++i)
    weighted = weighted && (!(s.y[i] > 0) || s.y_errors[i] > 0);
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  int count = 0;
  for (std::size_t i = 0; i < s.x.size(); ++i) {
    if (!(s.x[i] > 0) || !(s.y[i] > 0) || !std::isfinite(s.y[i]))
      continue;
    const double weight = weighted ? std::pow(s.y[i] / s.y_errors[i], 2) : 1.0;
    const double x = std::log(s.x[i]), y = std::log(s.y[i]);
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
    ++count;
  }
  const double determinant = w * wxx - wx * wx;
  if (count < 3 || !(determinant > 1e-12 * w * wxx))
    return {};
  PowerLaw law;
  law.exponent = (w * wxy - wx * wy) / determinant;
  law.log_factor = (wy - law.exponent * wx) / w;
  if (weighted) {
    double chi2 = 0;
    for (std::size_t i = 0; i < s.x.size(); ++i)
      if (s.x[i] > 0 && s.y[i] > 0 && std::isfinite(s.y[i]))
        chi2 += std::pow((std::log(s.y[i]) - law.log_factor - law.exponent * std::log(s.x[i])) *
                             s.y[i] / s.y_errors[i],
                         2);
    // points further from a power law than their errors make the exponent that much less certain
    law.error = std::sqrt(w / determinant * std::max(1.0, chi2 / (count - 2)));
  }
  return law;
}

/// From the first to the last of the points that made the law.
Series guide_line(const Series& points, const PowerLaw& law) {
  Series line;
  double low = INFINITY, high = 0;
  for (std::size_t i = 0; i < points.x.size(); ++i)
    if (points.y[i] > 0 && std::isfinite(points.y[i])) {
      low = std::min(low, points.x[i]);
      high = std::max(high, points.x[i]);
    }
  for (const double x : {low, high}) {
    line.x.push_back(x);
    line.y.push_back(std::exp(law.log_factor + law.exponent * std::log(x)));
  }
  line.colour = points.colour;
  line.line = Line::dashed;
  line.line_width = 1;
  line.label = fmt::format("∝ q^({})", format_value(law.exponent, law.error));
  return line;
}

} // namespace

std::optional<Figure> make_tau_q_figure(const Tree& root) {
  const Result result(root);
  if (result.q().size() < 3 ||
      std::any_of(result.q().begin(), result.q().end(), [](double q) { return !(q > 0); }))
    return std::nullopt;
  Panel panel;
  panel.height = 210;
  panel.x = {result.q_unit().empty() ? "q" : fmt::format("q ({})", result.q_unit()), Scale::log};
  panel.y = {"τ (s)", Scale::log};
  const auto fits = result.fits();
  for (std::size_t m = 0; m < fits.size(); ++m) {
    const Quantity* tau = fits[m].find("tau_s");
    if (tau == nullptr)
      continue;
    Series series;
    series.x = result.q();
    series.y = tau->values;
    series.y_errors = tau->errors;
    series.line = Line::none;
    series.marker = model_marker(static_cast<Index>(m));
    series.marker_size = 5;
    series.colour = model_colour(static_cast<Index>(m));
    series.label = display_model(fits[m].model);
    const std::size_t place = panel.series.size();
    add_fit_points(panel, std::move(series), fits[m], 0);
    const Series& good = panel.series[place];
    const PowerLaw law = fit_power_law(good);
    if (std::isfinite(law.exponent))
      panel.series.push_back(guide_line(good, law));
  }
  if (!has_points(panel))
    return std::nullopt;
  Figure figure;
  figure.width = 420;
  figure.description = "Relaxation time against q";
  figure.panels.push_back(std::move(panel));
  return figure;
}

} // namespace vitrum::report
