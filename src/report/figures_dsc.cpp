#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/report/companion_figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

constexpr const char* temperature_label = "temperature (°C)";

std::vector<const Tree*> curves_of(const Tree& root) {
  std::vector<const Tree*> curves;
  while (const Tree* curve = root.find_group(fmt::format("entry/curve_{}", curves.size() + 1))) {
    if (curve->find("heat_flow") == nullptr)
      break;
    curves.push_back(curve);
  }
  return curves;
}

std::string flow_label(const Tree& curve) {
  const std::string unit = attribute_text(curve.at("heat_flow").attributes, "units");
  return fmt::format("heat flow{}, exo {} {}",
                     unit.empty() ? "" : fmt::format(" ({})", unit),
                     curve.text("exotherms"),
                     curve.text("exotherms") == "up" ? "↑" : "↓");
}

struct Limits {
  double first = -INFINITY, last = INFINITY;
};

/// What of a line lies within the limits.
Series clipped(std::vector<double> x, std::vector<double> y, Limits limits) {
  Series series;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] >= limits.first && x[i] <= limits.last) {
      series.x.push_back(x[i]);
      series.y.push_back(y[i]);
    }
  return series;
}

double number_of(const Tree& curve, const std::string& name) {
  if (curve.find("numbers/name") == nullptr)
    return NAN;
  const auto names = curve.texts("numbers/name");
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end()
             ? NAN
             : curve.numbers("numbers/value")[static_cast<std::size_t>(at - names.begin())];
}

double error_of(const Tree& curve, const std::string& name) {
  const auto names = curve.texts("numbers/name");
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end()
             ? NAN
             : curve.numbers("numbers/value_errors")[static_cast<std::size_t>(at - names.begin())];
}

void add_curve(Panel& panel, const Tree& curve, Index k, Limits limits, double shift, bool label) {
  auto values = curve.numbers("heat_flow");
  for (double& v : values)
    v += shift;
  auto series = clipped(curve.numbers("temperature_c"), std::move(values), limits);
  series.colour = palette(k);
  if (label)
    series.label =
        curve.text("name") +
        (shift == 0 ? "" : fmt::format(" ({}{:.2g})", shift > 0 ? "+" : "−", std::abs(shift)));
  panel.series.push_back(std::move(series));
}

/// Lines of the construction: baselines dashed, tangents solid.
void add_construction(Panel& panel, const Tree& curve, Limits limits, bool glass) {
  const Tree* lines = curve.find_group("construction");
  if (lines == nullptr)
    return;
  for (const auto& [name, line] : lines->groups()) {
    const bool of_glass = name == "glass" || name == "liquid" || name == "glass transition";
    if (of_glass != glass)
      continue;
    auto series = clipped(line.numbers("temperature_c"), line.numbers("heat_flow"), limits);
    if (series.x.size() < 2) {
      // an end outside: the straight line is cut at the limit
      const auto t = line.numbers("temperature_c"), h = line.numbers("heat_flow");
      series.x = {std::max(t[0], limits.first), std::min(t[1], limits.last)};
      if (!(series.x[0] < series.x[1]))
        continue;
      series.y.clear();
      for (const double x : series.x)
        series.y.push_back(h[0] + (h[1] - h[0]) * (x - t[0]) / (t[1] - t[0]));
    }
    const bool tangent =
        name.starts_with("glass transition") || name.starts_with("crystallisation");
    series.colour = black;
    series.line = tangent ? Line::solid : Line::dashed;
    series.line_width = 0.9;
    panel.series.push_back(std::move(series));
  }
}

void add_guides(Panel& panel, const Tree& curve, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const double at = number_of(curve, name); std::isfinite(at)) {
      Guide guide;
      guide.at = at;
      panel.guides.push_back(guide);
    }
}

std::string note_of(const Tree& curve, const std::string& label, const std::string& name) {
  const double value = number_of(curve, name);
  return std::isfinite(value)
             ? fmt::format("{} {}", label, format_value(value, error_of(curve, name), "°C"))
             : "";
}

/// A part of one curve at its own scale.
Panel zoom(const Tree& curve, Index k, bool glass) {
  const double onset = number_of(curve, glass ? "tg_onset_c" : "tx_onset_c"),
               end = number_of(curve, glass ? "tg_end_c" : "tx_peak_c");
  const double width = std::max(end - onset, 2.0);
  const Limits limits = glass ? Limits{onset - 4 * width, end + 3 * width}
                              : Limits{onset - 3 * width, end + 3 * width};
  Panel panel;
  panel.height = 170;
  panel.title = glass ? "glass transition" : "crystallisation";
  panel.x = {temperature_label};
  panel.y = {flow_label(curve)};
  panel.legend = Legend::none;
  add_curve(panel, curve, k, limits, 0, false);
  add_construction(panel, curve, limits, glass);
  std::vector<std::string> notes;
  if (glass) {
    add_guides(panel, curve, {"tg_onset_c", "tg_midpoint_c"});
    notes = {note_of(curve, "onset", "tg_onset_c"), note_of(curve, "midpoint", "tg_midpoint_c")};
  } else {
    add_guides(panel, curve, {"tx_onset_c", "tx_peak_c"});
    notes = {note_of(curve, "onset", "tx_onset_c"), note_of(curve, "peak", "tx_peak_c")};
  }
  // where the curve is not: left, on the side away from where it goes
  const bool rises = (curve.text("exotherms") == "up") != glass;
  for (std::size_t i = 0; i < notes.size(); ++i)
    panel.notes.push_back({0.03, (rises ? 0.93 : 0.17) - 0.1 * static_cast<double>(i), notes[i]});
  return panel;
}

} // namespace

std::optional<Figure> make_dsc_figure(const Tree& root) {
  const auto curves = curves_of(root);
  if (curves.empty())
    return std::nullopt;
  Figure figure;
  figure.width = 620;
  figure.description = "Heat flow against temperature with the tangents of glass transition and "
                       "crystallisation";
  Panel whole;
  whole.height = 220;
  whole.x = {temperature_label};
  whole.y = {flow_label(*curves.front())};
  double span = 0;
  for (const Tree* curve : curves) {
    const auto h = curve->numbers("heat_flow");
    const auto [low, high] = std::minmax_element(h.begin(), h.end());
    span = std::max(span, *high - *low);
  }
  for (std::size_t k = 0; k < curves.size(); ++k) {
    const double shift = 0.12 * span * static_cast<double>(k);
    add_curve(whole, *curves[k], static_cast<Index>(k), {}, shift, true);
  }
  if (curves.size() == 1) {
    add_construction(whole, *curves[0], {}, true);
    add_construction(whole, *curves[0], {}, false);
    if (const Tree* bases = curves[0]->find_group("baseline"))
      for (const auto& [name, base] : bases->groups()) {
        Series series;
        series.x = base.numbers("temperature_c");
        series.y = base.numbers("heat_flow");
        series.colour = grey;
        series.line = Line::dotted;
        whole.series.push_back(std::move(series));
      }
  }
  figure.panels.push_back(std::move(whole));
  constexpr std::size_t most = 6; // curves with panels of their own
  Index row = 1;
  for (std::size_t k = 0; k < std::min(curves.size(), most); ++k) {
    Index column = 0;
    for (const bool glass : {true, false}) {
      if (!std::isfinite(number_of(*curves[k], glass ? "tg_onset_c" : "tx_onset_c")))
        continue;
      auto panel = zoom(*curves[k], static_cast<Index>(k), glass);
      if (curves.size() > 1)
        panel.title = curves[k]->text("name") + ": " + panel.title;
      panel.row = row;
      panel.column = column++;
      figure.panels.push_back(std::move(panel));
    }
    row += column > 0;
  }
  return figure;
}

std::optional<Figure> make_kissinger_figure(const Tree& root) {
  const Tree* fits = root.find_group("entry/kissinger");
  if (fits == nullptr)
    return std::nullopt;
  Figure figure;
  figure.width = 520;
  figure.description = "Logarithm of heating rate over temperature squared against inverse "
                       "temperature";
  Panel panel;
  panel.height = 220;
  panel.x = {"1000 / T (1/K)"};
  panel.y = {"ln(rate / T²) (K⁻¹ s⁻¹)"};
  panel.legend = Legend::right; // lines may cross every corner
  Index k = 0;
  for (const auto& [name, fit] : fits->groups()) {
    Series points;
    points.x = fit.numbers("inverse_temperature");
    points.y = fit.numbers("log_rate");
    points.y_errors = fit.numbers("log_rate_errors");
    const auto [low, high] = std::minmax_element(points.x.begin(), points.x.end());
    Series line;
    const double slope = fit.number("slope"), intercept = fit.number("intercept");
    for (const double x : {*low, *high}) {
      line.x.push_back(1e3 * x);
      line.y.push_back(intercept + slope * x);
    }
    for (double& x : points.x)
      x *= 1e3;
    const std::string path = fmt::format("entry/scalars/kissinger/{}_energy_kj_mol", name);
    points.label = fmt::format(
        "{}: {}",
        name == "tg"   ? "Tg"
        : name == "tx" ? "Tx"
                       : "peak",
        format_value(root.number_or(path, NAN), root.number_or(path + "_errors", NAN), "kJ/mol"));
    points.line = Line::none;
    points.marker = Marker::circle;
    points.colour = line.colour = palette(k++);
    panel.series.push_back(std::move(points));
    panel.series.push_back(std::move(line));
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::string csv_heat_flow(const Tree& root) {
  const auto curves = curves_of(root);
  if (curves.empty())
    return "";
  std::string text = "# heat flow as the file draws it\ncurve,temperature_c,heat_flow\n";
  for (std::size_t k = 0; k < curves.size(); ++k) {
    const auto t = curves[k]->numbers("temperature_c"), h = curves[k]->numbers("heat_flow");
    for (std::size_t i = 0; i < t.size(); ++i)
      text += fmt::format("{},{},{}\n", k + 1, exact_number(t[i]), exact_number(h[i]));
  }
  return text;
}

} // namespace vitrum::report
