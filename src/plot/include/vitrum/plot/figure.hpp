// A figure as data: panels of curves, bands, lines, maps and notes. render.hpp draws it.
// Lengths are points (1/72 inch; one CSS pixel on screen). NaN breaks a line and is no point.
#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/plot/colour.hpp"

namespace vitrum::plot {

enum class Scale { linear, log };
enum class Line { none, solid, dashed, dotted };
enum class Marker { none, circle, square, diamond, triangle, cross };
enum class Direction { vertical, horizontal };
enum class Origin { lower_left, top_left }; // of row 0, column 0

inline constexpr double automatic = std::numeric_limits<double>::quiet_NaN();

struct Axis {
  std::string label; // with its unit in brackets: "lag (s)"
  Scale scale = Scale::linear;
  double lower = automatic, upper = automatic; // automatic: from the data
  int share = -1; // axes of a figure with the same number >= 0 have the same limits
  bool show_labels = true;
};

/// Points joined by a line, marked, with error bars; any of the three may be absent.
struct Series {
  std::vector<double> x, y;
  std::vector<double> y_errors; // empty, or one per point; NaN, 0 and negative draw no bar
  std::string label;            // of the legend; "" for no entry
  Colour colour = palette(0);
  Line line = Line::solid;
  Marker marker = Marker::none;
  double line_width = 1.2;
  double marker_size = 4.5; // diameter
  bool hollow = false;
  bool at_edge = false; // does not widen the y axis; points beyond it stand at its edge
};

/// The area between two curves.
struct Band {
  std::vector<double> x, lower, upper;
  std::string label;
  Colour colour = faded(palette(0), 0.2);
};

/// A straight line across the panel, with a label at its end.
struct Guide {
  Direction direction = Direction::vertical;
  double at = 0;
  std::string label;
  Colour colour = grey;
  Line line = Line::dashed;
};

/// A shaded stripe across the panel.
struct Span {
  Direction direction = Direction::vertical;
  double first = 0, last = 0;
  std::string label;
  Colour colour = faded(grey, 0.18);
};

/// Text at a place given as fractions of the panel, (0, 0) at its lower left. It extends away from
/// the nearer side.
struct Note {
  double x = 0.03, y = 0.95;
  std::string text;
  Colour colour = black;
};

/// Colours of curves or of a map, explained by a bar beside the panel. Limits must be numbers.
struct ColourBar {
  ColourMap map = ColourMap::viridis;
  Scale scale = Scale::linear;
  double lower = 0, upper = 1;
  std::string label;
  bool of_curves = false; // true: the colours of curve_colour, false: those of colour_at
};

/// A picture of values [row, column]. Bigger than print resolution, it is drawn from block means.
struct HeatMap {
  Index rows = 0, columns = 0;
  std::vector<float> values;      // NaN is drawn in light grey
  double x_first = 0, x_last = 1; // outer edges of the first and the last column
  double y_first = 0, y_last = 1; // outer edges of the first and the last row
  Origin origin = Origin::lower_left;
  ColourMap map = ColourMap::viridis;
  Scale scale = Scale::linear;
  double lower = automatic, upper = automatic; // automatic: the percentiles
  double lower_percentile = 0.5, upper_percentile = 99.5;
  std::string label;
  bool colour_bar = true;
};

/// Labelled pixels over a map of the same extent; label 0 is transparent.
struct Overlay {
  Index rows = 0, columns = 0;
  std::vector<std::int32_t> labels;
  std::vector<Colour> colours; // colour of label n is (n − 1) modulo their number; empty: palette
  double opacity = 0.45;
};

enum class Legend { none, best, right, top_left, top_right, bottom_left, bottom_right };

struct Panel {
  Index row = 0, column = 0; // place in the grid of the figure
  std::string title;
  Axis x, y;
  std::vector<Span> spans;
  std::vector<Band> bands;
  std::vector<Guide> guides;
  std::vector<Series> series;
  std::vector<Note> notes;
  std::optional<HeatMap> map;
  std::vector<Overlay> overlays;       // need a map
  std::optional<ColourBar> colour_bar; // a map brings its own
  Legend legend = Legend::best;
  double height = 150; // of the plot area
  double aspect = 0;   // > 0: height / width of the plot area, instead of `height`
  bool grid = true;
};

/// Panels in a grid; the width is given, the height follows from the panels.
struct Figure {
  std::string title;
  std::string description; // for readers who cannot see it
  double width = 480;
  std::vector<double> column_weights; // relative widths; empty: equal
  std::vector<Panel> panels;
};

/// Throws OptionError or DataError that names the panel when parts do not fit together.
void validate(const Figure& figure);

} // namespace vitrum::plot
