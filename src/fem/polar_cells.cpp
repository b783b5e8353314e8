#include "polar_cells.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

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
  cells.height = mask.height;
  cells.width = mask.width;
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

void average_cells(const PolarCells& cells,
                   std::span<const double> pattern,
                   std::span<const double> over,
                   std::span<double> mean) {
  std::fill(mean.begin(), mean.end(), 0);
  for (std::size_t p = 0; p < pattern.size(); ++p)
    if (const auto cell = cells.of_pixel[p]; cell >= 0)
      mean[static_cast<std::size_t>(cell)] += over.empty() ? pattern[p] : pattern[p] / over[p];
  for (std::size_t c = 0; c < mean.size(); ++c)
    mean[c] = cells.pixels[c] > 0 ? mean[c] / cells.pixels[c] : unknown;
}

std::vector<double> cell_noise_shares(const PolarCells& cells, const NoiseCorrelation& noise) {
  std::vector<double> of_pixel(cells.of_pixel.size(), 0);
  parallel_for(0, cells.height, 8, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y)
      for (Index x = 0; x < cells.width; ++x) {
        const auto p = static_cast<std::size_t>(y * cells.width + x);
        const auto cell = cells.of_pixel[p];
        if (cell < 0)
          continue;
        double sum = noise.at(0, 0);
        const Index last_y = std::min(y + noise.reach, cells.height - 1);
        const Index last_x = std::min(x + noise.reach, cells.width - 1);
        for (Index v = y; v <= last_y; ++v) // each pair once
          for (Index u = v == y ? x + 1 : std::max<Index>(x - noise.reach, 0); u <= last_x; ++u)
            if (cells.of_pixel[static_cast<std::size_t>(v * cells.width + u)] == cell)
              sum += 2 * noise.at(v - y, u - x);
        of_pixel[p] = sum;
      }
  });
  std::vector<double> share(cells.pixels.size(), 0);
  for (std::size_t p = 0; p < of_pixel.size(); ++p)
    if (const auto cell = cells.of_pixel[p]; cell >= 0)
      share[static_cast<std::size_t>(cell)] +=
          of_pixel[p] / cells.pixels[static_cast<std::size_t>(cell)];
  return share;
}

} // namespace vitrum::fem
