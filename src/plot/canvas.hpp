// What a figure is drawn on: the few strokes that SVG and cairo have in common. Lengths are points,
// y runs downward.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/plot/colour.hpp"
#include "vitrum/plot/figure.hpp"
#include "vitrum/plot/render.hpp"

namespace vitrum::plot {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double left = 0, top = 0, width = 0, height = 0;
  [[nodiscard]] double right() const { return left + width; }
  [[nodiscard]] double bottom() const { return top + height; }
  [[nodiscard]] double middle() const { return left + width / 2; }
  [[nodiscard]] double centre() const { return top + height / 2; }
};

struct Stroke {
  Colour colour = black;
  double width = 0.8;
  Line line = Line::solid;
};

struct Picture { // RGBA, one byte each, row 0 at the top
  Index rows = 0, columns = 0;
  std::vector<std::uint8_t> rgba;
};

enum class Anchor { start, middle, end };
enum class Baseline { bottom, middle, top }; // of the digits, not of the descenders

struct TextStyle {
  double size = 8.5;
  Anchor anchor = Anchor::start;
  Baseline baseline = Baseline::bottom;
  bool bold = false;
  bool upward = false; // turned by 90° to the left
  Colour colour = black;
};

class Canvas {
public:
  virtual ~Canvas() = default;
  /// Lines through the points, each list apart.
  virtual void lines(const std::vector<std::vector<Point>>& paths, const Stroke& stroke) = 0;
  /// Closed areas, filled and (width > 0) outlined.
  virtual void
  areas(const std::vector<std::vector<Point>>& paths, Colour fill, const Stroke& outline) = 0;
  /// Filled circles; `outline` as above.
  virtual void circles(const std::vector<Point>& centres,
                       double diameter,
                       Colour fill,
                       const Stroke& outline) = 0;
  virtual void text(Point at, std::string_view text, const TextStyle& style) = 0;
  /// The picture fills the box; its pixels keep hard edges when enlarged.
  virtual void picture(const Picture& picture, const Box& box) = 0;
  virtual void begin_clip(const Box& box) = 0;
  virtual void end_clip() = 0;
  /// Ends the drawing and returns the bytes; the canvas is of no use afterwards.
  virtual std::string finish() = 0;
};

[[nodiscard]] std::unique_ptr<Canvas>
make_svg_canvas(double width, double height, const Figure& figure, const RenderOptions& options);
/// `format` is pdf or png.
[[nodiscard]] std::unique_ptr<Canvas>
make_cairo_canvas(double width, double height, Format format, const RenderOptions& options);

/// Width in points of text in the font of the figures (DejaVu Sans).
[[nodiscard]] double text_width(std::string_view text, double size, bool bold = false);
inline constexpr double digit_height = 0.73; // of the font size

/// A palette PNG when 256 colours are enough, else RGBA.
[[nodiscard]] std::string encode_png(const Picture& picture);
[[nodiscard]] std::string encode_base64(std::string_view bytes);

} // namespace vitrum::plot
