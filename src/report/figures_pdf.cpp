#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/report/companion_figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

Series line_of(std::vector<double> x, std::vector<double> y, Colour colour, std::string label) {
  Series series;
  series.x = std::move(x);
  series.y = std::move(y);
  series.colour = colour;
  series.label = std::move(label);
  return series;
}

Band error_band(const std::vector<double>& x,
                const std::vector<double>& y,
                const std::vector<double>& errors) {
  Band band;
  band.x = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    band.lower.push_back(y[i] - errors[i]);
    band.upper.push_back(y[i] + errors[i]);
  }
  return band;
}

Panel at(Index row, Index column, const char* x, const char* y) {
  Panel panel;
  panel.row = row;
  panel.column = column;
  panel.height = 170;
  panel.x = {x};
  panel.y = {y};
  return panel;
}

} // namespace

std::optional<Figure> make_pdf_figure(const Tree& root) {
  const Tree* pairs = root.find_group("entry/pairs");
  const Tree* structure = root.find_group("entry/structure_factor");
  if (pairs == nullptr || structure == nullptr)
    return std::nullopt;
  Figure figure;
  figure.width = 720;
  figure.description =
      "Intensity, structure factor, reduced pair distribution and pair correlation";
  const char* q_label = "q (Å⁻¹)";
  const char* r_label = "r (Å)";

  Panel intensity = at(0, 0, q_label, "scaled intensity");
  intensity.series.push_back(line_of(root.numbers("entry/scattering/q"),
                                     root.numbers("entry/scattering/scaled_intensity"),
                                     data_colour,
                                     "measured"));
  if (root.find("entry/scattering/mean_square_form_factor") != nullptr)
    intensity.series.push_back(line_of(root.numbers("entry/scattering/q"),
                                       root.numbers("entry/scattering/mean_square_form_factor"),
                                       palette(0),
                                       "⟨f²⟩"));
  figure.panels.push_back(std::move(intensity));

  const auto q = structure->numbers("q"), s = structure->numbers("s");
  Panel factor = at(0, 1, q_label, "S(q)");
  factor.legend = Legend::none;
  factor.bands.push_back(error_band(q, s, structure->numbers("s_errors")));
  factor.series.push_back(line_of(q, s, data_colour, ""));
  factor.guides.push_back({Direction::horizontal, 1, "", grey, Line::dotted});
  if (const double first = root.number_or("entry/scalars/first_peak/q_inv_angstrom", NAN);
      std::isfinite(first))
    factor.guides.push_back({Direction::vertical, first, "", grey, Line::dashed});
  figure.panels.push_back(std::move(factor));

  const auto r = pairs->numbers("r"), g = pairs->numbers("reduced");
  const double shell = root.number_or("entry/scalars/shell/1/distance_angstrom", NAN);
  Panel reduced = at(1, 0, r_label, "G(r) (Å⁻²)");
  reduced.legend = Legend::top_right;
  reduced.bands.push_back(error_band(r, g, pairs->numbers("reduced_errors")));
  reduced.series.push_back(line_of(r, g, data_colour, "G(r)"));
  reduced.series.push_back(line_of(r, pairs->numbers("termination"), palette(1), "end of range"));
  const double density = pairs->number_or("density", NAN);
  if (std::isfinite(density) && std::isfinite(shell)) {
    auto low = line_of({0, shell}, {0, -4 * std::numbers::pi * density * shell}, grey, "−4πρr");
    low.line = Line::dotted;
    reduced.series.push_back(std::move(low));
  }
  figure.panels.push_back(std::move(reduced));

  if (pairs->find("pair_correlation") == nullptr)
    return figure;
  Panel correlation = at(1, 1, r_label, "g(r)");
  correlation.legend = Legend::none;
  auto values = pairs->numbers("pair_correlation");
  for (std::size_t i = 0; i < values.size(); ++i)
    if (r[i] < 0.4) // divided by r² there
      values[i] = NAN;
  correlation.series.push_back(line_of(r, std::move(values), data_colour, ""));
  correlation.guides.push_back({Direction::horizontal, 1, "", grey, Line::dotted});
  correlation.spans.push_back({Direction::vertical,
                               pairs->number("shell_first"),
                               pairs->number("shell_last"),
                               "",
                               faded(palette(0), 0.15)});
  correlation.notes.push_back(
      {0.97,
       0.93,
       fmt::format(
           "r₁ = {}",
           format_value(shell,
                        root.number_or("entry/scalars/shell/1/distance_angstrom_errors", NAN),
                        "angstrom"))});
  correlation.notes.push_back(
      {0.97,
       0.83,
       fmt::format(
           "N = {}",
           format_value(root.number_or("entry/scalars/shell/1/coordination", NAN),
                        root.number_or("entry/scalars/shell/1/coordination_errors", NAN)))});
  figure.panels.push_back(std::move(correlation));
  return figure;
}

std::string csv_structure_factor(const Tree& root) {
  const Tree* structure = root.find_group("entry/structure_factor");
  if (structure == nullptr)
    return "";
  const auto q = structure->numbers("q"), s = structure->numbers("s"),
             e = structure->numbers("s_errors");
  std::string text = "q_inv_angstrom,s,s_error\n";
  for (std::size_t i = 0; i < q.size(); ++i)
    text += fmt::format("{},{},{:.4g}\n", exact_number(q[i]), exact_number(s[i]), e[i]);
  return text;
}

std::string csv_pair_distribution(const Tree& root) {
  const Tree* pairs = root.find_group("entry/pairs");
  if (pairs == nullptr)
    return "";
  const bool dense = pairs->find("pair_correlation") != nullptr;
  const auto r = pairs->numbers("r"), g = pairs->numbers("reduced"),
             e = pairs->numbers("reduced_errors"), t = pairs->numbers("termination"),
             c = dense ? pairs->numbers("pair_correlation") : std::vector<double>{};
  std::string text = fmt::format("r_angstrom,reduced,reduced_error,termination{}\n",
                                 dense ? ",pair_correlation" : "");
  for (std::size_t i = 0; i < r.size(); ++i)
    text += fmt::format("{:.6g},{},{:.4g},{:.4g}{}\n",
                        r[i],
                        exact_number(g[i]),
                        e[i],
                        t[i],
                        dense ? "," + exact_number(c[i]) : "");
  return text;
}

} // namespace vitrum::report
