#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "fem_parts.hpp"
#include "figure_parts.hpp"
#include "vitrum/report/fem_figures.hpp"

namespace vitrum::report {

using namespace plot;

Index fem_series(const Tree& root) {
  const Tree* entry = root.find_group("entry");
  if (entry == nullptr || entry->text("kind") != "fem")
    return 0;
  const Tree* all = entry->find_group("series");
  return all == nullptr ? 0 : static_cast<Index>(all->groups().size());
}

std::vector<FemPart> fem_parts(const Tree& root) {
  std::vector<FemPart> parts;
  for (Index i = 1; i <= fem_series(root); ++i) {
    FemPart part;
    part.group = &root.group_at(fmt::format("entry/series/{}", i));
    part.k = part.group->numbers("k");
    part.variance = part.group->numbers("variance");
    part.errors = part.group->numbers("variance_errors");
    part.unit = display_unit(attribute_text(part.group->at("k").attributes, "units"));
    part.probe_nm = part.group->number_or("probe_size_nm", NAN);
    part.temperature_c = part.group->number_or("temperature_c", NAN);
    if (!std::isnan(part.temperature_c))
      part.label = fmt::format("{:g} °C", part.temperature_c);
    else if (!std::isnan(part.probe_nm))
      part.label = fmt::format("{:g} nm", part.probe_nm);
    else
      part.label = fmt::format("series {}", i);
    parts.push_back(std::move(part));
  }
  return parts;
}

Colour fem_colour(Index i, Index count) {
  if (count == 1)
    return palette(0);
  return curve_colour(ColourMap::viridis,
                      count == 1 ? 0 : static_cast<double>(i) / static_cast<double>(count - 1));
}

std::pair<double, double> clear_range(const FemPart& part) {
  // rings of few pixels about the direct beam and in the corners set no axis
  double first = NAN, last = NAN;
  if (part.group->find("ring_pixels") == nullptr) // a table
    return {part.k.front(), part.k.back()};
  const auto pixels = part.group->numbers("ring_pixels");
  const double most = *std::max_element(pixels.begin(), pixels.end());
  for (std::size_t r = 0; r < part.k.size(); ++r)
    if (pixels[r] > 0.1 * most && std::isfinite(part.variance[r])) {
      first = std::isnan(first) ? part.k[r] : first;
      last = part.k[r];
    }
  return {first, last};
}

std::optional<Figure> make_variance_figure(const Tree& root) {
  const auto parts = fem_parts(root);
  if (parts.empty())
    return std::nullopt;
  Figure figure;
  figure.width = 560;
  figure.description = "Normalised variance and intensity against k";
  Panel variance, intensity;
  variance.height = 230;
  variance.x.share = intensity.x.share = 0;
  variance.x.show_labels = false;
  variance.y.label = "V(k)";
  intensity.row = 1;
  intensity.height = 110;
  intensity.legend = Legend::none;
  intensity.x.label = fmt::format("k ({})", parts.front().unit);
  intensity.y.label = "I (counts)";
  intensity.y.scale = Scale::log;
  variance.x.lower = intensity.x.lower = clear_range(parts.front()).first;
  variance.x.upper = intensity.x.upper = clear_range(parts.front()).second;
  variance.legend = parts.size() > 6 ? Legend::right : Legend::best;
  const auto count = static_cast<Index>(parts.size());
  for (Index i = 0; i < count; ++i) {
    const auto& part = parts[static_cast<std::size_t>(i)];
    const auto [first, last] = clear_range(part);
    Series v, n;
    Band band;
    const bool counted = part.group->find("intensity") != nullptr;
    const auto counts = counted ? part.group->numbers("intensity") : std::vector<double>();
    for (std::size_t r = 0; r < part.k.size(); ++r) {
      if (!(part.k[r] >= first && part.k[r] <= last))
        continue;
      v.x.push_back(part.k[r]);
      v.y.push_back(part.variance[r]);
      band.lower.push_back(part.variance[r] - part.errors[r]);
      band.upper.push_back(part.variance[r] + part.errors[r]);
      if (counted)
        n.y.push_back(counts[r]);
    }
    band.x = n.x = v.x;
    v.colour = n.colour = fem_colour(i, count);
    band.colour = faded(v.colour, 0.22);
    v.label = count > 1 ? part.label : "";
    variance.bands.push_back(std::move(band));
    variance.series.push_back(std::move(v));
    if (counted)
      intensity.series.push_back(std::move(n));
  }
  if (intensity.series.empty()) { // tables of V(k)
    variance.x.label = intensity.x.label;
    variance.x.show_labels = true;
    figure.panels = {std::move(variance)};
  } else {
    figure.panels = {std::move(variance), std::move(intensity)};
  }
  return figure;
}

namespace {

struct Definition {
  const char* name;
  const char* label;
};
constexpr Definition definitions[] = {{"image", "annular mean of the variance image"},
                                      {"ring-mean", "mean of ring variances"},
                                      {"ring-ensemble", "ring and positions together"},
                                      {"mean-ratio", "ratio of annular means"},
                                      {"annular-mean", "variance of annular means"}};

} // namespace

std::vector<std::pair<std::string, std::string>> fem_definitions(const Tree& root) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto parts = fem_parts(root);
  for (const auto& definition : definitions)
    if (!parts.empty() &&
        parts[0].group->find_group(std::string("definition/") + definition.name) != nullptr)
      out.emplace_back(definition.name, definition.label);
  return out;
}

std::optional<Figure> make_corrections_figure(const Tree& root,
                                              const std::string& definition,
                                              const ShownCorrections& shown) {
  const auto parts = fem_parts(root);
  Figure figure;
  figure.width = 640;
  Panel panel;
  panel.height = 300;
  panel.y.label = "V(k)";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts[i];
    const Tree* one = part.group->find_group("definition/" + definition);
    if (one == nullptr)
      continue;
    const auto [first, last] = clear_range(part);
    const auto raw = one->numbers("raw"), noise = one->numbers("shot_noise"),
               bias = one->numbers("bias"), errors = one->numbers("value_errors");
    Series line;
    Band band;
    for (std::size_t r = 0; r < part.k.size(); ++r) {
      if (!(part.k[r] >= first && part.k[r] <= last))
        continue;
      const double value =
          raw[r] - (shown.shot_noise ? noise[r] : 0) - (shown.few_patterns ? bias[r] : 0);
      line.x.push_back(part.k[r]);
      line.y.push_back(value);
      band.lower.push_back(value - errors[r]);
      band.upper.push_back(value + errors[r]);
    }
    band.x = line.x;
    line.colour = fem_colour(static_cast<Index>(i), static_cast<Index>(parts.size()));
    line.label = part.label;
    band.colour = faded(line.colour, 0.2);
    panel.x.label = fmt::format("k ({})", part.unit);
    panel.bands.push_back(std::move(band));
    panel.series.push_back(std::move(line));
  }
  if (panel.series.empty())
    return std::nullopt;
  figure.description = fmt::format("V(k), {} for shot noise, {} for few patterns",
                                   shown.shot_noise ? "corrected" : "not corrected",
                                   shown.few_patterns ? "corrected" : "not corrected");
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_definitions_figure(const Tree& root, Index series) {
  const auto parts = fem_parts(root);
  if (series < 1 || series > static_cast<Index>(parts.size()))
    return std::nullopt;
  const auto& part = parts[static_cast<std::size_t>(series - 1)];
  if (part.group->find_group("definition") == nullptr)
    return std::nullopt;
  const auto [first, last] = clear_range(part);
  Figure figure;
  figure.width = 640;
  figure.description = "All definitions of the normalised variance, with and without shot noise";
  Panel panel;
  panel.height = 260;
  panel.x.label = fmt::format("k ({})", part.unit);
  panel.y.label = "V(k)";
  panel.y.scale = Scale::log;
  panel.legend = Legend::right;
  Index colour = 0;
  const auto draw = [&, first = first, last = last](
                        const Tree& one, const std::vector<double>& k, const std::string& label) {
    const auto value = one.numbers("value"), errors = one.numbers("value_errors"),
               raw = one.numbers("raw");
    Series line, before;
    Band band;
    for (std::size_t r = 0; r < k.size(); ++r) {
      if (!(k[r] >= first && k[r] <= last))
        continue;
      const auto shown = [](double v) { return v > 0 ? v : NAN; };
      line.x.push_back(k[r]);
      line.y.push_back(shown(value[r]));
      before.y.push_back(shown(raw[r]));
      band.lower.push_back(value[r] - errors[r] > 0 ? value[r] - errors[r] : shown(value[r]));
      band.upper.push_back(shown(value[r] + errors[r]));
    }
    band.x = before.x = line.x;
    line.colour = before.colour = palette(colour++);
    band.colour = faded(line.colour, 0.2);
    line.label = label;
    before.line = Line::dotted;
    panel.bands.push_back(std::move(band));
    if (part.group->number_or("gain", 0) > 0)
      panel.series.push_back(std::move(before));
    panel.series.push_back(std::move(line));
  };
  for (const auto& definition : definitions)
    draw(part.group->group_at(std::string("definition/") + definition.name),
         part.k,
         definition.label);
  if (const Tree* cells = part.group->find_group("cells"))
    draw(*cells, cells->numbers("k"), "of cells, about the median pattern");
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::optional<Figure> make_pattern_figure(const Tree& root, Index series) {
  const auto parts = fem_parts(root);
  if (series < 1 || series > static_cast<Index>(parts.size()))
    return std::nullopt;
  const Tree& group = *parts[static_cast<std::size_t>(series - 1)].group;
  if (group.find("image/mean") == nullptr)
    return std::nullopt;
  const auto& shape = group.at("image/mean").shape;
  const auto use = group.numbers("image/mask");
  Figure figure;
  figure.width = 760;
  figure.description = "Mean pattern with mask, centre and ring, and the variance of each pixel";
  Index column = 0;
  for (const auto& [name, title, scale] :
       {std::tuple("image/mean", "mean counts", Scale::log),
        std::tuple("image/variance", "variance over mean²", Scale::linear)}) {
    Panel panel;
    panel.column = column++;
    panel.title = title;
    panel.grid = false;
    panel.legend = Legend::none;
    panel.aspect = static_cast<double>(shape[0]) / static_cast<double>(shape[1]);
    panel.x = {"x (px)"};
    panel.y = {"y (px)"};
    panel.x.lower = panel.y.lower = -0.5;
    panel.x.upper = static_cast<double>(shape[1]) - 0.5;
    panel.y.upper = static_cast<double>(shape[0]) - 0.5;
    HeatMap map;
    map.rows = shape[0];
    map.columns = shape[1];
    const auto values = group.numbers(name);
    map.values.assign(values.begin(), values.end());
    for (std::size_t p = 0; p < map.values.size(); ++p)
      if (use[p] == 0 || (scale == Scale::log && !(map.values[p] > 0)))
        map.values[p] = NAN;
    map.x_first = map.y_first = -0.5;
    map.x_last = panel.x.upper;
    map.y_last = panel.y.upper;
    map.origin = Origin::top_left;
    map.scale = scale;
    map.lower_percentile = 1;
    map.upper_percentile = 99;
    panel.map = std::move(map);
    const double cx = group.number("center_x_px"), cy = group.number("center_y_px");
    if (const double radius = group.number_or("ring_radius_px", NAN); std::isfinite(radius)) {
      const double a = group.number("ellipse_stretch"), b = group.number("ellipse_shear");
      const double norm = std::sqrt(1 - a * a - b * b);
      Series ring;
      for (int i = 0; i <= 180; ++i) {
        const double phi = 2 * std::numbers::pi * i / 180;
        const double c = std::cos(phi), s = std::sin(phi);
        const double r =
            radius * std::sqrt(norm / ((1 + a) * c * c + 2 * b * c * s + (1 - a) * s * s));
        ring.x.push_back(cx + r * c);
        ring.y.push_back(cy + r * s);
      }
      ring.colour = white;
      ring.line = Line::dashed;
      ring.line_width = 1;
      panel.series.push_back(std::move(ring));
    }
    Series center;
    center.x = {cx};
    center.y = {cy};
    center.line = Line::none;
    center.marker = Marker::cross;
    center.marker_size = 8;
    center.colour = palette(1);
    panel.series.push_back(std::move(center));
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

} // namespace vitrum::report
