#include "polar_cells.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fem {

PolarCells make_polar_cells(const RingShape& shape,
                            const KScale& scale,
                            const frames::Mask& mask,
                            std::span<const double> mean_image,
                            Index angles,
                            double ring_width_px,
                            double inner_px) {
  PolarCells cells;
  cells.angles = angles;
  cells.of_pixel.assign(mask.use.size(), -1);
  const double outer =
      0.5 * std::hypot(static_cast<double>(mask.width), static_cast<double>(mask.height));
  cells.rings = static_cast<Index>((outer - inner_px) / ring_width_px);
  if (cells.rings < 1)
    throw OptionError(fmt::format("{} angles: patterns of {} x {} are too small for so many cells",
                                  angles,
                                  mask.height,
                                  mask.width));
  cells.pixels.assign(static_cast<std::size_t>(cells.rings * angles), 0);
  for (Index y = 0; y < mask.height; ++y)
    for (Index x = 0; x < mask.width; ++x) {
      const auto p = static_cast<std::size_t>(y * mask.width + x);
      if (mask.use[p] == 0 || !(mean_image[p] > 0))
        continue;
      const double px = static_cast<double>(x), py = static_cast<double>(y);
      const auto ring =
          static_cast<Index>(std::floor((shape.radius_px(px, py) - inner_px) / ring_width_px));
      if (ring < 0 || ring >= cells.rings)
        continue;
      const double turn =
          std::atan2(py - shape.center_y_px, px - shape.center_x_px) / (2 * std::numbers::pi) + 0.5;
      const Index angle =
          std::min(static_cast<Index>(turn * static_cast<double>(angles)), angles - 1);
      cells.of_pixel[p] = static_cast<std::int32_t>(ring * angles + angle);
      ++cells.pixels[static_cast<std::size_t>(ring * angles + angle)];
    }
  for (Index r = 0; r < cells.rings; ++r)
    cells.k.push_back(scale.k_inv_nm(inner_px + (static_cast<double>(r) + 0.5) * ring_width_px));
  return cells;
}

} // namespace vitrum::fem
