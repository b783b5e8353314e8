// Dynamics and order of a simulated glass side by side: where the mobile atoms are, and what
// fluctuation microscopy would see.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/report/md_figures.hpp"

namespace vitrum::report {

using namespace plot;

std::optional<Figure> make_mobility_figure(const Tree& root) {
  const Result result(root);
  const Array* moved = result.entry().find("mobility/displacement");
  const auto x = result.numbers("mobility/mobile_x", 1), y = result.numbers("mobility/mobile_y", 1);
  if (moved == nullptr || moved->shape.size() != 2 || !x || !y)
    return std::nullopt;
  const std::string unit = printed_unit(result, "mobility/displacement");
  Figure figure;
  figure.width = 720;
  figure.description = "Displacements of atoms and their order in a slab of the box";
  Index column = 0;
  for (const auto& [name, title, label] :
       {std::tuple("displacement", "mobility", fmt::format("displacement ({})", unit)),
        std::tuple("ifk_share", "order", std::string("share of Frank–Kasper atoms"))}) {
    const Array* values = result.entry().find(std::string("mobility/") + name);
    if (values == nullptr || values->shape != moved->shape)
      continue;
    Panel panel;
    panel.column = column++;
    panel.title = title;
    panel.grid = false;
    panel.legend = Legend::none;
    panel.x = {fmt::format("x ({})", unit)};
    panel.y = {fmt::format("y ({})", unit)};
    HeatMap heat;
    heat.rows = values->shape[0];
    heat.columns = values->shape[1];
    heat.x_last = result.entry().number_or("mobility/width", 1);
    heat.y_last = result.entry().number_or("mobility/height", 1);
    panel.aspect = heat.y_last / heat.x_last;
    const auto numbers = to_numbers(*values);
    heat.values.assign(numbers.begin(), numbers.end());
    heat.lower_percentile = 1;
    heat.upper_percentile = 99;
    heat.label = label;
    panel.map = std::move(heat);
    Series mobile;
    mobile.x = *x;
    mobile.y = *y;
    mobile.line = Line::none;
    mobile.marker = Marker::circle;
    mobile.marker_size = 3;
    mobile.colour = palette(1);
    panel.series.push_back(std::move(mobile));
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::optional<Figure> make_md_fem_figure(const Tree& root) {
  const Result result(root);
  const auto k = result.numbers("fem_model/k_inv_nm", 1);
  const auto probe = result.numbers("fem_model/probe_size_nm", 1);
  if (!k || !probe)
    return std::nullopt;
  const auto variance = result.quantity(
      "fem_model/variance", {static_cast<Index>(probe->size()), static_cast<Index>(k->size())});
  if (!variance)
    return std::nullopt;
  Figure figure;
  figure.width = 480;
  figure.description = "Normalised variance that electron probes would see";
  Panel panel;
  panel.height = 200;
  panel.x = {"k (nm⁻¹)"};
  panel.y = {"V(k)"};
  panel.legend = Legend::best;
  for (std::size_t p = 0; p < probe->size(); ++p) {
    Series curve;
    curve.x = *k;
    curve.y = row_copy(variance->values, static_cast<Index>(p), static_cast<Index>(k->size()));
    const auto errors =
        row_copy(variance->errors, static_cast<Index>(p), static_cast<Index>(k->size()));
    Band band;
    band.x = *k;
    for (std::size_t i = 0; i < k->size(); ++i) {
      band.lower.push_back(curve.y[i] - errors[i]);
      band.upper.push_back(curve.y[i] + errors[i]);
    }
    curve.colour = palette(static_cast<Index>(p));
    band.colour = faded(curve.colour, 0.25);
    curve.label = fmt::format("probe of {:g} nm", (*probe)[p]);
    panel.bands.push_back(std::move(band));
    panel.series.push_back(std::move(curve));
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_cooling_figure(const Tree& root) {
  const Result result(root);
  const auto temperature = result.numbers("cooling/temperature", 1);
  if (!temperature || temperature->empty())
    return std::nullopt;
  Figure figure;
  figure.width = 720;
  figure.description =
      "Energy and pressure against temperature, with the lines of glass and liquid";
  Index column = 0;
  for (const auto& [name, label] :
       {std::pair("energy", "energy per atom (ε)"), std::pair("pressure", "pressure (ε/σ³)")}) {
    const auto values = result.numbers(std::string("cooling/") + name, 1);
    if (!values || values->size() != temperature->size())
      continue;
    Panel panel;
    panel.column = column++;
    panel.height = 200;
    panel.x = {"temperature (ε)"};
    panel.y = {label};
    panel.legend = Legend::none;
    Series points;
    points.x = *temperature;
    points.y = *values;
    points.line = Line::none;
    points.marker = Marker::circle;
    points.marker_size = 3;
    points.colour = data_colour;
    panel.series.push_back(std::move(points));
    const auto number = [&result, name = name](const char* what) {
      return result.entry().number_or(fmt::format("cooling/{}_{}", name, what), NAN);
    };
    if (const double tg = number("tg"); std::isfinite(tg)) {
      const auto [low, high] = std::minmax_element(temperature->begin(), temperature->end());
      Index k = 0;
      for (const auto& [slope, from, to] : {std::tuple("slope_below", *low, 1.3 * tg),
                                            std::tuple("slope_above", 0.8 * tg, 1.9 * tg)}) {
        Series line;
        for (const double t : {from, std::min(to, *high)}) {
          line.x.push_back(t);
          line.y.push_back(number("at_tg") + number(slope) * (t - tg));
        }
        line.colour = palette(k++);
        panel.series.push_back(std::move(line));
      }
      panel.guides.push_back(
          {Direction::vertical,
           tg,
           fmt::format(
               "Tg {:.3g} ({:.3g} to {:.3g})", tg, number("tg_lowest"), number("tg_highest")),
           grey,
           Line::dashed});
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure.panels.empty() ? std::nullopt : std::optional(figure);
}

} // namespace vitrum::report
