#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/report/companion_figures.hpp"

namespace vitrum::report {

using namespace plot;

std::optional<Figure> make_spectrum_figure(const Tree& root) {
  const Tree* spectrum = root.find_group("entry/spectrum");
  if (spectrum == nullptr || spectrum->find("energy_loss_ev") == nullptr)
    return std::nullopt;
  const auto energy = spectrum->numbers("energy_loss_ev");
  auto counts = spectrum->numbers("counts");
  const double pedestal = spectrum->number_or("pedestal", 0),
               separation = spectrum->number("separation_ev");
  for (double& c : counts)
    c -= pedestal;
  const double highest = *std::max_element(counts.begin(), counts.end());
  const double floor = std::max(highest * 1e-6, 0.5);
  Figure figure;
  figure.width = 560;
  figure.description = "Energy-loss spectrum on a logarithmic scale with its zero-loss peak";
  Panel panel;
  panel.height = 230;
  panel.x = {"energy loss (eV)"};
  panel.y = {"counts", Scale::log};
  panel.y.lower = floor;
  panel.y.upper = 2 * highest;
  Band zero;
  zero.label = "zero loss";
  Series line;
  line.colour = data_colour;
  line.line_width = 1;
  for (std::size_t i = 0; i < energy.size(); ++i) {
    line.x.push_back(energy[i]);
    line.y.push_back(counts[i] > 0 ? counts[i] : NAN);
    if (energy[i] <= separation && energy[i] >= -separation) {
      zero.x.push_back(energy[i]);
      zero.lower.push_back(floor);
      zero.upper.push_back(std::max(counts[i], floor));
    }
  }
  if (!zero.x.empty())
    panel.bands.push_back(std::move(zero));
  panel.series.push_back(std::move(line));
  Guide guide;
  guide.at = separation;
  panel.guides.push_back(std::move(guide));
  panel.legend = Legend::top_right;
  panel.notes.push_back(
      {0.55,
       0.78,
       fmt::format("t/λ = {}",
                   format_value(root.number_or("entry/scalars/t_over_lambda", NAN),
                                root.number_or("entry/scalars/t_over_lambda_errors", NAN)))});
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_thickness_figure(const Tree& root) {
  const Tree* group = root.find_group("entry/thickness_map");
  if (group == nullptr)
    return std::nullopt;
  const Array& array = group->at("t_over_lambda");
  if (array.shape.size() != 2)
    return std::nullopt;
  const auto values = to_numbers(array);
  const bool scaled = group->find("pixel_nm") != nullptr;
  const double pixel = group->number_or("pixel_nm", 1);
  Figure figure;
  figure.width = 640;
  figure.column_weights = {1.15, 1};
  figure.description = "Map and histogram of the relative thickness";
  Panel picture;
  picture.x = {scaled ? "x (nm)" : "x (px)"};
  picture.y = {scaled ? "y (nm)" : "y (px)"};
  picture.grid = false;
  picture.legend = Legend::none;
  HeatMap heat;
  heat.rows = array.shape[0];
  heat.columns = array.shape[1];
  heat.values.assign(values.begin(), values.end());
  heat.x_last = pixel * static_cast<double>(heat.columns);
  heat.y_last = pixel * static_cast<double>(heat.rows);
  heat.origin = Origin::top_left;
  heat.label = "t/λ";
  picture.x.lower = picture.y.lower = 0;
  picture.x.upper = heat.x_last;
  picture.y.upper = heat.y_last;
  picture.aspect = std::clamp(heat.y_last / heat.x_last, 0.2, 2.0);
  picture.map = std::move(heat);
  figure.panels.push_back(std::move(picture));

  std::vector<double> good;
  for (const double v : values)
    if (std::isfinite(v))
      good.push_back(v);
  if (good.size() < 8)
    return figure;
  const double low = quantile(good, 0.002), high = quantile(good, 0.998);
  const auto bins =
      static_cast<std::size_t>(std::clamp(std::sqrt(static_cast<double>(good.size())), 8.0, 60.0));
  const double step = std::max((high - low) / static_cast<double>(bins), 1e-6);
  Panel histogram;
  histogram.column = 1;
  histogram.x = {"t/λ"};
  histogram.y = {"share of the pixels"};
  histogram.legend = Legend::none;
  histogram.height = 200;
  std::vector<double> share(bins, 0.0);
  for (const double v : good)
    if (v >= low && v < low + step * static_cast<double>(bins))
      share[static_cast<std::size_t>((v - low) / step)] += 1 / static_cast<double>(good.size());
  Band bars;
  Series outline;
  outline.colour = data_colour;
  for (std::size_t b = 0; b < bins; ++b)
    for (const double edge : {static_cast<double>(b), static_cast<double>(b) + 1}) {
      bars.x.push_back(low + edge * step);
      bars.lower.push_back(0);
      bars.upper.push_back(share[b]);
      outline.x.push_back(low + edge * step);
      outline.y.push_back(share[b]);
    }
  histogram.y.lower = 0;
  histogram.bands.push_back(std::move(bars));
  histogram.series.push_back(std::move(outline));
  Guide middle;
  middle.at = median(good);
  middle.label = "median";
  histogram.guides.push_back(std::move(middle));
  figure.panels.push_back(std::move(histogram));
  return figure;
}

std::string csv_spectrum(const Tree& root) {
  const Tree* spectrum = root.find_group("entry/spectrum");
  if (spectrum == nullptr || spectrum->find("energy_loss_ev") == nullptr)
    return "";
  std::string text =
      "# energies from the zero-loss peak; counts as in the file\nenergy_loss_ev,counts\n";
  const auto e = spectrum->numbers("energy_loss_ev"), c = spectrum->numbers("counts");
  for (std::size_t i = 0; i < e.size(); ++i)
    text += fmt::format("{},{}\n", exact_number(e[i]), exact_number(c[i]));
  return text;
}

std::string csv_thickness_map(const Tree& root) {
  const Tree* group = root.find_group("entry/thickness_map");
  if (group == nullptr)
    return "";
  std::string text = "row,column,t_over_lambda,t_over_lambda_error,zero_loss_ev\n";
  const auto t = group->numbers("t_over_lambda"), e = group->numbers("t_over_lambda_errors"),
             z = group->numbers("zero_loss_ev");
  const auto columns = static_cast<std::size_t>(group->at("t_over_lambda").shape.at(1));
  for (std::size_t i = 0; i < t.size(); ++i)
    text += fmt::format("{},{},{:.6g},{:.3g},{:.6g}\n", i / columns, i % columns, t[i], e[i], z[i]);
  return text;
}

} // namespace vitrum::report
