// The inner loops of sum_patterns, on spans.
#pragma once
#include <cstdint>

#include "vitrum/core/index.hpp"
#include "vitrum/fem/polar_map.hpp"

namespace vitrum::fem {

/// Adds `count` patterns, `stride` values apart, to sums and sums of squares of pixels first …
/// last − 1. Exact for integers of up to 16 bits, which are summed to 64-bit integers.
template <class T, class Sum>
void add_to_pixels(
    const T* patterns, Index stride, Index count, Index first, Index last, Sum* sum, Sum* squares);

/// Σ share·I and Σ share·I² of one pattern for each ring, in 64ths (exact integers for Sum = Index
/// and values of up to 16 bits). Adds to `sum` and `squares`.
template <class T, class Sum>
void add_to_rings(const T* pattern, const PolarMap& map, Sum* sum, Sum* squares);

} // namespace vitrum::fem
