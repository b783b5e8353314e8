#include "limits.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "vitrum/core/statistics.hpp"
#include "vitrum/plot/reduce.hpp"

namespace vitrum::plot {
namespace {

/// What the data of an axis cover, before any margin.
struct Extent {
  Scale scale = Scale::linear;
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -std::numeric_limits<double>::infinity();
  bool tight = false; // a map fills its panel to the edge

  void add(double value) {
    if (!std::isfinite(value) || (scale == Scale::log && value <= 0))
      return;
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  void add(const std::vector<double>& values) {
    for (const double value : values)
      add(value);
  }
  void join(const Extent& other) {
    lowest = std::min(lowest, other.lowest);
    highest = std::max(highest, other.highest);
    tight = tight || other.tight;
  }
};

/// Error bars widen the limits, but on either side by no more than half of what the values cover or
/// twice the median error: one bar of a failed point must not flatten all the others.
void add_error_bars(Extent& extent, const std::vector<Series>& series) {
  const Extent values = extent;
  std::vector<double> errors;
  for (const Series& s : series)
    for (std::size_t i = 0; !s.at_edge && i < s.y_errors.size(); ++i)
      if (std::isfinite(s.y[i]) && std::isfinite(s.y_errors[i]) && s.y_errors[i] > 0)
        errors.push_back(s.y_errors[i]);
  if (errors.empty() || !(values.lowest <= values.highest))
    return;
  const double usual = 2 * median(errors);
  double floor = values.lowest - usual, ceiling = values.highest + usual;
  if (extent.scale == Scale::log) {
    const double factor = std::sqrt(values.highest / values.lowest);
    floor = std::min(floor > 0 ? floor : values.lowest, values.lowest / factor);
    ceiling = std::max(ceiling, values.highest * factor);
  } else {
    const double half = (values.highest - values.lowest) / 2;
    floor = std::min(floor, values.lowest - half);
    ceiling = std::max(ceiling, values.highest + half);
  }
  for (const Series& s : series)
    for (std::size_t i = 0; !s.at_edge && i < s.y_errors.size(); ++i)
      if (std::isfinite(s.y[i]) && s.y_errors[i] > 0) {
        extent.add(std::max(s.y[i] - s.y_errors[i], floor));
        extent.add(std::min(s.y[i] + s.y_errors[i], ceiling));
      }
}

Extent x_extent(const Panel& panel) {
  Extent extent;
  extent.scale = panel.x.scale;
  for (const Series& series : panel.series)
    extent.add(series.x);
  for (const Band& band : panel.bands)
    extent.add(band.x);
  if (panel.map) {
    extent.add(panel.map->x_first);
    extent.add(panel.map->x_last);
    extent.tight = true;
  }
  return extent;
}

Extent y_extent(const Panel& panel) {
  Extent extent;
  extent.scale = panel.y.scale;
  for (const Series& series : panel.series)
    if (!series.at_edge)
      extent.add(series.y);
  for (const Band& band : panel.bands) {
    extent.add(band.lower);
    extent.add(band.upper);
  }
  add_error_bars(extent, panel.series);
  if (panel.map) {
    extent.add(panel.map->y_first);
    extent.add(panel.map->y_last);
    extent.tight = true;
  }
  return extent;
}

std::pair<double, double> settle(const Extent& extent, const Axis& axis) {
  std::pair<double, double> limits{extent.lowest, extent.highest};
  if (!extent.tight || !(limits.first < limits.second))
    limits = padded_limits(extent.lowest, extent.highest, axis.scale);
  if (std::isfinite(axis.lower))
    limits.first = axis.lower;
  if (std::isfinite(axis.upper))
    limits.second = axis.upper;
  if (limits.first < limits.second)
    return limits;
  // one limit is given and all data lie beyond it
  if (std::isfinite(axis.lower))
    return {axis.lower, axis.scale == Scale::log ? axis.lower * 10 : axis.lower + 1};
  return {axis.scale == Scale::log ? axis.upper / 10 : axis.upper - 1, axis.upper};
}

} // namespace

std::vector<PanelLimits> axis_limits(const Figure& figure) {
  std::map<int, Extent> shared;
  std::vector<std::pair<Extent, Extent>> extents;
  for (const Panel& panel : figure.panels) {
    extents.emplace_back(x_extent(panel), y_extent(panel));
    for (const auto& [axis, extent] :
         {std::pair{&panel.x, &extents.back().first}, {&panel.y, &extents.back().second}})
      if (axis->share >= 0)
        shared.try_emplace(axis->share, *extent).first->second.join(*extent);
  }
  std::vector<PanelLimits> limits;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const Panel& panel = figure.panels[i];
    const auto pick = [&](const Axis& axis, const Extent& own) {
      return settle(axis.share >= 0 ? shared.at(axis.share) : own, axis);
    };
    limits.push_back({pick(panel.x, extents[i].first), pick(panel.y, extents[i].second)});
  }
  return limits;
}

} // namespace vitrum::plot
