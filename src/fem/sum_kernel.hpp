// The inner loops of sum_patterns, on spans.
#pragma once
#include <cstdint>

#include "vitrum/core/index.hpp"
#include "vitrum/fem/polar_map.hpp"

namespace vitrum::fem {

/// Patterns whose rings are summed at once, one in each lane of a vector.
inline constexpr Index lanes = 16;
/// Most patterns whose sums of 16-bit values fit 32 bits.
inline constexpr Index most_in_32_bits = 32768;

/// Adds `count` patterns, `stride` values apart, to the sums and sums of squares of `pixels`
/// pixels. Integers of up to 16 bits: exact, at most PolarMap::tile pixels and most_in_32_bits
/// patterns.
template <class T, class Sum>
void add_to_pixels(
    const T* patterns, Index stride, Index count, Index pixels, Sum* sum, Sum* squares);

/// Σ share·I and Σ share·I² (in 64ths, exact) of one tile of up to `lanes` patterns of 16 bits or
/// less, added to sum[ring · lanes + pattern] and squares[…].
template <class T>
void add_to_rings(const T* patterns,
                  Index stride,
                  Index count,
                  const PolarMap& map,
                  Index tile,
                  Index* sum,
                  Index* squares);

/// The same of one whole pattern of any type, in doubles: sum[ring], squares[ring].
template <class T>
void add_to_rings(const T* pattern, const PolarMap& map, double* sum, double* squares);

/// Sums about `center` from sums about zero over `patterns` patterns.
template <class Sum>
void center_sums(const Sum* sum,
                 const Sum* squares,
                 const double* center,
                 Index pixels,
                 double patterns,
                 float* centered,
                 float* centered_squares);

} // namespace vitrum::fem
