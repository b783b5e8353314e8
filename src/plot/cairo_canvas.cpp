#include <array>
#include <cmath>

#include <cairo-pdf.h>
#include <cairo.h>
#include <fmt/format.h>

#include "canvas.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::plot {
namespace {

cairo_status_t append(void* out, const unsigned char* bytes, unsigned int size) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

/// Without hinting, text has the same width in all formats and at all scales.
void choose_font(cairo_t* cairo, double size, bool bold) {
  cairo_select_font_face(cairo,
                         "DejaVu Sans",
                         CAIRO_FONT_SLANT_NORMAL,
                         bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo, size);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_set_font_options(cairo, options);
  cairo_font_options_destroy(options);
}

double advance(cairo_t* cairo, std::string_view text) {
  cairo_text_extents_t extents;
  cairo_text_extents(cairo, std::string(text).c_str(), &extents);
  return extents.x_advance;
}

class CairoCanvas final : public Canvas {
public:
  CairoCanvas(double width, double height, Format format, const RenderOptions& options)
      : format_(format) {
    if (format == Format::pdf) {
      surface_ = cairo_pdf_surface_create_for_stream(append, &out_, width, height);
      // cairo would write the time of day; text that is no date leaves it out
      cairo_pdf_surface_set_metadata(surface_, CAIRO_PDF_METADATA_CREATE_DATE, "");
    } else {
      const auto pixels = [&](double length) {
        return static_cast<int>(std::lround(length * options.png_scale));
      };
      surface_ = cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels(width), pixels(height));
    }
    cairo_ = cairo_create(surface_);
    if (format == Format::png)
      cairo_scale(cairo_, options.png_scale, options.png_scale);
    cairo_set_source_rgb(cairo_, 1, 1, 1);
    cairo_paint(cairo_);
    cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
  }
  ~CairoCanvas() override { release(); }
  CairoCanvas(const CairoCanvas&) = delete;
  CairoCanvas& operator=(const CairoCanvas&) = delete;

  void lines(const std::vector<std::vector<Point>>& paths, const Stroke& stroke) override {
    trace(paths, false);
    draw_stroke(stroke);
  }

  void
  areas(const std::vector<std::vector<Point>>& paths, Colour fill, const Stroke& outline) override {
    trace(paths, true);
    fill_and_outline(fill, outline);
  }

  void circles(const std::vector<Point>& centres,
               double diameter,
               Colour fill,
               const Stroke& outline) override {
    for (const Point& p : centres) {
      cairo_new_sub_path(cairo_);
      cairo_arc(cairo_, p.x, p.y, diameter / 2, 0, 2 * M_PI);
      cairo_close_path(cairo_);
    }
    fill_and_outline(fill, outline);
  }

  void text(Point at, std::string_view text, const TextStyle& style) override {
    choose_font(cairo_, style.size, style.bold);
    const double width = advance(cairo_, text);
    const double left = style.anchor == Anchor::start    ? 0
                        : style.anchor == Anchor::middle ? -width / 2
                                                         : -width;
    const double down = style.baseline == Baseline::bottom   ? 0
                        : style.baseline == Baseline::middle ? digit_height / 2
                                                             : digit_height;
    set_source(style.colour);
    cairo_save(cairo_);
    cairo_translate(cairo_, at.x, at.y);
    if (style.upward)
      cairo_rotate(cairo_, -M_PI / 2);
    cairo_move_to(cairo_, left, down * style.size);
    cairo_show_text(cairo_, std::string(text).c_str());
    cairo_restore(cairo_);
    cairo_new_path(cairo_);
  }

  void picture(const Picture& picture, const Box& box) override {
    const auto columns = static_cast<int>(picture.columns), rows = static_cast<int>(picture.rows);
    cairo_surface_t* image = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, columns, rows);
    check(cairo_surface_status(image));
    unsigned char* data = cairo_image_surface_get_data(image);
    const Index stride = cairo_image_surface_get_stride(image);
    for (Index y = 0; y < picture.rows; ++y) {
      auto* line = reinterpret_cast<std::uint32_t*>(data + y * stride);
      for (Index x = 0; x < picture.columns; ++x)
        line[x] = premultiplied(picture.rgba.data() + 4 * (y * picture.columns + x));
    }
    cairo_surface_mark_dirty(image);
    cairo_save(cairo_);
    cairo_translate(cairo_, box.left, box.top);
    cairo_scale(cairo_, box.width / columns, box.height / rows);
    cairo_set_source_surface(cairo_, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo_), CAIRO_FILTER_NEAREST);
    cairo_rectangle(cairo_, 0, 0, columns, rows);
    cairo_fill(cairo_);
    cairo_restore(cairo_);
    cairo_surface_destroy(image);
  }

  void begin_clip(const Box& box) override {
    cairo_save(cairo_);
    cairo_rectangle(cairo_, box.left, box.top, box.width, box.height);
    cairo_clip(cairo_);
  }
  void end_clip() override { cairo_restore(cairo_); }

  std::string finish() override {
    check(cairo_status(cairo_));
    if (format_ == Format::png)
      check(cairo_surface_write_to_png_stream(surface_, append, &out_));
    else
      cairo_show_page(cairo_);
    cairo_surface_finish(surface_);
    check(cairo_surface_status(surface_));
    release();
    return std::move(out_);
  }

private:
  static void check(cairo_status_t status) {
    if (status != CAIRO_STATUS_SUCCESS)
      throw Error(fmt::format("cairo: {}", cairo_status_to_string(status)));
  }

  static std::uint32_t premultiplied(const std::uint8_t* rgba) {
    const std::uint32_t alpha = rgba[3];
    const auto part = [&](int i) { return (rgba[i] * alpha + 127U) / 255U; };
    return alpha << 24 | part(0) << 16 | part(1) << 8 | part(2);
  }

  void release() {
    if (cairo_ != nullptr)
      cairo_destroy(cairo_);
    if (surface_ != nullptr)
      cairo_surface_destroy(surface_);
    cairo_ = nullptr;
    surface_ = nullptr;
  }

  void set_source(Colour colour) {
    cairo_set_source_rgba(
        cairo_, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0, colour.opacity);
  }

  void trace(const std::vector<std::vector<Point>>& paths, bool closed) {
    for (const auto& path : paths) {
      for (std::size_t i = 0; i < path.size(); ++i)
        i == 0 ? cairo_move_to(cairo_, path[i].x, path[i].y)
               : cairo_line_to(cairo_, path[i].x, path[i].y);
      if (closed && !path.empty())
        cairo_close_path(cairo_);
    }
  }

  void draw_stroke(const Stroke& stroke) {
    if (stroke.width > 0 && stroke.line != Line::none) {
      set_source(stroke.colour);
      cairo_set_line_width(cairo_, stroke.width);
      const double w = stroke.width;
      const std::array<double, 2> dash =
          stroke.line == Line::dotted ? std::array{w, 2 * w} : std::array{4 * w, 2.5 * w};
      cairo_set_dash(cairo_, dash.data(), stroke.line == Line::solid ? 0 : 2, 0);
      cairo_stroke(cairo_);
    }
    cairo_new_path(cairo_);
  }

  void fill_and_outline(Colour fill, const Stroke& outline) {
    set_source(fill);
    cairo_fill_preserve(cairo_);
    draw_stroke(outline);
  }

  Format format_;
  std::string out_;
  cairo_surface_t* surface_ = nullptr;
  cairo_t* cairo_ = nullptr;
};

} // namespace

std::unique_ptr<Canvas>
make_cairo_canvas(double width, double height, Format format, const RenderOptions& options) {
  return std::make_unique<CairoCanvas>(width, height, format, options);
}

double text_width(std::string_view text, double size, bool bold) {
  cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
  cairo_t* cairo = cairo_create(surface);
  choose_font(cairo, size, bold);
  const double width = advance(cairo, text);
  cairo_destroy(cairo);
  cairo_surface_destroy(surface);
  return width;
}

} // namespace vitrum::plot
