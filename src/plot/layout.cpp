#include "layout.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "limits.hpp"
#include "vitrum/plot/reduce.hpp"

namespace vitrum::plot {
namespace {

using namespace size;

double widest(const Ticks& ticks) {
  double width = 0;
  for (const Tick& tick : ticks.major)
    width = std::max(width, text_width(tick.label, tick_text));
  return width;
}

Ticks make_ticks(const AxisView& view, Index wanted, bool may_scale) {
  return view.scale == Scale::log ? log_ticks(view.lower, view.upper, wanted)
                                  : linear_ticks(view.lower, view.upper, wanted, may_scale);
}

Index wanted_ticks(double points, double apart) {
  return std::clamp<Index>(static_cast<Index>(points / apart), 2, 9);
}

/// As many ticks as leave room between their labels.
Ticks horizontal_ticks(const AxisView& view, double points, bool may_scale) {
  for (Index wanted = wanted_ticks(points, view.scale == Scale::log ? 30 : 38);; --wanted) {
    Ticks ticks = make_ticks(view, wanted, may_scale);
    double covered = 0;
    for (const Tick& tick : ticks.major)
      covered += text_width(tick.label, tick_text) + 8;
    if (covered <= points || wanted <= 2)
      return ticks;
  }
}

void resolve_bar(const Panel& panel, PanelLayout& place) {
  place.has_bar = panel.colour_bar.has_value() || (panel.map && panel.map->colour_bar);
  if (panel.colour_bar) {
    place.bar = *panel.colour_bar;
  } else if (panel.map) {
    const HeatMap& map = *panel.map;
    place.bar = {map.map, map.scale, map.lower, map.upper, map.label, false};
    if (!std::isfinite(map.lower) || !std::isfinite(map.upper)) {
      const auto [lower, upper] =
          percentile_limits(map.values, map.lower_percentile, map.upper_percentile, map.scale);
      place.bar.lower = std::isfinite(map.lower) ? map.lower : lower;
      place.bar.upper = std::isfinite(map.upper) ? map.upper : upper;
    }
    if (!(place.bar.lower < place.bar.upper))
      place.bar.upper = place.bar.scale == Scale::log ? 10 * place.bar.lower : place.bar.lower + 1;
  }
}

void measure_legend(const Panel& panel, PanelLayout& place) {
  const auto entries = legend_entries(panel);
  if (entries.empty())
    return;
  double width = 0;
  for (const LegendEntry& entry : entries)
    width = std::max(width, text_width(entry.label(), legend_text));
  const auto n = static_cast<Index>(entries.size());
  place.legend_columns = panel.legend != Legend::right && n > 8 ? 2 : 1;
  const Index rows = (n + place.legend_columns - 1) / place.legend_columns;
  place.legend_width = static_cast<double>(place.legend_columns) * (width + 28) + 4;
  place.legend_height = static_cast<double>(rows) * (legend_text + 3.5) + 5;
}

/// Ticks for the present size of the area and the room that their labels need.
void measure_panel(const Panel& panel, PanelLayout& place) {
  const double width = std::max(place.area.width, 40.0), height = std::max(place.area.height, 20.0);
  place.x_ticks = horizontal_ticks(place.x, width, !panel.x.label.empty());
  // a square map has the same ticks on both sides
  const double apart = panel.map && panel.aspect > 0 ? 38 : 23;
  Index wanted = wanted_ticks(height, apart);
  do // one number alone gives no scale
    place.y_ticks = make_ticks(place.y, wanted, !panel.y.label.empty());
  while (place.y_ticks.major.size() < 2 && ++wanted <= 6);
  auto& need = place.need;
  need = {tick + gap, 8, 6, tick + gap};
  if (panel.y.show_labels) {
    need.left += widest(place.y_ticks);
    if (!panel.y.label.empty())
      need.left += label_text + 6;
  }
  if (panel.x.show_labels) {
    need.bottom += tick_text + 1;
    if (!panel.x.label.empty())
      need.bottom += label_text + 5;
    if (!place.x_ticks.major.empty()) { // the last label may reach beyond the axis
      const Tick& last = place.x_ticks.major.back();
      need.right = std::max(need.right, text_width(last.label, tick_text) / 2 + 2);
    }
  }
  if (!panel.title.empty())
    need.top += title_text + 4;
  if (place.has_bar) {
    const AxisView along{place.bar.scale, place.bar.lower, place.bar.upper};
    place.bar_ticks = make_ticks(along, wanted_ticks(height, 26), !place.bar.label.empty());
    need.right = bar_gap + bar_width + tick + gap + widest(place.bar_ticks) + 8;
    if (!place.bar.label.empty())
      need.right += label_text + 4;
  }
  if (panel.legend == Legend::right)
    need.right += place.legend_width + 4;
}

struct Grid {
  std::vector<double> sizes, before, after; // of the areas, and the room around them
  explicit Grid(std::size_t n) : sizes(n), before(n), after(n) {}
  [[nodiscard]] double around() const {
    return std::accumulate(before.begin(), before.end(), 0.0) +
           std::accumulate(after.begin(), after.end(), 0.0);
  }
};

void size_columns(const Figure& figure, Layout& layout, Grid& columns, Grid& rows) {
  std::fill(columns.before.begin(), columns.before.end(), 0.0);
  std::fill(columns.after.begin(), columns.after.end(), 0.0);
  std::fill(rows.before.begin(), rows.before.end(), 0.0);
  std::fill(rows.after.begin(), rows.after.end(), 0.0);
  std::fill(rows.sizes.begin(), rows.sizes.end(), 0.0);
  for (std::size_t i = 0; i < layout.panels.size(); ++i) {
    const auto c = static_cast<std::size_t>(figure.panels[i].column);
    const auto r = static_cast<std::size_t>(figure.panels[i].row);
    const auto& need = layout.panels[i].need;
    columns.before[c] = std::max(columns.before[c], need.left);
    columns.after[c] = std::max(columns.after[c], need.right);
    rows.before[r] = std::max(rows.before[r], need.top);
    rows.after[r] = std::max(rows.after[r], need.bottom);
  }
  for (std::size_t c = 0; c + 1 < columns.after.size(); ++c)
    columns.after[c] += 8; // what belongs to one panel stands away from the next
  double weights = 0;
  const auto weight = [&](std::size_t c) {
    return c < figure.column_weights.size() ? figure.column_weights[c] : 1.0;
  };
  for (std::size_t c = 0; c < columns.sizes.size(); ++c)
    weights += weight(c);
  const double left = figure.width - columns.around();
  for (std::size_t c = 0; c < columns.sizes.size(); ++c)
    columns.sizes[c] = std::max(left * weight(c) / weights, 30.0);
  for (const Panel& panel : figure.panels) {
    const auto r = static_cast<std::size_t>(panel.row);
    const double width = columns.sizes[static_cast<std::size_t>(panel.column)];
    rows.sizes[r] = std::max(rows.sizes[r], panel.aspect > 0 ? panel.aspect * width : panel.height);
  }
}

void set_views(const Panel& panel, PanelLayout& place) {
  place.x.from = place.area.left;
  place.x.to = place.area.right();
  place.y.from = place.area.bottom();
  place.y.to = place.area.top;
  if (panel.map && panel.map->origin == Origin::top_left)
    std::swap(place.y.from, place.y.to);
}

} // namespace

double AxisView::operator()(double value) const {
  const double part = scale == Scale::log ? std::log(value / lower) / std::log(upper / lower)
                                          : (value - lower) / (upper - lower);
  return from + part * (to - from);
}

bool AxisView::holds(double value) const {
  return std::isfinite(value) && (scale == Scale::linear || value > 0);
}

Layout arrange(const Figure& figure) {
  validate(figure);
  Index row_count = 0, column_count = 0;
  for (const Panel& panel : figure.panels) {
    row_count = std::max(row_count, panel.row + 1);
    column_count = std::max(column_count, panel.column + 1);
  }
  Grid rows(static_cast<std::size_t>(row_count)), columns(static_cast<std::size_t>(column_count));
  Layout layout;
  layout.width = figure.width;
  layout.panels.resize(figure.panels.size());
  const auto limits = axis_limits(figure);
  const double guess = figure.width / static_cast<double>(std::max<Index>(column_count, 1)) - 60;
  for (std::size_t i = 0; i < layout.panels.size(); ++i) {
    const Panel& panel = figure.panels[i];
    PanelLayout& place = layout.panels[i];
    place.x = {panel.x.scale, limits[i].x.first, limits[i].x.second};
    place.y = {panel.y.scale, limits[i].y.first, limits[i].y.second};
    place.area = {0, 0, guess, panel.aspect > 0 ? panel.aspect * guess : panel.height};
    resolve_bar(panel, place);
    measure_legend(panel, place);
  }
  // Ticks depend on the size of the area and the size on the labels: the second round settles it.
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < layout.panels.size(); ++i)
      measure_panel(figure.panels[i], layout.panels[i]);
    size_columns(figure, layout, columns, rows);
    for (std::size_t i = 0; i < layout.panels.size(); ++i) {
      const auto r = static_cast<std::size_t>(figure.panels[i].row);
      const auto c = static_cast<std::size_t>(figure.panels[i].column);
      Box& area = layout.panels[i].area;
      area = {0, figure.title.empty() ? 2.0 : title_text + 12, columns.sizes[c], rows.sizes[r]};
      for (std::size_t k = 0; k <= c; ++k)
        area.left += columns.before[k] + (k < c ? columns.sizes[k] + columns.after[k] : 0.0);
      for (std::size_t k = 0; k <= r; ++k)
        area.top += rows.before[k] + (k < r ? rows.sizes[k] + rows.after[k] : 0.0);
      const Panel& panel = figure.panels[i];
      area.height = panel.aspect > 0 ? panel.aspect * area.width : panel.height;
      set_views(panel, layout.panels[i]);
    }
  }
  layout.height = (figure.title.empty() ? 2.0 : title_text + 12) + rows.around() + 2 +
                  std::accumulate(rows.sizes.begin(), rows.sizes.end(), 0.0);
  return layout;
}

} // namespace vitrum::plot
