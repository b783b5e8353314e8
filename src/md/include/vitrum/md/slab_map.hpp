// What is seen of atoms along the third edge of the box: means of a number over the atoms of a
// slab, smoothed.
#pragma once
#include <span>
#include <vector>

#include "vitrum/atoms/configuration.hpp"

namespace vitrum::md {

struct SlabMap {
  Index rows = 0, columns = 0;  // along the second and the first edge
  double height = 0, width = 0; // lengths of these edges
  std::vector<float> mean;      // [row, column]
  std::vector<Index> atoms;     // those in the slab
  std::vector<double> x, y;     // and where they lie along the edges
};

/// Σ_i w_i v_i/Σ_i w_i about the middle of each cell, over the atoms i whose distance from the
/// middle plane of the box is below half the thickness, w_i a Gaussian of the distance in the plane
/// with the standard deviation `smoothing`; the box repeats itself. `value` is [atom]. Throws
/// OptionError unless the thickness, the smoothing and `cells` (along the longer edge) are
/// positive, DataError when no atom lies in the slab.
[[nodiscard]] SlabMap slab_map(const atoms::Configuration& configuration,
                               std::span<const double> value,
                               double thickness,
                               double smoothing,
                               Index cells = 96);

/// Correlation coefficient of two maps, over all cells.
[[nodiscard]] double map_correlation(const SlabMap& a, const SlabMap& b);

} // namespace vitrum::md
