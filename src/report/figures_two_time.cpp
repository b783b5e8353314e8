#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "figure_parts.hpp"

#include "result.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/reduce.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

/// The mean of the finite ones of the four neighbours of C(t, t).
float neighbour_mean(const std::vector<float>& c, Index n, Index t) {
  double sum = 0;
  int count = 0;
  for (const auto& [y, x] : {std::pair{t, t + 1}, {t + 1, t}, {t, t - 1}, {t - 1, t}})
    if (y >= 0 && x >= 0 && y < n && x < n)
      if (const float v = c[static_cast<std::size_t>(y * n + x)]; std::isfinite(v)) {
        sum += v;
        ++count;
      }
  return count == 0 ? NAN : static_cast<float>(sum / count);
}

/// Mean of a diagonal block without its diagonal.
float block_without_diagonal(const std::vector<float>& c, Index n, Index first, Index factor) {
  double sum = 0;
  Index count = 0;
  const Index last = std::min(first + factor, n);
  for (Index y = first; y < last; ++y)
    for (Index x = first; x < last; ++x)
      if (const float v = c[static_cast<std::size_t>(y * n + x)]; x != y && std::isfinite(v)) {
        sum += v;
        ++count;
      }
  return count == 0 ? neighbour_mean(c, n, first)
                    : static_cast<float>(sum / static_cast<double>(count));
}

/// The map small enough to draw, from a matrix that may be gigabytes: it is never copied whole
/// unless it is small.
Blocks small_map(const std::vector<float>& c, Index n, const MapOptions& options) {
  const Index factor = std::max<Index>((n + options.cells - 1) / options.cells, 1);
  Blocks blocks = block_mean(c, n, n, factor, factor);
  if (options.correct_diagonal)
    for (Index b = 0; b < blocks.rows; ++b) {
      float& value = blocks.values[static_cast<std::size_t>(b * blocks.columns + b)];
      const bool gap = !std::isfinite(value);
      value =
          factor == 1 ? neighbour_mean(c, n, b) : block_without_diagonal(c, n, b * factor, factor);
      if (gap && factor == 1)
        value = NAN;
    }
  return blocks;
}

/// Half a step beyond the first and the last time.
std::pair<double, double> edges(const std::vector<double>& t) {
  const double step =
      t.size() > 1 ? (t.back() - t.front()) / static_cast<double>(t.size() - 1) : 1.0;
  return {t.front() - step / 2, t.back() + step / 2};
}

Panel map_panel(const std::vector<float>& c,
                const std::vector<double>& t,
                const MapOptions& options) {
  const auto n = static_cast<Index>(t.size());
  Blocks blocks = small_map(c, n, options);
  const Index factor = (n + blocks.rows - 1) / blocks.rows;
  const auto [first, last] = edges(t);
  const double covered =
      (last - first) * static_cast<double>(blocks.rows * factor) / static_cast<double>(n);
  HeatMap map;
  map.rows = blocks.rows;
  map.columns = blocks.columns;
  map.values = std::move(blocks.values);
  map.x_first = map.y_first = first;
  map.x_last = map.y_last = first + covered;
  map.map = options.map;
  map.label = "C(t₁, t₂)";

  Panel panel;
  panel.x = {"t₁ (s)", Scale::linear, first, last};
  panel.y = {"t₂ (s)", Scale::linear, first, last};
  panel.map = std::move(map);
  panel.aspect = 1;
  return panel;
}

std::optional<Panel> intensity_panel(const Result& result, Index bin, double first, double last) {
  const auto time = result.numbers("intensity/time_s", 1);
  if (!time)
    return std::nullopt;
  const auto n = static_cast<Index>(time->size());
  Series curve;
  curve.line_width = 0.8;
  curve.colour = palette(0);
  if (const auto bins = result.quantity("intensity/bin_mean_counts", {result.bins(), n}))
    curve.y = row_copy(bins->values, bin - 1, n);
  else if (const auto mean = result.quantity("intensity/mean_counts", {n}))
    curve.y = mean->values;
  else
    return std::nullopt;
  curve.x = *time;
  Panel panel;
  panel.row = 1;
  panel.height = 62;
  panel.x = {"time (s)", Scale::linear, first, last};
  panel.y = {"I₀ (counts)"};
  panel.series.push_back(std::move(curve));
  return panel;
}

} // namespace

std::string best_level(const Tree& entry, const std::string& group, Index cells) {
  const Tree* bin = entry.find_group(group);
  if (bin == nullptr)
    return group;
  std::string best;
  Index best_size = 0;
  for (const auto& [name, level] : bin->groups()) {
    const Array* map = level.find("two_time_corr_func");
    if (map == nullptr || map->shape.empty())
      continue;
    const Index size = map->shape[0];
    const bool better = best.empty() ||
                        (size <= cells && (best_size > cells || size > best_size)) ||
                        (size > cells && size < best_size);
    if (better) {
      best = group + "/" + name;
      best_size = size;
    }
  }
  return best.empty() ? group : best;
}

void validate(const MapOptions& options) {
  if (options.cells < 16)
    throw OptionError(fmt::format("cells = {}: must be at least 16", options.cells));
}

std::string bin_title(const Tree& root, Index bin) {
  return Result(root).bin_title(bin);
}

std::optional<Figure> make_two_time_figure(const Tree& root, Index bin, const MapOptions& options) {
  validate(options);
  const Result result(root);
  const std::string group = fmt::format("twotime/bin_{}", bin);
  const Array* map = result.entry().find(group + "/two_time_corr_func");
  auto time = result.numbers(group + "/t1_s", 1);
  MapOptions drawn = options;
  if (map == nullptr) { // too large to be read: one of its levels
    const std::string level = best_level(result.entry(), group, options.cells);
    map = result.entry().find(level + "/two_time_corr_func");
    time = result.numbers(level + "/t1_s", 1);
    drawn.correct_diagonal = false; // it is left out of the means
  }
  if (map == nullptr || !time || time->empty())
    return std::nullopt;
  const auto n = static_cast<Index>(time->size());
  if (map->shape != std::vector<Index>{n, n})
    throw DataError(fmt::format("{}/two_time_corr_func: expected {} × {} values", group, n, n));
  std::vector<float> converted;
  const auto* values = std::get_if<std::vector<float>>(&map->values);
  if (values == nullptr) {
    const auto numbers = to_numbers(*map);
    converted.assign(numbers.size(), 0);
    std::transform(numbers.begin(), numbers.end(), converted.begin(), [](double v) {
      return static_cast<float>(v);
    });
    values = &converted;
  }
  Figure figure;
  figure.width = 420;
  figure.description = fmt::format("Two-time correlation of {}", result.bin_title(bin));
  figure.panels.push_back(map_panel(*values, *time, drawn));
  figure.panels[0].title = result.bin_title(bin);
  const double first = figure.panels[0].x.lower, last = figure.panels[0].x.upper;
  if (auto intensity = intensity_panel(result, bin, first, last)) {
    figure.panels[0].x.show_labels = false;
    figure.description += " with the intensity below it";
    std::vector<Event> events = result.events();
    std::erase_if(events, [&](const Event& event) { return event.bin != bin; });
    intensity->guides = event_guides(events);
    figure.panels.push_back(std::move(*intensity));
  }
  return figure;
}

} // namespace vitrum::report
