#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/report/md_figures.hpp"

namespace vitrum::report {

using namespace plot;

namespace {

/// The curve of all atoms and those of pairs of species in one panel.
std::optional<Panel> family(const Result& result,
                            const std::string& group,
                            const std::string& axis,
                            const std::string& curve) {
  const auto x = result.numbers(group + "/" + axis, 1);
  const auto total = result.numbers(group + "/" + curve, 1);
  if (!x || !total)
    return std::nullopt;
  Panel panel;
  panel.height = 190;
  panel.x = {fmt::format("{} ({})", axis, printed_unit(result, group + "/" + axis))};
  panel.y = {curve == "s" ? "S(q)" : "g(r)"};
  Index k = 0;
  for (const auto& [name, array] : result.entry().group_at(group).arrays()) {
    if (!name.starts_with(curve + "_") || name.ends_with("_errors") || array.shape.size() != 1)
      continue;
    Series part;
    part.x = *x;
    part.y = to_numbers(array);
    part.label = name.substr(2);
    std::replace(part.label.begin(), part.label.end(), '_', '-');
    part.colour = palette(k++);
    part.line_width = 0.9;
    panel.series.push_back(std::move(part));
  }
  Series all;
  all.x = *x;
  all.y = *total;
  all.label = "all";
  all.colour = data_colour;
  panel.series.push_back(std::move(all));
  return panel;
}

} // namespace

std::optional<Figure> make_structure_figure(const Tree& root) {
  const Result result(root);
  auto s = family(result, "structure", "q", "s");
  auto g = family(result, "pair_distribution", "r", "g");
  if (!s || !g)
    return std::nullopt;
  Figure figure;
  figure.width = 700;
  figure.description = "Static structure factor and pair distribution";
  const double peak = result.entry().number_or("structure/peak_q", std::nan(""));
  if (!std::isnan(peak))
    s->guides.push_back({Direction::vertical, peak, fmt::format("{:.4g}", peak)});
  const double bond = result.entry().number_or("pair_distribution/first_peak", std::nan(""));
  if (!std::isnan(bond))
    g->guides.push_back({Direction::vertical, bond, fmt::format("{:.4g}", bond)});
  g->column = 1;
  figure.panels = {std::move(*s), std::move(*g)};
  return figure;
}

std::optional<Figure> make_speckle_figure(const Tree& root) {
  const Result result(root);
  const auto time = result.numbers("speckle/time", 1);
  if (!time)
    return std::nullopt;
  Figure figure;
  figure.width = 560;
  figure.description = "Speckle contrast of three windows against time";
  Panel panel;
  panel.height = 200;
  panel.x = {fmt::format("time ({})", printed_unit(result, "speckle/time"))};
  panel.y = {"⟨I²⟩/⟨I⟩² − 1"};
  Index k = 0;
  for (const auto& [name, label] : {std::pair("spot", "1-D spot"),
                                    std::pair("slice", "2-D slice"),
                                    std::pair("shell", "3-D shell")}) {
    const auto contrast = result.numbers(fmt::format("speckle/{}_contrast", name), 1);
    if (!contrast)
      continue;
    const auto vectors = result.entry().number_or(fmt::format("speckle/{}_vectors", name), 0);
    Series curve;
    curve.x = *time;
    curve.y = *contrast;
    curve.label = fmt::format("{}, {:.0f} q", label, vectors);
    curve.colour = palette(k++);
    curve.line_width = 0.8;
    panel.series.push_back(std::move(curve));
  }
  panel.guides.push_back({Direction::horizontal, 1, ""});
  panel.legend = Legend::right;
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_waiting_figure(const Tree& root) {
  const Result result(root);
  const auto time = result.numbers("waiting/exchange_time", 1);
  if (!time || time->size() < 2)
    return std::nullopt;
  const auto unit = printed_unit(result, "waiting/exchange_time");
  Figure figure;
  figure.width = 700;
  figure.description = "Density of waiting times and exponent of the power law";
  Panel panel;
  panel.height = 210;
  panel.x = {fmt::format("waiting time ({})", unit), Scale::log};
  panel.y = {fmt::format("density (1/{})", unit), Scale::log};
  Index k = 0;
  for (const auto& [name, label] :
       {std::pair("exchange", "exchange times"), std::pair("persistence", "persistence times")}) {
    const auto t = result.numbers(fmt::format("waiting/{}_time", name), 1);
    const auto density = result.numbers(fmt::format("waiting/{}_density", name), 1);
    if (!t || !density || t->empty())
      continue;
    Series points;
    points.x = *t;
    points.y = *density;
    if (const auto error = result.numbers(fmt::format("waiting/{}_density_errors", name), 1))
      points.y_errors = *error;
    points.label = label;
    points.line = Line::none;
    points.marker = k == 0 ? Marker::circle : Marker::square;
    points.colour = k == 0 ? data_colour : palette(1);
    points.hollow = k > 0;
    panel.series.push_back(std::move(points));
    ++k;
  }
  const auto& entry = result.entry();
  const double exponent = entry.number_or("waiting/exponent", std::nan(""));
  const double t_min = entry.number_or("waiting/tmin", std::nan(""));
  // where the run is too short a line would pretend that there is a law
  if (!std::isnan(exponent) && entry.text("waiting/power_law") != "too short") {
    // through the density of the exchange times above t_min, in the logarithmic mean
    const auto density = *result.numbers("waiting/exchange_density", 1);
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < density.size(); ++i)
      if ((*time)[i] >= t_min && density[i] > 0) {
        sum += std::log(density[i]) + exponent * std::log((*time)[i]);
        ++count;
      }
    if (count > 0) {
      Series law;
      for (const double t : {t_min, time->back()}) {
        law.x.push_back(t);
        law.y.push_back(std::exp(sum / count) * std::pow(t, -exponent));
      }
      law.label = fmt::format(
          "t^−{}",
          format_value(exponent, entry.number_or("waiting/exponent_errors", std::nan(""))));
      law.colour = palette(0);
      panel.series.push_back(std::move(law));
    }
  }
  panel.legend = Legend::bottom_left;
  figure.panels.push_back(std::move(panel));
  const auto scan = result.numbers("waiting/scan_tmin", 1);
  const auto value = result.numbers("waiting/scan_exponent", 1);
  const auto error = result.numbers("waiting/scan_exponent_errors", 1);
  if (scan && value && error && scan->size() > 1) {
    Panel other;
    other.column = 1;
    other.height = 210;
    other.x = {fmt::format("lower cut-off ({})", unit), Scale::log};
    other.y = {"exponent"};
    Band band;
    band.x = *scan;
    for (std::size_t i = 0; i < scan->size(); ++i) {
      band.lower.push_back((*value)[i] - (*error)[i]);
      band.upper.push_back((*value)[i] + (*error)[i]);
    }
    other.bands.push_back(std::move(band));
    Series line;
    line.x = *scan;
    line.y = *value;
    line.colour = palette(0);
    other.series.push_back(std::move(line));
    if (!std::isnan(t_min))
      other.guides.push_back({Direction::vertical, t_min, "chosen"});
    figure.panels.push_back(std::move(other));
  }
  return figure;
}

std::string time_unit_of(const Tree& root) {
  return printed_unit(Result(root).time_unit());
}

plot::Figure in_result_units(plot::Figure figure, const Tree& root) {
  const auto unit = time_unit_of(root);
  if (unit == "s")
    return figure;
  const std::array names{std::pair(std::string("(s)"), "(" + unit + ")"),
                         std::pair(std::string("(1/s)"), "(1/" + unit + ")"),
                         std::pair(std::string("(s⁻¹)"), "(" + unit + "⁻¹)")};
  const auto change = [&](std::string& text) {
    for (const auto& [seconds, own] : names)
      for (auto at = text.find(seconds); at != std::string::npos; at = text.find(seconds, at + 1))
        text.replace(at, seconds.size(), own);
  };
  for (auto& panel : figure.panels) {
    change(panel.x.label);
    change(panel.y.label);
    if (panel.colour_bar)
      change(panel.colour_bar->label);
    if (panel.map)
      change(panel.map->label);
  }
  return figure;
}

namespace {

/// All one-dimensional arrays of a group that are as long as its first axis.
std::string columns_of(const Tree& root,
                       const std::string& group,
                       const std::string& axis,
                       const std::string& comment,
                       const std::string& prefix = "") {
  const Result result(root);
  const auto x = result.numbers(group + "/" + axis, 1);
  if (!x || x->empty())
    return "";
  std::string text = "# " + comment + "\n", header;
  std::vector<std::vector<double>> columns;
  for (const auto& [name, array] : result.entry().group_at(group).arrays())
    if (array.shape.size() == 1 && name.starts_with(prefix) &&
        array.size() == static_cast<Index>(x->size())) {
      header += (header.empty() ? "" : ",") + name;
      columns.push_back(to_numbers(array));
    }
  text += header + "\n";
  for (std::size_t i = 0; i < x->size(); ++i) {
    for (std::size_t c = 0; c < columns.size(); ++c)
      text += (c == 0 ? "" : ",") + exact_number(columns[c][i]);
    text += "\n";
  }
  return text;
}

} // namespace

std::string csv_atom_structure(const Tree& result) {
  return columns_of(result, "structure", "q", "static structure factor and partials");
}
std::string csv_atom_pairs(const Tree& result) {
  return columns_of(result, "pair_distribution", "r", "pair distribution and partials");
}
std::string csv_motion(const Tree& result) {
  return columns_of(result, "motion", "lag", "motion of atoms against lag");
}
std::string csv_hop_rate(const Tree& result) {
  return columns_of(result, "hops", "time", "hops per atom and time against time", "");
}
std::string csv_waiting(const Tree& result) {
  return columns_of(result, "waiting", "exchange_time", "density of exchange times", "exchange_");
}

} // namespace vitrum::report
