// Cells of rings and angles, whose means stand for pixels where neighbours are taken together.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/fem/mtf.hpp"
#include "vitrum/fem/polar_map.hpp"

namespace vitrum::fem {

/// Which cell [ring, angle] each pixel belongs to, −1 for none.
struct PolarCells {
  Index rings = 0, angles = 0;
  Index height = 0, width = 0; // of the patterns
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

/// Mean of each cell [ring, angle] of `pattern` [pixel], divided by `over` [pixel] unless that is
/// empty; NaN for cells without pixels.
void average_cells(const PolarCells& cells,
                   std::span<const double> pattern,
                   std::span<const double> over,
                   std::span<double> mean);

/// Variance of the counting noise of the mean of each cell [ring, angle], over that which its
/// pixels would give if no signal spread: Σ over pairs of its pixels of their covariance, over
/// their number.
[[nodiscard]] std::vector<double> cell_noise_shares(const PolarCells& cells,
                                                    const NoiseCorrelation& noise);

} // namespace vitrum::fem
