// The bias of finitely many pixels, which the maps of a result still have and its g2 has not.
#pragma once
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::app {

/// Of bin `bin` (from 0) at each of these lags, interpolated between the lags of the result's g2;
/// beyond them, that of the nearest. Empty where the result does not know it.
[[nodiscard]] std::vector<double>
map_bias(const Tree& tree, std::size_t bin, std::span<const double> lag_frames);

} // namespace vitrum::app
