// Where everything of a figure stands: limits of axes, ticks, boxes of panels.
#pragma once
#include <vector>

#include "canvas.hpp"
#include "vitrum/plot/figure.hpp"
#include "vitrum/plot/ticks.hpp"

namespace vitrum::plot {

namespace size {
inline constexpr double tick_text = 8.5, label_text = 9.5, title_text = 10.5, legend_text = 8.5;
inline constexpr double tick = 4, minor_tick = 2.2, gap = 3;
inline constexpr double bar_gap = 8, bar_width = 9;
} // namespace size

/// From data to points along one axis of a panel.
struct AxisView {
  Scale scale = Scale::linear;
  double lower = 0, upper = 1; // data
  double from = 0, to = 1;     // points
  [[nodiscard]] double operator()(double value) const;
  [[nodiscard]] bool holds(double value) const; // can be drawn at all: finite, positive on log
};

struct PanelLayout {
  Box area;
  AxisView x, y;
  Ticks x_ticks, y_ticks;
  bool has_bar = false;
  ColourBar bar; // limits resolved
  Ticks bar_ticks;
  double legend_width = 0, legend_height = 0;
  Index legend_columns = 1;
  struct {
    double left = 0, right = 0, top = 0, bottom = 0;
  } need; // room around the area
};

struct Layout {
  double width = 0, height = 0;
  std::vector<PanelLayout> panels; // one per panel of the figure
};

[[nodiscard]] Layout arrange(const Figure& figure);

struct LegendEntry {
  const Series* series = nullptr; // either of the two
  const Band* band = nullptr;
  [[nodiscard]] const std::string& label() const;
};
[[nodiscard]] std::vector<LegendEntry> legend_entries(const Panel& panel);

void draw_panel(Canvas& canvas,
                const Panel& panel,
                const PanelLayout& place,
                double map_resolution);
void draw_map(Canvas& canvas, const Panel& panel, const PanelLayout& place, double resolution);
/// Also the sample in the legend.
void draw_markers(Canvas& canvas, const Series& series, const std::vector<Point>& points);
void draw_legend(Canvas& canvas, const Panel& panel, const PanelLayout& place);

} // namespace vitrum::plot
