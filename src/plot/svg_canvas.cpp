#include <cmath>

#include <fmt/format.h>

#include "canvas.hpp"

#include "vitrum/plot/markup.hpp"

namespace vitrum::plot {
namespace {

/// Two decimals (1/7200 inch) without trailing zeros.
std::string length(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.'))
    text.pop_back();
  return text == "-0" ? "0" : text;
}

class SvgCanvas final : public Canvas {
public:
  SvgCanvas(double width, double height, const Figure& figure, const RenderOptions& options)
      : for_page_(options.for_page) {
    if (!for_page_)
      out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    out_ += fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\"{0} width=\"{1}\" height=\"{2}\" "
                        "viewBox=\"0 0 {1} {2}\" role=\"img\" font-family=\"'DejaVu Sans', "
                        "Verdana, sans-serif\">\n",
                        for_page_ ? "" : " xmlns:xlink=\"http://www.w3.org/1999/xlink\"",
                        length(width),
                        length(height));
    const std::string& name = figure.title.empty() ? figure.description : figure.title;
    if (!name.empty())
      out_ += fmt::format("<title>{}</title>\n", escaped(name));
    if (!figure.description.empty())
      out_ += fmt::format("<desc>{}</desc>\n", escaped(figure.description));
    if (!for_page_)
      out_ += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  }

  void lines(const std::vector<std::vector<Point>>& paths, const Stroke& stroke) override {
    const std::string data = path_data(paths, false);
    if (!data.empty())
      out_ += fmt::format("<path d=\"{}\" fill=\"none\"{}/>\n", data, stroked(stroke));
  }

  void
  areas(const std::vector<std::vector<Point>>& paths, Colour fill, const Stroke& outline) override {
    const std::string data = path_data(paths, true);
    if (!data.empty())
      out_ += fmt::format("<path d=\"{}\"{}{}/>\n", data, filled(fill), stroked(outline));
  }

  void circles(const std::vector<Point>& centres,
               double diameter,
               Colour fill,
               const Stroke& outline) override {
    if (centres.empty())
      return;
    const double r = diameter / 2;
    std::string data; // one path of arcs is half the size of as many circles
    for (const Point& p : centres)
      data += fmt::format("M{} {}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0",
                          length(p.x - r),
                          length(p.y),
                          fmt::arg("r", length(r)),
                          fmt::arg("d", length(diameter)));
    out_ += fmt::format("<path d=\"{}\"{}{}/>\n", data, filled(fill), stroked(outline));
  }

  void text(Point at, std::string_view text, const TextStyle& style) override {
    const double down = style.baseline == Baseline::bottom   ? 0
                        : style.baseline == Baseline::middle ? digit_height / 2
                                                             : digit_height;
    if (style.upward)
      at.x += down * style.size;
    else
      at.y += down * style.size;
    const char* anchor = style.anchor == Anchor::start    ? ""
                         : style.anchor == Anchor::middle ? " text-anchor=\"middle\""
                                                          : " text-anchor=\"end\"";
    out_ += fmt::format(
        "<text x=\"{0}\" y=\"{1}\" font-size=\"{2}\"{3}{4}{5}{6}>{7}</text>\n",
        length(at.x),
        length(at.y),
        length(style.size),
        anchor,
        style.bold ? " font-weight=\"bold\"" : "",
        style.upward ? fmt::format(" transform=\"rotate(-90 {} {})\"", length(at.x), length(at.y))
                     : "",
        filled(style.colour),
        escaped(text));
  }

  void picture(const Picture& picture, const Box& box) override {
    out_ += fmt::format("<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
                        "preserveAspectRatio=\"none\" image-rendering=\"pixelated\" "
                        "{}href=\"data:image/png;base64,{}\"/>\n",
                        length(box.left),
                        length(box.top),
                        length(box.width),
                        length(box.height),
                        for_page_ ? "" : "xlink:",
                        encode_base64(encode_png(picture)));
  }

  // A nested svg clips without an id, which would not be unique among the figures of one page.
  void begin_clip(const Box& box) override {
    const std::string numbers[] = {
        length(box.left), length(box.top), length(box.width), length(box.height)};
    out_ += fmt::format("<svg x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" "
                        "viewBox=\"{0} {1} {2} {3}\">\n",
                        numbers[0],
                        numbers[1],
                        numbers[2],
                        numbers[3]);
  }
  void end_clip() override { out_ += "</svg>\n"; }

  std::string finish() override {
    out_ += "</svg>\n";
    return std::move(out_);
  }

private:
  [[nodiscard]] std::string paint(Colour colour) const {
    if (for_page_ && colour.red == 0 && colour.green == 0 && colour.blue == 0)
      return "currentColor";
    const auto hex = fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
    return for_page_ && hex == "#ffffff" ? "var(--page,#ffffff)" : hex;
  }

  [[nodiscard]] std::string filled(Colour colour) const {
    if (colour.opacity >= 1)
      return fmt::format(" fill=\"{}\"", paint(colour));
    return fmt::format(" fill=\"{}\" fill-opacity=\"{}\"", paint(colour), length(colour.opacity));
  }

  [[nodiscard]] std::string stroked(const Stroke& stroke) const {
    if (stroke.width <= 0 || stroke.line == Line::none)
      return "";
    std::string text = fmt::format(
        " stroke=\"{}\" stroke-width=\"{}\"", paint(stroke.colour), length(stroke.width));
    if (stroke.colour.opacity < 1)
      text += fmt::format(" stroke-opacity=\"{}\"", length(stroke.colour.opacity));
    if (stroke.line == Line::dashed)
      text += fmt::format(
          " stroke-dasharray=\"{} {}\"", length(4 * stroke.width), length(2.5 * stroke.width));
    if (stroke.line == Line::dotted)
      text += fmt::format(
          " stroke-dasharray=\"{} {}\"", length(stroke.width), length(2 * stroke.width));
    return text + " stroke-linejoin=\"round\"";
  }

  [[nodiscard]] static std::string path_data(const std::vector<std::vector<Point>>& paths,
                                             bool closed) {
    std::string data;
    for (const auto& path : paths) {
      for (std::size_t i = 0; i < path.size(); ++i) {
        data += i == 0 ? 'M' : 'L';
        data += length(path[i].x);
        data += ' ';
        data += length(path[i].y);
      }
      if (closed && !path.empty())
        data += 'Z';
    }
    return data;
  }

  bool for_page_;
  std::string out_;
};

} // namespace

std::unique_ptr<Canvas>
make_svg_canvas(double width, double height, const Figure& figure, const RenderOptions& options) {
  return std::make_unique<SvgCanvas>(width, height, figure, options);
}

} // namespace vitrum::plot
