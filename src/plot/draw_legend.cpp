#include <algorithm>
#include <array>
#include <cmath>

#include "layout.hpp"

namespace vitrum::plot {
namespace {

using namespace size;

constexpr double inset = 5;

bool inside(const Box& box, double x, double y) {
  return x > box.left - 3 && x < box.right() + 3 && y > box.top - 3 && y < box.bottom() + 3;
}

/// How many points of the curves, and steps along their lines, a legend there would hide.
Index hidden(const Panel& panel, const PanelLayout& place, const Box& box) {
  Index count = 0;
  for (const Series& series : panel.series) {
    Point before;
    bool joined = false;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!place.x.holds(series.x[i]) || !place.y.holds(series.y[i])) {
        joined = false;
        continue;
      }
      Point here{place.x(series.x[i]), place.y(series.y[i])};
      if (series.at_edge)
        here.y = std::clamp(here.y, place.area.top, place.area.bottom());
      count += 2 * inside(box, here.x, here.y);
      if (joined && series.line != Line::none) // lines cross a box between points
        for (const double t : {0.25, 0.5, 0.75})
          count +=
              inside(box, before.x + t * (here.x - before.x), before.y + t * (here.y - before.y));
      before = here;
      joined = true;
    }
  }
  return count;
}

Box legend_box(const Panel& panel, const PanelLayout& place) {
  const Box& area = place.area;
  const double w = place.legend_width, h = place.legend_height;
  const Box top_right{area.right() - w - inset, area.top + inset, w, h};
  const Box top_left{area.left + inset, area.top + inset, w, h};
  const Box bottom_right{area.right() - w - inset, area.bottom() - h - inset, w, h};
  const Box bottom_left{area.left + inset, area.bottom() - h - inset, w, h};
  switch (panel.legend) {
  case Legend::right:
    return {area.right() + place.need.right - w - 2, area.top, w, h};
  case Legend::top_left:
    return top_left;
  case Legend::top_right:
    return top_right;
  case Legend::bottom_left:
    return bottom_left;
  case Legend::bottom_right:
    return bottom_right;
  default:
    break;
  }
  const std::array corners{top_right, top_left, bottom_left, bottom_right};
  std::array<Index, 4> cost{};
  for (std::size_t i = 0; i < corners.size(); ++i)
    cost[i] = hidden(panel, place, corners[i]);
  return corners[static_cast<std::size_t>(std::min_element(cost.begin(), cost.end()) -
                                          cost.begin())];
}

} // namespace

const std::string& LegendEntry::label() const {
  return series != nullptr ? series->label : band->label;
}

std::vector<LegendEntry> legend_entries(const Panel& panel) {
  std::vector<LegendEntry> entries;
  if (panel.legend == Legend::none)
    return entries;
  for (const Series& series : panel.series)
    if (!series.label.empty())
      entries.push_back({&series, nullptr});
  for (const Band& band : panel.bands)
    if (!band.label.empty())
      entries.push_back({nullptr, &band});
  return entries;
}

void draw_legend(Canvas& canvas, const Panel& panel, const PanelLayout& place) {
  const auto entries = legend_entries(panel);
  if (entries.empty())
    return;
  const Box box = legend_box(panel, place);
  if (panel.legend != Legend::right)
    canvas.areas({{{box.left, box.top},
                   {box.right(), box.top},
                   {box.right(), box.bottom()},
                   {box.left, box.bottom()}}},
                 faded(white, 0.8),
                 {faded(grey, 0.5), 0.5});
  const auto n = static_cast<Index>(entries.size());
  const Index rows = (n + place.legend_columns - 1) / place.legend_columns;
  const double column_width = (box.width - 4) / static_cast<double>(place.legend_columns);
  for (Index i = 0; i < n; ++i) {
    const double left = box.left + 4 + static_cast<double>(i / rows) * column_width;
    const double y = box.top + 2.5 + (static_cast<double>(i % rows) + 0.5) * (legend_text + 3.5);
    const LegendEntry& entry = entries[static_cast<std::size_t>(i)];
    if (entry.series != nullptr) {
      const Series& s = *entry.series;
      if (s.line != Line::none)
        canvas.lines({{{left, y}, {left + 18, y}}}, {s.colour, s.line_width, s.line});
      draw_markers(canvas, s, {{left + 9, y}});
    } else {
      canvas.areas({{{left, y - 3}, {left + 18, y - 3}, {left + 18, y + 3}, {left, y + 3}}},
                   entry.band->colour,
                   {black, 0});
    }
    canvas.text({left + 22, y}, entry.label(), {legend_text, Anchor::start, Baseline::middle});
  }
}

} // namespace vitrum::plot
