#include <algorithm>
#include <array>
#include <cmath>

#include "layout.hpp"
#include "vitrum/plot/reduce.hpp"

namespace vitrum::plot {
namespace {

constexpr int levels = 255; // with `missing` 256 colours, which a palette picture holds

std::array<std::array<std::uint8_t, 4>, levels + 1> colour_table(ColourMap map) {
  std::array<std::array<std::uint8_t, 4>, levels + 1> table{};
  for (int i = 0; i <= levels; ++i) {
    const Colour c = i == levels ? missing : colour_at(map, i / static_cast<double>(levels - 1));
    table[static_cast<std::size_t>(i)] = {c.red, c.green, c.blue, 255};
  }
  return table;
}

Picture paint(const HeatMap& map, const ColourBar& bar) {
  const auto table = colour_table(map.map);
  const AxisView level{bar.scale, bar.lower, bar.upper, 0, levels - 1};
  Picture picture{map.rows, map.columns, {}};
  picture.rgba.resize(static_cast<std::size_t>(4 * map.rows * map.columns));
  for (Index y = 0; y < map.rows; ++y) {
    // rows of a picture run downward
    const Index from = map.origin == Origin::top_left ? y : map.rows - 1 - y;
    for (Index x = 0; x < map.columns; ++x) {
      const double value = map.values[static_cast<std::size_t>(from * map.columns + x)];
      std::size_t i = levels;
      if (std::isfinite(value) && (bar.scale == Scale::linear || value > 0))
        i = static_cast<std::size_t>(std::clamp(std::lround(level(value)), 0L, levels - 1L));
      else if (std::isfinite(value) || std::isinf(value)) // below a log scale, or beyond any
        i = value > 0 ? levels - 1 : 0;
      std::copy(table[i].begin(), table[i].end(), picture.rgba.begin() + 4 * (y * map.columns + x));
    }
  }
  return picture;
}

Picture paint(const Overlay& overlay, Origin origin, Index cells) {
  const Index step =
      std::max<Index>((std::max(overlay.rows, overlay.columns) + cells - 1) / cells, 1);
  Picture picture{(overlay.rows + step - 1) / step, (overlay.columns + step - 1) / step, {}};
  for (Index y = 0; y < picture.rows; ++y) {
    const Index row = origin == Origin::top_left ? y : picture.rows - 1 - y;
    const Index from = std::min(row * step + step / 2, overlay.rows - 1);
    for (Index x = 0; x < picture.columns; ++x) {
      const Index column = std::min(x * step + step / 2, overlay.columns - 1);
      const Index label = overlay.labels[static_cast<std::size_t>(from * overlay.columns + column)];
      Colour c{0, 0, 0, 0};
      if (label > 0 && overlay.colours.empty())
        c = faded(palette(label - 1), overlay.opacity);
      else if (label > 0)
        c = faded(overlay.colours[static_cast<std::size_t>(label - 1) % overlay.colours.size()],
                  overlay.opacity);
      picture.rgba.insert(
          picture.rgba.end(),
          {c.red, c.green, c.blue, static_cast<std::uint8_t>(std::lround(255 * c.opacity))});
    }
  }
  return picture;
}

Box box_of(double x_first, double x_last, double y_first, double y_last, const PanelLayout& place) {
  const double a = place.x(x_first), b = place.x(x_last);
  const double c = place.y(y_first), d = place.y(y_last);
  return {std::min(a, b), std::min(c, d), std::abs(b - a), std::abs(d - c)};
}

} // namespace

void draw_map(Canvas& canvas, const Panel& panel, const PanelLayout& place, double resolution) {
  const HeatMap& whole = *panel.map;
  const auto cells =
      static_cast<Index>(std::ceil(resolution * std::max(place.area.width, place.area.height)));
  if (whole.rows > 0 && whole.columns > 0) {
    const bool big = std::max(whole.rows, whole.columns) > cells;
    const HeatMap small = big ? reduced(whole, cells) : HeatMap{};
    const HeatMap& map = big ? small : whole;
    canvas.picture(paint(map, place.bar),
                   box_of(map.x_first, map.x_last, map.y_first, map.y_last, place));
  }
  for (const Overlay& overlay : panel.overlays)
    canvas.picture(paint(overlay, whole.origin, cells),
                   box_of(whole.x_first, whole.x_last, whole.y_first, whole.y_last, place));
}

} // namespace vitrum::plot
