#include "vitrum/plot/render.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <fstream>

#include <fmt/format.h>

#include "canvas.hpp"
#include "layout.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::plot {
namespace {

void same_size(std::size_t found,
               std::size_t expected,
               const std::string& where,
               const char* what) {
  if (found != expected)
    throw DataError(fmt::format("{}: {} values of {}, expected {}", where, found, what, expected));
}

void validate_axis(const Axis& axis, const std::string& where) {
  if (axis.scale == Scale::log && (axis.lower <= 0 || axis.upper <= 0))
    throw OptionError(fmt::format("{}: limits of a logarithmic axis must be positive", where));
  if (axis.lower >= axis.upper)
    throw OptionError(
        fmt::format("{}: axis from {} to {}: must rise", where, axis.lower, axis.upper));
}

void validate_map(const HeatMap& map,
                  const std::vector<Overlay>& overlays,
                  const std::string& where) {
  same_size(map.values.size(), static_cast<std::size_t>(map.rows * map.columns), where, "the map");
  if (!(map.x_first < map.x_last) || !(map.y_first < map.y_last))
    throw OptionError(fmt::format("{}: the edges of the map must rise", where));
  if (map.scale == Scale::log && (map.lower <= 0 || map.upper <= 0))
    throw OptionError(fmt::format("{}: limits of a logarithmic colour must be positive", where));
  for (const Overlay& overlay : overlays)
    same_size(overlay.labels.size(),
              static_cast<std::size_t>(overlay.rows * overlay.columns),
              where,
              "an overlay");
}

void validate_panel(const Panel& panel, const std::string& where) {
  if (panel.row < 0 || panel.column < 0 || panel.row > 999 || panel.column > 99)
    throw OptionError(fmt::format("{}: row {}, column {}", where, panel.row, panel.column));
  if (!(panel.height > 0) || panel.aspect < 0 || panel.height > 5000 || panel.aspect > 20)
    throw OptionError(fmt::format("{}: height {}, aspect {}", where, panel.height, panel.aspect));
  validate_axis(panel.x, where);
  validate_axis(panel.y, where);
  for (const Series& series : panel.series) {
    same_size(series.y.size(), series.x.size(), where, "y");
    if (!series.y_errors.empty())
      same_size(series.y_errors.size(), series.x.size(), where, "errors");
  }
  for (const Band& band : panel.bands) {
    same_size(band.lower.size(), band.x.size(), where, "the lower edge");
    same_size(band.upper.size(), band.x.size(), where, "the upper edge");
  }
  if (panel.colour_bar && (!(panel.colour_bar->lower < panel.colour_bar->upper) ||
                           (panel.colour_bar->scale == Scale::log && panel.colour_bar->lower <= 0)))
    throw OptionError(fmt::format(
        "{}: colour bar from {} to {}", where, panel.colour_bar->lower, panel.colour_bar->upper));
  if (panel.map)
    validate_map(*panel.map, panel.overlays, where);
  else if (!panel.overlays.empty())
    throw OptionError(fmt::format("{}: an overlay needs a map", where));
}

} // namespace

void validate(const Figure& figure) {
  if (figure.panels.empty())
    throw OptionError("figure without panels");
  if (!(figure.width >= 100 && figure.width <= 5000))
    throw OptionError(fmt::format("width = {}: must be 100 to 5000 points", figure.width));
  for (const double weight : figure.column_weights)
    if (!(weight > 0))
      throw OptionError(fmt::format("column weight {}: must be positive", weight));
  for (std::size_t i = 0; i < figure.panels.size(); ++i)
    validate_panel(figure.panels[i], fmt::format("figure '{}', panel {}", figure.title, i + 1));
}

void validate(const RenderOptions& options) {
  if (!(options.png_scale >= 0.5 && options.png_scale <= 10))
    throw OptionError(fmt::format("png_scale = {}: must be 0.5 to 10", options.png_scale));
}

Figure with_limits(Figure figure) {
  validate(figure);
  const Layout layout = arrange(figure);
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    Panel& panel = figure.panels[i];
    const PanelLayout& place = layout.panels[i];
    panel.x.lower = place.x.lower;
    panel.x.upper = place.x.upper;
    panel.y.lower = place.y.lower;
    panel.y.upper = place.y.upper;
    if (panel.map) {
      panel.map->lower = place.bar.lower;
      panel.map->upper = place.bar.upper;
    }
  }
  return figure;
}

std::string render(const Figure& figure, Format format, const RenderOptions& options) {
  validate(options);
  const Layout layout = arrange(figure);
  const double width = std::ceil(layout.width), height = std::ceil(layout.height);
  const auto canvas = format == Format::svg ? make_svg_canvas(width, height, figure, options)
                                            : make_cairo_canvas(width, height, format, options);
  if (!figure.title.empty())
    canvas->text(
        {width / 2, 6}, figure.title, {size::title_text, Anchor::middle, Baseline::top, true});
  const double map_resolution = format == Format::pdf   ? 4.0 // 288 dpi
                                : format == Format::png ? options.png_scale
                                                        : 2.0;
  for (std::size_t i = 0; i < figure.panels.size(); ++i)
    draw_panel(*canvas, figure.panels[i], layout.panels[i], map_resolution);
  return canvas->finish();
}

Format format_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  if (extension == ".svg")
    return Format::svg;
  if (extension == ".pdf")
    return Format::pdf;
  if (extension == ".png")
    return Format::png;
  throw OptionError(
      fmt::format("{}: extension '{}', expected .svg, .pdf or .png", path.string(), extension));
}

void save(const Figure& figure, const std::filesystem::path& path, const RenderOptions& options) {
  const std::string bytes = render(figure, format_of(path), options);
  // a picture is there whole or not at all
  auto part = path;
  part.replace_filename("." + path.filename().string() + ".part");
  const auto refuse = [&](int error) {
    std::error_code none;
    std::filesystem::remove(part, none);
    throw FileError(path.string(), "cannot be written", error);
  };
  errno = 0;
  std::ofstream file(part, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file)
    refuse(errno);
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (error)
    refuse(error.value());
}

} // namespace vitrum::plot
