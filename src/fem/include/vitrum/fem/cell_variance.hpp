// The normalised variance of cells instead of pixels: what programs find that average over cells of
// rings and angles before anything else, and take deviations from the median pattern.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vitrum/core/monitor.hpp"
#include "vitrum/fem/mtf.hpp"
#include "vitrum/fem/pattern_pass.hpp"
#include "vitrum/fem/variance.hpp"

namespace vitrum::fem {

struct CellOptions {
  double width_px = 2, angle_deg = 5; // of a cell
  DetectorNoise noise;
  NoiseCorrelation spread; // of the counting noise of pixels: what of it is left in cells
  Index replicates = 200;  // bootstrap samples of positions
  std::uint64_t seed = 1;
};
/// Throws OptionError that names the flag.
void validate(const CellOptions& options);

/// [ring]; NaN where a ring holds no cell or no intensity. `error` and `bias` by bootstrap; the
/// bias is what few patterns do to the value: means of squares of N deviations from their own
/// median.
struct CellVariance {
  std::vector<double> k, raw, shot_noise, value, error, bias; // value = raw − shot_noise
  Index patterns = 0, angles = 0;
};

/// ⟨⟨(I − med_r I)²⟩r⟩φ / ⟨med_r I⟩φ², I the means of cells φ of a ring at positions r, med_r the
/// median over the positions. Smaller than the same of pixels where cells are wider than speckle.
class CellPass : public PatternUser {
public:
  [[nodiscard]] virtual CellVariance finish() = 0;
};

/// For the patterns of `sums`, whose groups of patterns are resampled for the errors. Throws
/// DataError where the cells of all patterns do not fit into `sums.memory_bytes`.
[[nodiscard]] std::unique_ptr<CellPass> make_cell_pass(const frames::SeriesInfo& info,
                                                       const RingShape& shape,
                                                       const KScale& scale,
                                                       const frames::Mask& mask,
                                                       std::span<const double> mean_image,
                                                       const SumOptions& sums,
                                                       const CellOptions& options);

} // namespace vitrum::fem
