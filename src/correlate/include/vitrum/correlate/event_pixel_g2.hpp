// Per-pixel correlation functions from events: the same numbers as from dense counts, for the cost
// of the pairs of events.
#pragma once
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/event_matrix.hpp"
#include "vitrum/correlate/pixel_g2.hpp"

namespace vitrum::correlate {

/// As make_pixel_g2 of the dense counts, on any axis and in any normalisation. All sums of a pixel
/// are those of integers, exact below 2^53, unless the matrix has weights.
[[nodiscard]] PixelG2 make_pixel_g2(const EventMatrix& counts,
                                    const PixelG2Options& options = {},
                                    const Monitor& monitor = silent());

} // namespace vitrum::correlate
