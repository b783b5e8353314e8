// Cells of rings and angles, whose means stand for pixels where neighbours are taken together.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/fem/polar_map.hpp"

namespace vitrum::fem {

/// Which cell [ring, angle] each pixel belongs to, −1 for none.
struct PolarCells {
  Index rings = 0, angles = 0;
  std::vector<std::int32_t> of_pixel;
  std::vector<double> pixels; // [ring, angle] of the cell
  std::vector<double> k;      // [ring]
};

/// Rings of this width from the radius `inner_px` to the corner. Pixels belong to the cell of their
/// centre; those that are masked or whose mean is not positive to none. Throws OptionError where no
/// ring fits.
[[nodiscard]] PolarCells make_polar_cells(const RingShape& shape,
                                          const KScale& scale,
                                          const frames::Mask& mask,
                                          std::span<const double> mean_image,
                                          Index angles,
                                          double ring_width_px,
                                          double inner_px);

} // namespace vitrum::fem
