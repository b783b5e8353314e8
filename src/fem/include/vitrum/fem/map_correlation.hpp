// Whether two maps of one region go together: their correlation, and how often chance does as well.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/fem/polar_map.hpp"

namespace vitrum::fem {

struct MapCorrelation {
  double correlation = unknown; // Pearson's coefficient over the places that both have
  double p = unknown;           // two-sided, of surrogates
  double surrogate_deviation = unknown;
  Index places = 0, surrogates = 0;
};

/// Maps [rows, columns], NaN where unknown. Surrogates are one map moved over the other on a torus
/// by every displacement but those within `near` places, as it is, turned by half a turn, and
/// mirrored: they keep its correlation in space, which makes chance agreement more frequent than
/// between independent pixels. Throws DataError for fewer than 9 common places.
[[nodiscard]] MapCorrelation correlate_maps(std::span<const double> a,
                                            std::span<const double> b,
                                            Index rows,
                                            Index columns,
                                            Index near = 1);

/// Means of a map over blocks, so that it has `rows` × `columns` places; NaN values are left out,
/// and blocks with less than a third of their pixels are NaN.
[[nodiscard]] std::vector<double> shrink_map(
    std::span<const double> map, Index map_rows, Index map_columns, Index rows, Index columns);

} // namespace vitrum::fem
