#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fem_parts.hpp"
#include "figure_parts.hpp"
#include "vitrum/report/fem_figures.hpp"

namespace vitrum::report {

using namespace plot;

namespace {

struct Errors {
  double value = NAN, error = NAN;
};

Errors read(const Tree& tree, const std::string& path) {
  return {tree.number_or(path, NAN), tree.number_or(path + "_errors", NAN)};
}

/// Points of one state; hollow for the state before.
Series points_of(const Tree& group,
                 const std::string& x,
                 const std::string& y,
                 const std::string& label,
                 bool before) {
  Series series;
  series.x = group.numbers(x);
  series.y = group.numbers(y);
  series.y_errors = group.numbers(y + "_errors");
  series.line = Line::none;
  series.marker = before ? Marker::square : Marker::circle;
  series.hollow = before;
  series.marker_size = 6;
  series.colour = before ? palette(1) : palette(0);
  series.label = label;
  return series;
}

void add_persistence(Panel& panel, const Tree& group, const std::string& label, bool before) {
  panel.series.push_back(points_of(group, "q_squared", "ratio", label, before));
  const double slope = group.number_or("slope", NAN), intercept = group.number_or("intercept", NAN);
  if (!std::isfinite(slope))
    return;
  const double smallest = group.number("largest_probe_nm"),
               largest = group.number("smallest_probe_nm");
  const auto q2 = [](double r) { return 0.61 * 0.61 / (r * r); };
  const double first = q2(smallest), last = q2(largest);
  Series line;
  Band band;
  const double vs = std::pow(group.number_or("slope_errors", 0), 2),
               vi = std::pow(group.number_or("intercept_errors", 0), 2),
               covariance = group.number_or("covariance", 0);
  for (int i = 0; i <= 40; ++i) {
    const double x = first + (last - first) * i / 40;
    const double y = slope * x + intercept;
    const double error = std::sqrt(std::max(0.0, vs * x * x + vi + 2 * covariance * x));
    line.x.push_back(x);
    line.y.push_back(y);
    band.lower.push_back(y - error);
    band.upper.push_back(y + error);
  }
  band.x = line.x;
  line.colour = before ? palette(1) : palette(0);
  band.colour = faded(line.colour, 0.18);
  panel.bands.push_back(std::move(band));
  panel.series.push_back(std::move(line));
}

/// The name with the length, where there is one.
std::string titled(const char* name, const Tree& group, const char* symbol) {
  const auto length = read(group, "length_nm");
  return std::isfinite(length.value)
             ? fmt::format(
                   "{}: {} = {}", name, symbol, format_value(length.value, length.error, "nm"))
             : name;
}

/// The branches that were fitted.
void add_branches(Panel& panel, const Tree& group, bool before) {
  if (group.find("curve_height") == nullptr)
    return;
  Series line;
  for (const double r : group.numbers("curve_probe_size_nm"))
    line.x.push_back(1 / (r * r));
  line.y = group.numbers("curve_height");
  line.colour = before ? palette(1) : palette(0);
  panel.series.push_back(std::move(line));
}

} // namespace

std::optional<Figure> make_length_figure(const Tree& root) {
  const Tree* sv = root.find_group("entry/stratton_voyles");
  const Tree* pp = root.find_group("entry/pair_persistence");
  if (sv == nullptr || pp == nullptr)
    return std::nullopt;
  const Tree* sv_before = root.find_group("entry/comparison/stratton_voyles");
  const Tree* pp_before = root.find_group("entry/comparison/pair_persistence");
  const bool both = sv_before != nullptr;
  Figure figure;
  figure.width = 720;
  figure.description = "Stratton-Voyles plot and pair persistence";
  Panel left;
  left.height = 230;
  left.title = titled("Stratton–Voyles", *sv, "R");
  left.x.label = "1/R² (nm⁻²)";
  left.y.label = "V_max";
  left.series.push_back(
      points_of(*sv, "inverse_square_size", "height", both ? "this state" : "", false));
  if (both)
    left.series.push_back(
        points_of(*sv_before, "inverse_square_size", "height", "state before", true));
  add_branches(left, *sv, false);
  if (both)
    add_branches(left, *sv_before, true);
  if (const auto length = read(*sv, "length_nm"); std::isfinite(length.value)) {
    left.guides.push_back({Direction::vertical, 1 / (length.value * length.value), ""});
    const double low = length.value - length.error, high = length.value + length.error;
    left.spans.push_back({Direction::vertical, 1 / (high * high), 1 / (low * low), ""});
  }
  if (sv->find("length_nm") == nullptr)
    left.notes.push_back({0.97, 0.06, sv->text("status")});
  left.legend = both ? Legend::best : Legend::none;
  Panel right;
  right.column = 1;
  right.height = 230;
  right.title = titled("pair persistence", *pp, "Λ");
  right.x.label = "Q² (nm⁻²)";
  right.y.label = "Q²/V (nm⁻²)";
  add_persistence(right, *pp, both ? "this state" : "", false);
  if (both && pp_before != nullptr)
    add_persistence(right, *pp_before, "state before", true);
  if (pp->find("length_nm") == nullptr)
    right.notes.push_back({0.97, 0.06, pp->text("status")});
  right.legend = both ? Legend::top_left : Legend::none;
  figure.panels = {std::move(left), std::move(right)};
  return figure;
}

std::optional<Figure> make_peak_ratio_figure(const Tree& root) {
  const auto parts = fem_parts(root);
  Series points;
  bool sizes = true;
  for (const auto& part : parts)
    sizes = sizes && std::isfinite(part.probe_nm);
  for (const auto& part : parts) {
    const auto ratio = read(*part.group, "peak_height_ratio");
    if (!std::isfinite(ratio.value))
      continue;
    points.x.push_back(std::isfinite(part.temperature_c) ? part.temperature_c : part.probe_nm);
    points.y.push_back(ratio.value);
    points.y_errors.push_back(ratio.error);
  }
  if (points.x.size() < 2 || !std::isfinite(points.x.front()))
    return std::nullopt;
  points.line = Line::none;
  points.marker = Marker::circle;
  points.marker_size = 6;
  Figure figure;
  figure.description = "Height of the second peak over that of the first";
  Panel panel;
  panel.x.label = std::isfinite(parts.front().temperature_c) ? "temperature (°C)" : "R (nm)";
  panel.y.label = "V_max,2/V_max";
  panel.y.lower = 0;
  panel.height = 200;
  double sum = 0, highest = 0;
  for (std::size_t i = 0; i < points.y.size(); ++i) {
    sum += points.y[i] / static_cast<double>(points.y.size());
    highest = std::max(highest, points.y[i] + points.y_errors[i]);
  }
  panel.y.upper = 1.1 * highest;
  double squares = 0;
  for (const double y : points.y)
    squares += (y - sum) * (y - sum) / static_cast<double>(points.y.size() - 1);
  panel.title = fmt::format("mean {:.3f}, standard deviation {:.3f}", sum, std::sqrt(squares));
  panel.guides.push_back({Direction::horizontal, sum, ""});
  panel.series.push_back(std::move(points));
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_temperature_figure(const Tree& root) {
  const auto parts = fem_parts(root);
  Series height, integral;
  Errors first_height, first_integral;
  for (const auto& part : parts) {
    const auto h = read(*part.group, "peak/1/height"), s = read(*part.group, "peak/1/integral");
    if (!std::isfinite(part.temperature_c) || !std::isfinite(h.value))
      continue;
    if (height.x.empty()) {
      first_height = h;
      first_integral = s;
    }
    const auto change = [](const Errors& then, const Errors& now, Series& to) {
      const double ratio = now.value / then.value;
      to.y.push_back(100 * (ratio - 1));
      // the first point has its own error, the others theirs: what all share is in none of them
      to.y_errors.push_back(100 * ratio * now.error / now.value);
    };
    height.x.push_back(part.temperature_c);
    integral.x.push_back(part.temperature_c);
    change(first_height, h, height);
    change(first_integral, s, integral);
  }
  if (height.x.size() < 2)
    return std::nullopt;
  Figure figure;
  figure.description = "Height and integral of the first peak against temperature";
  Panel panel;
  panel.height = 200;
  panel.x.label = "temperature (°C)";
  panel.y.label = "change since the first (%)";
  height.label = "height";
  integral.label = "integral";
  height.marker = Marker::circle;
  integral.marker = Marker::square;
  integral.hollow = true;
  integral.colour = palette(1);
  for (auto* one : {&height, &integral}) {
    one->line = Line::dotted;
    one->marker_size = 6;
    panel.series.push_back(std::move(*one));
  }
  panel.guides.push_back({Direction::horizontal, 0, ""});
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_peak_figure(const Tree& root, Index series) {
  const auto parts = fem_parts(root);
  if (series < 1 || series > static_cast<Index>(parts.size()))
    return std::nullopt;
  const auto& part = parts[static_cast<std::size_t>(series - 1)];
  const Tree* fit = part.group->find_group("peak_fit");
  if (fit == nullptr)
    return std::nullopt;
  const auto k = fit->numbers("k"), curve = fit->numbers("curve");
  Figure figure;
  figure.width = 560;
  figure.description = "Variance with the fit of its peaks, and what is left";
  Panel main, left;
  main.height = 210;
  main.x.share = left.x.share = 0;
  main.x.show_labels = false;
  main.y.label = "V(k)";
  left.row = 1;
  left.height = 80;
  left.legend = Legend::none;
  left.x.label = fmt::format("k ({})", part.unit);
  left.y.label = "(V − fit)/σ";
  Series data, rest;
  std::size_t at = 0;
  const double low = k.front() - 0.15 * (k.back() - k.front());
  for (std::size_t i = 0; i < part.k.size(); ++i) {
    if (!(part.k[i] >= low && part.k[i] <= k.back()) || !std::isfinite(part.variance[i]))
      continue;
    data.x.push_back(part.k[i]);
    data.y.push_back(part.variance[i]);
    data.y_errors.push_back(part.errors[i]);
    while (at < k.size() && k[at] < part.k[i] - 1e-9)
      ++at;
    if (at < k.size() && std::abs(k[at] - part.k[i]) < 1e-6) {
      rest.x.push_back(k[at]);
      rest.y.push_back((part.variance[i] - curve[at]) / part.errors[i]);
    }
  }
  data.line = rest.line = Line::none;
  data.marker = rest.marker = Marker::circle;
  data.marker_size = rest.marker_size = 3;
  data.colour = rest.colour = data_colour;
  main.series.push_back(std::move(data));
  Series line;
  line.x = k;
  line.y = curve;
  line.colour = palette(0);
  const bool calibrated = part.group->find("peak/1/k_inv_nm") != nullptr;
  const std::string name = calibrated ? "k_inv_nm" : "k_px";
  if (const Tree* peaks = part.group->find_group("peak"))
    for (const auto& [number, peak] : peaks->groups()) {
      main.guides.push_back({Direction::vertical, peak.number(name), ""});
      line.label += (line.label.empty() ? "peak at " : ", ") +
                    format_value(peak.number(name), peak.number_or(name + "_errors", NAN));
      const Tree* split = peak.find_group("split");
      if (split == nullptr || split->number("found") == 0)
        continue;
      for (const char* which : {"first", "second"}) {
        Series one;
        const double center = split->number(fmt::format("{}_k", which)),
                     height = split->number(fmt::format("{}_height", which)),
                     width = split->number("width");
        const double base = fit->number("background");
        for (const double x : k)
          if (std::abs(x - center) < 4 * width) {
            one.x.push_back(x);
            one.y.push_back(base + height * std::exp(-0.5 * std::pow((x - center) / width, 2)));
          }
        one.colour = palette(1);
        one.line = Line::dashed;
        one.label = std::string(which) == "first" ? "as two Gaussians" : "";
        main.series.push_back(std::move(one));
      }
    }
  line.label += " " + part.unit;
  main.series.push_back(std::move(line));
  left.guides.push_back({Direction::horizontal, 0, ""});
  left.series.push_back(std::move(rest));
  figure.panels = {std::move(main), std::move(left)};
  return figure;
}

} // namespace vitrum::report
