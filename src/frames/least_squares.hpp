// Small dense least squares by Householder's QR, for the polynomial surface.
#pragma once
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::frames {

/// x that minimises |A x − b|; `a` is [rows, columns] row after row. Throws DataError when A has
/// not full rank (a diagonal of R below 1e-12 of the largest).
[[nodiscard]] std::vector<double>
solve_least_squares(std::vector<double> a, std::vector<double> b, Index columns);

} // namespace vitrum::frames
