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
  double cosine = 0;            // of the angle between them
  std::vector<float> mean;      // [row, column]
  std::vector<Index> atoms;     // those in the slab
  std::vector<double> x, y;     // and where they lie along the edges
};

/// Σ_i w_i v_i/Σ_i w_i about the middle of each cell, over the atoms i whose distance from the
/// middle plane of the box is below half the thickness, w_i a Gaussian of the distance in the plane
/// of the first two edges, with the standard deviation `smoothing`; the box repeats itself and may
/// be tilted: rows and columns run along its edges. `value` is [atom]. Throws OptionError unless
/// the thickness, the smoothing and `cells` (along the longer edge) are positive, DataError when no
/// atom lies in the slab.
[[nodiscard]] SlabMap slab_map(const atoms::Configuration& configuration,
                               std::span<const double> value,
                               double thickness,
                               double smoothing,
                               Index cells = 96);

struct MapCorrelation {
  double value = 0;
  double error = 0; // NaN where the maps are too small to be moved by `apart`
};

/// Correlation coefficient over all cells of a[k] and b[k], averaged over the pairs k of maps of
/// one glass at several times. The times are not independent, and neighbouring places are not: the
/// error is the root mean square of what is found with all b moved against all a by one and the
/// same way over the edges of the box, over ways longer than `apart`, where they have nothing to do
/// with each other, times 1 − value². `apart` is the distance over which the two are correlated.
/// Pairs with a map of one value are passed over, NaN where all are. Throws DataError for maps of
/// different shapes.
[[nodiscard]] MapCorrelation
map_correlation(std::span<const SlabMap> a, std::span<const SlabMap> b, double apart);

} // namespace vitrum::md
