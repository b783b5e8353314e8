// Coarser levels of a two-time map for viewing: each averages squares of 2 × 2 elements of the one
// below.
#pragma once
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

struct MapLevel {
  Index factor = 2; // edge of the square of frames behind one element
  Index size = 0;   // rows and columns
};

/// Factors 2, 4, … until at most `smallest` rows are left; none for a map that has no more.
[[nodiscard]] std::vector<MapLevel> make_levels(Index frames, Index smallest = 1024);

/// Means over the finite ones of 2 × 2 elements, NaN where there is none; the last row and column
/// of an odd number stand alone. `out` has ⌈rows/2⌉ × ⌈cols/2⌉ elements.
void halve(const float* in, Index rows, Index cols, Index stride, float* out, Index out_stride);

} // namespace vitrum::correlate
