// Big pictures made small, and limits of data.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/plot/figure.hpp"

namespace vitrum::plot {

struct Blocks {
  Index rows = 0, columns = 0;
  std::vector<float> values;
};

/// Means over blocks of row_factor × column_factor values of values[row, column]; NaN is left out,
/// a block of nothing else is NaN. Blocks at the far edges hold what is left.
[[nodiscard]] Blocks block_mean(std::span<const float> values,
                                Index rows,
                                Index columns,
                                Index row_factor,
                                Index column_factor);

/// The map with at most `cells` rows and columns, its blocks averaged. Where blocks do not divide
/// it, the far edge moves outward to the end of the last block.
[[nodiscard]] HeatMap reduced(HeatMap map, Index cells);

/// Lower and upper percentile (0 to 100) of the finite values; positive ones only on a log scale.
/// Never equal: without spread, or without data, an interval round the value, or 0 to 1.
[[nodiscard]] std::pair<double, double> percentile_limits(std::span<const float> values,
                                                          double lower,
                                                          double upper,
                                                          Scale scale = Scale::linear);

/// Limits that show all finite values with a margin of 4 %; positive ones only on a log scale.
[[nodiscard]] std::pair<double, double> padded_limits(double lowest, double highest, Scale scale);

} // namespace vitrum::plot
