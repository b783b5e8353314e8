#include "vitrum/frames/mask.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

std::uint8_t& pixel(Mask& mask, Index y, Index x) {
  return mask.use[static_cast<std::size_t>(y * mask.width + x)];
}

template <class Condition>
void exclude_where(Mask& mask, const Condition& condition) {
  for (Index y = 0; y < mask.height; ++y)
    for (Index x = 0; x < mask.width; ++x)
      if (condition(static_cast<double>(y), static_cast<double>(x)))
        pixel(mask, y, x) = 0;
}

void check_radius(double radius_px) {
  if (!(radius_px >= 0))
    throw OptionError(fmt::format("radius_px = {}: must not be negative", radius_px));
}

void check_center(double y, double x) {
  if (!std::isfinite(y) || !std::isfinite(x))
    throw OptionError(fmt::format("centre ({}, {}): must be finite", y, x));
}

} // namespace

Index Mask::count() const {
  return std::count_if(use.begin(), use.end(), [](std::uint8_t value) { return value != 0; });
}

Mask make_mask(Index height, Index width) {
  if (height < 1 || width < 1)
    throw OptionError(
        fmt::format("mask of {} x {} pixels: both sides must be at least 1", height, width));
  return {height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width), 1)};
}

Mask intersect(const Mask& a, const Mask& b) {
  if (a.height != b.height || a.width != b.width)
    throw DataError(fmt::format(
        "masks of {} x {} and {} x {} pixels do not agree", a.height, a.width, b.height, b.width));
  Mask both = a;
  for (std::size_t i = 0; i < both.use.size(); ++i)
    both.use[i] = a.use[i] != 0 && b.use[i] != 0 ? 1 : 0;
  return both;
}

void exclude_rectangle(Mask& mask, Index y0, Index y1, Index x0, Index x1) {
  if (y0 < 0 || x0 < 0 || y0 >= y1 || x0 >= x1 || y1 > mask.height || x1 > mask.width)
    throw OptionError(fmt::format("rectangle {}:{}, {}:{}: must lie in the {} x {} pixels",
                                  y0,
                                  y1,
                                  x0,
                                  x1,
                                  mask.height,
                                  mask.width));
  for (Index y = y0; y < y1; ++y)
    for (Index x = x0; x < x1; ++x)
      pixel(mask, y, x) = 0;
}

void exclude_disc(Mask& mask, double center_y, double center_x, double radius_px) {
  check_center(center_y, center_x);
  check_radius(radius_px);
  exclude_where(mask, [&](double y, double x) {
    return std::hypot(y - center_y, x - center_x) <= radius_px;
  });
}

void exclude_outside_disc(Mask& mask, double center_y, double center_x, double radius_px) {
  check_center(center_y, center_x);
  check_radius(radius_px);
  exclude_where(
      mask, [&](double y, double x) { return std::hypot(y - center_y, x - center_x) > radius_px; });
}

void exclude_friedel_half(Mask& mask, double center_y, double center_x) {
  check_center(center_y, center_x);
  const Mask before = mask;
  exclude_where(mask, [&](double y, double x) {
    if (y == center_y && x == center_x)
      return true;
    if (y < center_y || (y == center_y && x < center_x))
      return false;
    const Index partner_y = std::llround(2 * center_y - y);
    const Index partner_x = std::llround(2 * center_x - x);
    return partner_y >= 0 && partner_y < mask.height && partner_x >= 0 && partner_x < mask.width &&
           before.use[static_cast<std::size_t>(partner_y * mask.width + partner_x)] != 0;
  });
}

void dilate_excluded(Mask& mask, Index radius_px) {
  check_radius(static_cast<double>(radius_px));
  const Mask before = mask;
  for (Index y = 0; y < mask.height; ++y)
    for (Index x = 0; x < mask.width; ++x) {
      if (before.use[static_cast<std::size_t>(y * mask.width + x)] != 0)
        continue;
      for (Index dy = -radius_px; dy <= radius_px; ++dy)
        for (Index dx = -radius_px; dx <= radius_px; ++dx)
          if (dy * dy + dx * dx <= radius_px * radius_px && y + dy >= 0 && y + dy < mask.height &&
              x + dx >= 0 && x + dx < mask.width)
            pixel(mask, y + dy, x + dx) = 0;
    }
}

} // namespace vitrum::frames
