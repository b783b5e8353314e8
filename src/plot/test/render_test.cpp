#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <cairo.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "../canvas.hpp"
#include "../layout.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/render.hpp"

namespace vitrum::plot {
namespace {

struct Image { // decoded PNG
  int width = 0, height = 0;
  std::vector<std::uint32_t> pixels; // xRGB
  [[nodiscard]] Colour at(double x, double y) const {
    const std::uint32_t p =
        pixels[static_cast<std::size_t>(static_cast<int>(y) * width + static_cast<int>(x))];
    return {static_cast<std::uint8_t>(p >> 16 & 255),
            static_cast<std::uint8_t>(p >> 8 & 255),
            static_cast<std::uint8_t>(p & 255)};
  }
};

Image decode(const std::string& png) {
  struct Reader {
    const std::string& bytes;
    std::size_t place = 0;
  } reader{png};
  const auto read = [](void* closure, unsigned char* out, unsigned int size) {
    auto& r = *static_cast<Reader*>(closure);
    if (r.place + size > r.bytes.size())
      return CAIRO_STATUS_READ_ERROR;
    std::memcpy(out, r.bytes.data() + r.place, size);
    r.place += size;
    return CAIRO_STATUS_SUCCESS;
  };
  cairo_surface_t* surface = cairo_image_surface_create_from_png_stream(read, &reader);
  EXPECT_EQ(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
  Image image{cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), {}};
  const int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; y < image.height; ++y) {
    const auto* line =
        reinterpret_cast<const std::uint32_t*>(cairo_image_surface_get_data(surface) + y * stride);
    image.pixels.insert(image.pixels.end(), line, line + image.width);
  }
  cairo_surface_destroy(surface);
  return image;
}

Figure map_figure(std::vector<float> values, Index rows, Index columns, Origin origin) {
  HeatMap map;
  map.rows = rows;
  map.columns = columns;
  map.values = std::move(values);
  map.x_last = static_cast<double>(columns);
  map.y_last = static_cast<double>(rows);
  map.origin = origin;
  map.lower = 0;
  map.upper = 1;
  map.label = "value";
  Figure figure;
  Panel panel;
  panel.x.label = "t₁ (s)";
  panel.y.label = "t₂ (s)";
  panel.aspect = 1;
  panel.map = std::move(map);
  figure.panels.push_back(std::move(panel));
  return figure;
}

Figure curve_figure() {
  Figure figure;
  figure.title = "a & b <c>";
  Panel panel;
  panel.x = {"lag (s)", Scale::log};
  panel.y = {"g₂ − 1"};
  for (const Marker marker : {Marker::circle,
                              Marker::square,
                              Marker::diamond,
                              Marker::triangle,
                              Marker::cross,
                              Marker::none}) {
    Series series;
    series.label = "series " + std::to_string(panel.series.size());
    series.marker = marker;
    series.hollow = panel.series.size() % 2 == 1;
    series.colour = palette(static_cast<Index>(panel.series.size()));
    for (int i = 0; i < 30; ++i) {
      series.x.push_back(std::pow(10.0, 0.1 * i));
      series.y.push_back(i == 7 ? NAN : std::exp(-series.x.back() / 50));
      series.y_errors.push_back(0.02);
    }
    panel.series.push_back(std::move(series));
  }
  panel.bands.push_back({{1, 10, 100}, {0, 0, 0}, {0.5, NAN, 0.3}, "band"});
  panel.spans.push_back({Direction::vertical, 2, 5, "beam loss"});
  panel.guides.push_back({Direction::horizontal, 0.2, "plateau"});
  panel.guides.push_back({Direction::vertical, 30, "event"});
  panel.notes.push_back({0.5, 0.5, "q = 2.68 Å⁻¹, ⟨t⟩, χ²"});
  figure.panels.push_back(std::move(panel));
  return figure;
}

TEST(Render, LabelsOfLinesThatWouldLieOnEachOtherAreLeftOut) {
  Figure figure;
  Panel panel;
  panel.x = {"t (s)", Scale::linear, 0, 100};
  panel.y = {"y", Scale::linear, 0, 1};
  for (const double at : {20.0, 20.2, 80.0})
    panel.guides.push_back({Direction::vertical, at, fmt::format("at {}", at)});
  figure.panels.push_back(std::move(panel));
  const std::string text = render(figure, Format::svg);
  EXPECT_NE(text.find("at 20<"), std::string::npos);
  EXPECT_EQ(text.find("at 20.2<"), std::string::npos);
  EXPECT_NE(text.find("at 80<"), std::string::npos);
}

Colour value_colour(double value) {
  return colour_at(ColourMap::viridis, std::round(254 * value) / 254);
}

TEST(Render, MapPixelsHaveTheirColours) {
  // lower-left origin: the first row is at the bottom
  const std::vector<float> values{0, 0.25F, 0.75F, std::numeric_limits<float>::quiet_NaN()};
  for (const Origin origin : {Origin::lower_left, Origin::top_left}) {
    const Figure figure = map_figure(values, 2, 2, origin);
    const Image image = decode(render(figure, Format::png));
    const Layout layout = arrange(figure);
    EXPECT_EQ(image.width, static_cast<int>(2 * std::ceil(layout.width)));
    const Box& area = layout.panels[0].area;
    const double x[] = {area.left + area.width / 4, area.left + 3 * area.width / 4};
    const double low = area.top + 3 * area.height / 4, high = area.top + area.height / 4;
    const double first = origin == Origin::lower_left ? low : high;
    const double second = origin == Origin::lower_left ? high : low;
    EXPECT_EQ(image.at(2 * x[0], 2 * first), value_colour(0));
    EXPECT_EQ(image.at(2 * x[1], 2 * first), value_colour(0.25));
    EXPECT_EQ(image.at(2 * x[0], 2 * second), value_colour(0.75));
    EXPECT_EQ(image.at(2 * x[1], 2 * second), missing);
    EXPECT_EQ(image.at(1, 1), white);
  }
}

TEST(Render, LimitsFilledInChangeNothing) {
  Figure figure = map_figure({1, 2, 3, 4, 5, 60}, 2, 3, Origin::lower_left);
  Panel curve;
  curve.row = 1;
  curve.x.scale = Scale::log;
  Series& series = curve.series.emplace_back();
  series.x = {1, 10, 300};
  series.y = {2, -1, 5};
  series.y_errors = {0.1, 0.2, 0.1};
  figure.panels.push_back(curve);
  const auto filled = with_limits(figure);
  EXPECT_EQ(render(filled, Format::svg), render(figure, Format::svg));
  EXPECT_LE(filled.panels[1].x.lower, 1);
  EXPECT_GE(filled.panels[1].x.upper, 300);
  EXPECT_LE(filled.panels[1].y.lower, -1.2);
  EXPECT_GT(filled.panels[0].map->upper, filled.panels[0].map->lower);
}

TEST(Render, MapOfNothingButNaN) {
  Figure figure = map_figure(std::vector<float>(9, NAN), 3, 3, Origin::lower_left);
  figure.panels[0].map->lower = figure.panels[0].map->upper = automatic;
  const Image image = decode(render(figure, Format::png));
  const Box area = arrange(figure).panels[0].area;
  EXPECT_EQ(image.at(2 * area.middle(), 2 * area.centre()), missing);
}

TEST(Render, BigMapIsDrawnFromBlockMeans) {
  // stripes of 0 and 1, finer than print: everything becomes 0.5
  const Index n = 4096;
  std::vector<float> values(static_cast<std::size_t>(n * n));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i % 2);
  Figure figure = map_figure(std::move(values), n, n, Origin::lower_left);
  figure.width = 280; // 4096 cells on about 430 pixels: blocks of ten
  const std::string png = render(figure, Format::png);
  const Image image = decode(png);
  const Box area = arrange(figure).panels[0].area;
  for (const double f : {0.1, 0.45, 0.9})
    EXPECT_EQ(image.at(2 * (area.left + f * area.width), 2 * (area.top + f * area.height)),
              value_colour(0.5));
  EXPECT_LT(png.size(), 100000U);
  EXPECT_LT(render(figure, Format::svg).size(), 100000U);
}

TEST(Render, OverlayColoursLabelledPixelsOnly) {
  Figure figure = map_figure({1, 1, 1, 1}, 2, 2, Origin::top_left);
  figure.panels[0].map->map = ColourMap::gray; // 1 is white
  figure.panels[0].overlays.push_back({2, 2, {0, 1, 2, 0}, {{255, 0, 0}, {0, 0, 255}}, 1.0});
  const Image image = decode(render(figure, Format::png));
  const Box area = arrange(figure).panels[0].area;
  const auto at = [&](double fx, double fy) {
    return image.at(2 * (area.left + fx * area.width), 2 * (area.top + fy * area.height));
  };
  EXPECT_EQ(at(0.25, 0.25), white);
  EXPECT_EQ(at(0.75, 0.25), (Colour{255, 0, 0}));
  EXPECT_EQ(at(0.25, 0.75), (Colour{0, 0, 255}));
  EXPECT_EQ(at(0.75, 0.75), white);
}

TEST(Render, CurvePassesThroughItsPoints) {
  Figure figure;
  Panel panel;
  panel.grid = false;
  Series series;
  series.x = {0, 1};
  series.y = {0, 1};
  series.colour = {255, 0, 0};
  series.line_width = 4;
  panel.series.push_back(series);
  figure.panels.push_back(panel);
  const Image image = decode(render(figure, Format::png));
  const Box area = arrange(figure).panels[0].area;
  EXPECT_EQ(image.at(2 * area.middle(), 2 * area.centre()), (Colour{255, 0, 0}));
  EXPECT_EQ(image.at(2 * area.middle(), 2 * (area.top + 0.1 * area.height)), white);
}

TEST(Render, SvgHoldsItsTextAsText) {
  const std::string svg = render(curve_figure(), Format::svg);
  for (const char* text : {">lag (s)<",
                           ">g₂ − 1<",
                           ">10²<",
                           ">series 3<",
                           ">band<",
                           ">beam loss<",
                           ">event<",
                           ">q = 2.68 Å⁻¹, ⟨t⟩, χ²<",
                           "a &amp; b &lt;c&gt;"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(Render, SvgForAPageTakesThePagesColours) {
  RenderOptions options;
  options.for_page = true;
  const std::string svg = render(curve_figure(), Format::svg, options);
  EXPECT_TRUE(svg.starts_with("<svg"));
  EXPECT_NE(svg.find("currentColor"), std::string::npos);
  EXPECT_EQ(svg.find(" id="), std::string::npos); // ids of several figures would clash
}

TEST(Render, EqualFiguresGiveEqualBytes) {
  for (const Format format : {Format::svg, Format::pdf, Format::png}) {
    EXPECT_EQ(render(curve_figure(), format), render(curve_figure(), format));
    const auto map = [] { return map_figure({0, 1, 0.5F, NAN}, 2, 2, Origin::lower_left); };
    EXPECT_EQ(render(map(), format), render(map(), format));
  }
  const std::string pdf = render(curve_figure(), Format::pdf);
  EXPECT_TRUE(pdf.starts_with("%PDF"));
  EXPECT_EQ(pdf.find("CreationDate"), std::string::npos); // no time of day
}

TEST(Render, DegenerateDataAreDrawn) {
  for (const std::vector<double>& y : {std::vector<double>{},
                                       {NAN},
                                       {1.0},
                                       {0.0},
                                       {-1.0},
                                       {INFINITY, -INFINITY},
                                       {3, 3, 3},
                                       {1e300, -1e300}})
    for (const Scale scale : {Scale::linear, Scale::log}) {
      Figure figure;
      Panel panel;
      panel.x = {"x", scale};
      panel.y = {"y", scale};
      Series series;
      series.y = y;
      series.marker = Marker::circle;
      for (std::size_t i = 0; i < y.size(); ++i)
        series.x.push_back(static_cast<double>(i));
      series.y_errors.assign(y.size(), 0.1);
      series.label = "s";
      panel.series.push_back(series);
      figure.panels.push_back(panel);
      for (const Format format : {Format::svg, Format::pdf, Format::png})
        EXPECT_GT(render(figure, format).size(), 500U);
      const std::string svg = render(figure, Format::svg);
      EXPECT_EQ(svg.find("nan"), std::string::npos);
      EXPECT_EQ(svg.find("inf"), std::string::npos);
    }
}

TEST(Render, LongCurvesAreThinnedButKeepTheirSpikes) {
  Figure figure;
  Panel panel;
  panel.grid = false;
  Series series;
  for (int i = 0; i < 200000; ++i) {
    series.x.push_back(i);
    series.y.push_back(i == 123456 ? 1.0 : 0.0);
  }
  panel.series.push_back(series);
  figure.panels.push_back(panel);
  const std::string svg = render(figure, Format::svg);
  EXPECT_LT(svg.size(), 300000U);
  const PanelLayout place = arrange(figure).panels[0];
  std::string height = fmt::format("{:.2f}", place.y(1.0));
  height.erase(height.find_last_not_of('0') + 1);
  EXPECT_NE(svg.find(" " + height + "L"), std::string::npos) << height;
}

TEST(Render, RefusesPartsThatDoNotFit) {
  EXPECT_THROW((void)render(Figure{}, Format::svg), OptionError);
  Figure figure = curve_figure();
  figure.panels[0].series[0].y.pop_back();
  EXPECT_THROW((void)render(figure, Format::svg), DataError);
  figure = curve_figure();
  figure.panels[0].x.lower = -1;
  EXPECT_THROW((void)render(figure, Format::svg), OptionError);
  figure = map_figure({1, 2, 3}, 2, 2, Origin::lower_left);
  EXPECT_THROW((void)render(figure, Format::svg), DataError);
  RenderOptions options;
  options.png_scale = 0;
  EXPECT_THROW((void)render(curve_figure(), Format::png, options), OptionError);
}

TEST(Save, ChoosesTheFormatByExtension) {
  EXPECT_EQ(format_of("a/b.SVG"), Format::svg);
  EXPECT_EQ(format_of("b.pdf"), Format::pdf);
  EXPECT_EQ(format_of("b.png"), Format::png);
  EXPECT_THROW((void)format_of("b.jpg"), OptionError);
  const auto path = std::filesystem::temp_directory_path() / "vitrum_plot_save.svg";
  save(curve_figure(), path);
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(bytes, render(curve_figure(), Format::svg));
  std::filesystem::remove(path);
  EXPECT_THROW(save(curve_figure(), "/nonexistent/folder/a.svg"), FileError);
}

TEST(Layout, MapIsSquareAndPanelsOfAColumnAlign) {
  Figure figure = map_figure({1, 2, 3, 4}, 2, 2, Origin::lower_left);
  Panel below;
  below.row = 1;
  below.height = 60;
  below.y.label = "a wide label (10³ s)";
  Series series;
  series.x = {0, 2};
  series.y = {0.00012, 0.00013};
  below.series.push_back(series);
  figure.panels.push_back(below);
  const Layout layout = arrange(figure);
  const Box a = layout.panels[0].area, b = layout.panels[1].area;
  EXPECT_DOUBLE_EQ(a.width, a.height);
  EXPECT_DOUBLE_EQ(a.left, b.left);
  EXPECT_DOUBLE_EQ(a.width, b.width);
  EXPECT_GT(b.top, a.bottom());
  EXPECT_LT(a.right(), layout.width);
  EXPECT_LT(b.bottom(), layout.height);
}

TEST(Png, PaletteAndTrueColourReadBack) {
  for (const int colours : {3, 256, 257, 4000}) {
    Picture picture{50, 80, {}};
    for (int i = 0; i < 4000; ++i) {
      const int c = i % colours;
      picture.rgba.insert(
          picture.rgba.end(),
          {static_cast<std::uint8_t>(c & 255), static_cast<std::uint8_t>(c >> 8), 9, 255});
    }
    const Image image = decode(encode_png(picture));
    ASSERT_EQ(image.width, 80);
    ASSERT_EQ(image.height, 50);
    for (int i = 0; i < 4000; ++i) {
      const int c = i % colours;
      EXPECT_EQ(image.at(i % 80, i / 80),
                (Colour{static_cast<std::uint8_t>(c & 255), static_cast<std::uint8_t>(c >> 8), 9}));
    }
  }
}

TEST(Base64, HandNumbers) { // RFC 4648, section 10
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
}

TEST(Text, AllSignsOfTheFiguresAreInTheFont) {
  // a sign that the font lacks is drawn as its box, which is as wide as that of an unassigned one
  const double box = text_width("\U000e0fff", 10);
  for (const char* sign : {"τ",
                           "β",
                           "χ",
                           "Å",
                           "⁻",
                           "¹",
                           "⁰",
                           "⁹",
                           "₁",
                           "⟨",
                           "⟩",
                           "−",
                           "∝",
                           "Δ",
                           "σ",
                           "±",
                           "×",
                           "θ",
                           "λ"})
    EXPECT_NE(text_width(sign, 10), box) << sign;
}

TEST(ColourMaps, EndsAndNaN) {
  EXPECT_EQ(colour_at(ColourMap::viridis, 0), (Colour{0x44, 0x01, 0x54}));
  EXPECT_EQ(colour_at(ColourMap::viridis, 2), (Colour{0xfd, 0xe7, 0x25}));
  EXPECT_EQ(colour_at(ColourMap::gray, 0.5), (Colour{128, 128, 128}));
  EXPECT_EQ(colour_at(ColourMap::jet, 0.5), (Colour{128, 255, 128}));
  EXPECT_EQ(colour_at(ColourMap::magma, NAN), missing);
  EXPECT_EQ(parse_colour_map("turbo"), ColourMap::turbo);
  EXPECT_THROW((void)parse_colour_map("rainbow"), OptionError);
}

TEST(AtEdge, MarksBeyondTheAxesStandAtTheirEdgeAndDoNotWidenThem) {
  for (const Scale scale : {Scale::linear, Scale::log}) {
    Figure figure;
    Panel panel;
    panel.y.scale = scale;
    panel.grid = false;
    Series good;
    good.x = {0, 1, 2, 3, 4};
    good.y = {1, 2, 3, 2, 1};
    panel.series.push_back(good);
    figure.panels.push_back(panel);
    const Layout before = arrange(figure);
    Series stray;
    stray.x = {0.5, 1.5, 2.5, 3.5};
    stray.y = {1e9, -1e9, INFINITY, 1.5};
    stray.colour = {255, 0, 0};
    stray.line = Line::none;
    stray.marker = Marker::square;
    stray.marker_size = 8;
    stray.at_edge = true;
    figure.panels[0].series.push_back(stray);
    const PanelLayout place = arrange(figure).panels.at(0);
    EXPECT_EQ(place.y.lower, before.panels[0].y.lower);
    EXPECT_EQ(place.y.upper, before.panels[0].y.upper);
    RenderOptions options;
    options.png_scale = 2;
    const Image image = decode(render(figure, Format::png, options));
    const std::vector<double> heights{
        place.area.top + 5, place.area.bottom() - 5, place.area.top + 5, place.y(1.5)};
    for (std::size_t i = 0; i < heights.size(); ++i)
      EXPECT_EQ(image.at(2 * place.x(stray.x[i]), 2 * heights[i]), (Colour{255, 0, 0})) << i;
  }
}

} // namespace
} // namespace vitrum::plot
