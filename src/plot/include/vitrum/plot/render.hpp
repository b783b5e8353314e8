// Figures to files: SVG (text stays text), PDF and PNG, the same picture in all three. Equal
// figures give equal bytes: no dates, no random names.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "vitrum/plot/figure.hpp"

namespace vitrum::plot {

enum class Format { svg, pdf, png };

struct RenderOptions {
  double png_scale = 2; // pixels per point, 0.5 to 10
  /// SVG for a web page: no XML header and no background; black becomes the page's text colour and
  /// white its CSS variable --page, so that the figure follows light and dark.
  bool for_page = false;
};

void validate(const RenderOptions& options);

/// The figure with every limit that is left to the data filled in, as `render` draws it: of axes,
/// of the colours of maps. Maps keep all their values. Throws as `render`.
[[nodiscard]] Figure with_limits(Figure figure);

/// The bytes of the picture. Throws OptionError or DataError for a figure that does not validate.
[[nodiscard]] std::string
render(const Figure& figure, Format format, const RenderOptions& options = {});

/// From the extension .svg, .pdf or .png (any case). Throws OptionError.
[[nodiscard]] Format format_of(const std::filesystem::path& path);

/// Renders to a file in the format of its extension. Throws FileError.
void save(const Figure& figure,
          const std::filesystem::path& path,
          const RenderOptions& options = {});

} // namespace vitrum::plot
