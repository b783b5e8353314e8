// Mask: which pixels of a frame are used. One mask for the whole series.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::frames {

struct Mask {
  Index height = 0, width = 0;
  std::vector<std::uint8_t> use; // 1 = use, 0 = leave out; row after row

  [[nodiscard]] Index count() const; // pixels in use
};

[[nodiscard]] Mask make_mask(Index height, Index width); // all in use

/// Pixels that both use. Throws DataError when the shapes differ.
[[nodiscard]] Mask intersect(const Mask& a, const Mask& b);

/// Shapes of the mask command: each leaves out (or, with `keep`, leaves out all but) what it
/// covers.
void exclude_rectangle(Mask& mask, Index y0, Index y1, Index x0, Index x1); // half-open
void exclude_disc(Mask& mask, double center_y, double center_x, double radius_px);
void exclude_outside_disc(Mask& mask, double center_y, double center_x, double radius_px);
/// Leaves out one of each pair of pixels that a half turn about the centre maps onto each other
/// (Friedel pairs, which hold the same intensity twice): the one further down, or to the right in
/// the row of the centre; and the centre itself. Pixels without a partner in use stay. Partners are
/// rounded to whole pixels.
void exclude_friedel_half(Mask& mask, double center_y, double center_x);
/// Grows the left-out region by `radius_px` pixels.
void dilate_excluded(Mask& mask, Index radius_px);

} // namespace vitrum::frames
