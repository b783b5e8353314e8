#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/report/md_figures.hpp"

namespace vitrum::report {

using namespace plot;

namespace {

/// One quantity of all atoms and of each species against lag.
Panel of_sets(const Result& result, const std::string& quantity, const std::string& label) {
  Panel panel;
  panel.height = 170;
  panel.x = {"lag (s)", Scale::log};
  panel.y = {label};
  const auto lag = *result.numbers("motion/lag", 1);
  Index k = 0;
  for (const auto& [name, array] : result.entry().group_at("motion").arrays()) {
    if (!name.starts_with(quantity + "_") || name.ends_with("_errors") || array.shape.size() != 1)
      continue;
    Series points;
    points.x = lag;
    points.y = to_numbers(array);
    if (const auto error = result.numbers("motion/" + name + "_errors", 1))
      points.y_errors = *error;
    points.label = name.substr(quantity.size() + 1);
    points.colour = points.label == "all" ? data_colour : palette(k++);
    points.marker = Marker::circle;
    points.marker_size = 3;
    points.line_width = 0.8;
    panel.series.push_back(std::move(points));
  }
  return panel;
}

} // namespace

std::optional<Figure> make_motion_figure(const Tree& root) {
  const Result result(root);
  if (!result.numbers("motion/lag", 1))
    return std::nullopt;
  Figure figure;
  figure.width = 700;
  figure.description = "Mean square displacement, non-Gaussian parameter, self-intermediate "
                       "scattering and four-point susceptibility against lag";
  auto msd = of_sets(result, "msd", "⟨Δr²⟩");
  msd.y.scale = Scale::log;
  const auto& entry = result.entry();
  const double exponent = entry.number_or("motion/msd_exponent", std::nan(""));
  if (!std::isnan(exponent))
    msd.notes.push_back(
        {0.03,
         0.95,
         fmt::format(
             "exponent {} in the shaded lags",
             format_value(exponent, entry.number_or("motion/msd_exponent_errors", std::nan(""))))});
  msd.spans.push_back({Direction::vertical,
                       entry.number_or("motion/msd_exponent_from", std::nan("")),
                       entry.number_or("motion/msd_exponent_to", std::nan("")),
                       ""});
  msd.legend = Legend::bottom_right;
  auto alpha = of_sets(result, "alpha2", "non-Gaussian parameter α₂");
  alpha.column = 1;
  auto self = of_sets(result, "self", "F_s(q, t)");
  self.row = 1;
  self.y.label = fmt::format("F(q, t), self; q = {:.4g}", entry.number_or("motion/q", 0));
  if (const auto field = result.numbers("motion/coherent", 1)) {
    Series curve;
    curve.x = *result.numbers("motion/lag", 1);
    curve.y = *field;
    curve.label = "coherent";
    curve.colour = palette(4);
    curve.line = Line::dashed;
    self.series.push_back(std::move(curve));
  }
  auto chi = of_sets(result, "chi4", "χ₄");
  chi.row = 1;
  chi.column = 1;
  if (std::isnan(exponent))
    msd.spans.clear();
  figure.panels = {std::move(msd), std::move(alpha), std::move(self), std::move(chi)};
  return figure;
}

std::optional<Figure> make_van_hove_figure(const Tree& root) {
  const Result result(root);
  const auto r = result.numbers("van_hove/r", 1);
  const auto lag = result.numbers("van_hove/lag", 1);
  const Array* density = result.entry().find("van_hove/density");
  if (!r || !lag || density == nullptr || r->empty())
    return std::nullopt;
  const auto values = to_numbers(*density);
  Figure figure;
  figure.width = 460;
  figure.description = "Self part of the van Hove function";
  Panel panel;
  panel.height = 200;
  panel.x = {fmt::format("r ({})", printed_unit(result, "van_hove/r"))};
  panel.y = {"4πr² G_s(r, t)", Scale::log};
  panel.y.label = "density of displacements";
  const double low = std::log(lag->front()), high = std::log(lag->back());
  for (std::size_t k = 0; k < lag->size(); ++k) {
    Series curve;
    curve.x = *r;
    for (std::size_t i = 0; i < r->size(); ++i) {
      const double v = values[k * r->size() + i];
      curve.y.push_back(v > 0 ? v : std::nan("")); // empty bins have no logarithm
    }
    curve.colour = curve_colour(ColourMap::viridis,
                                high > low ? (std::log((*lag)[k]) - low) / (high - low) : 0);
    panel.series.push_back(std::move(curve));
  }
  if (high > low)
    panel.colour_bar =
        ColourBar{ColourMap::viridis, Scale::log, lag->front(), lag->back(), "lag (s)", true};
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_hop_figure(const Tree& root) {
  const Result result(root);
  const auto length = result.numbers("hops/length", 1);
  const auto density = result.numbers("hops/length_density", 1);
  const auto time = result.numbers("hops/time", 1);
  const auto rate = result.quantity("hops/rate", {time ? static_cast<Index>(time->size()) : 0});
  if (!length || !density || length->empty() || !time || !rate)
    return std::nullopt;
  Figure figure;
  figure.width = 760;
  figure.description = "Lengths of hops, times between them and their rate against time";
  Panel lengths;
  lengths.height = 180;
  lengths.x = {fmt::format("length of a hop ({})", printed_unit(result, "hops/length"))};
  lengths.y = {"density"};
  Series curve;
  curve.x = *length;
  curve.y = *density;
  curve.colour = data_colour;
  lengths.series.push_back(std::move(curve));
  figure.panels.push_back(std::move(lengths));
  const auto wait = result.numbers("hops/wait_time", 1);
  if (wait && wait->size() > 1) {
    Panel waits;
    waits.column = 1;
    waits.height = 180;
    waits.x = {"time between hops (s)", Scale::log};
    waits.y = {"density (1/s)", Scale::log};
    Series points;
    points.x = *wait;
    points.y = *result.numbers("hops/wait_density", 1);
    points.y_errors = *result.numbers("hops/wait_density_errors", 1);
    points.line = Line::none;
    points.marker = Marker::circle;
    points.colour = data_colour;
    waits.series.push_back(std::move(points));
    figure.panels.push_back(std::move(waits));
  }
  Panel bursts;
  bursts.column = figure.panels.back().column + 1;
  bursts.height = 180;
  bursts.x = {"time (s)"};
  bursts.y = {"hops per atom (1/s)"};
  Series rates;
  rates.x = *time;
  rates.y = rate->values;
  rates.y_errors = rate->errors;
  rates.colour = palette(0);
  rates.marker = Marker::circle;
  bursts.series.push_back(std::move(rates));
  figure.panels.push_back(std::move(bursts));
  return figure;
}

std::optional<Figure> make_order_figure(const Tree& root) {
  const Result result(root);
  const auto length = result.numbers("order/string_length", 1);
  const auto number = result.numbers("order/string_number", 1);
  if (!length || !number || length->empty())
    return std::nullopt;
  Figure figure;
  figure.width = 700;
  figure.description = "Lengths of strings, and Frank–Kasper atoms against time";
  Panel strings;
  strings.height = 170;
  strings.x = {"atoms in a string"};
  strings.y = {"strings", Scale::log};
  Series points;
  points.line = Line::none;
  points.marker = Marker::circle;
  points.colour = data_colour;
  for (std::size_t i = 0; i < length->size(); ++i)
    if ((*number)[i] > 0) {
      points.x.push_back((*length)[i]);
      points.y.push_back((*number)[i]);
    }
  strings.series.push_back(std::move(points));
  figure.panels.push_back(std::move(strings));
  const auto time = result.numbers("order/ifk_time", 1);
  const auto fraction = result.numbers("order/ifk_fraction", 1);
  if (time && fraction && time->size() > 1) {
    Panel order;
    order.column = 1;
    order.height = 170;
    order.x = {"time (s)"};
    order.y = {"Frank–Kasper atoms"};
    Series curve;
    curve.x = *time;
    curve.y = *fraction;
    curve.marker = Marker::circle;
    curve.colour = palette(0);
    order.series.push_back(std::move(curve));
    figure.panels.push_back(std::move(order));
  }
  return figure;
}

} // namespace vitrum::report
