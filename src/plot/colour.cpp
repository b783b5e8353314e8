#include "vitrum/plot/colour.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::plot {
namespace {

using Anchors = std::array<std::uint32_t, 17>; // equidistant, joined by straight lines

constexpr Anchors viridis_anchors{0x440154,
                                  0x48186a,
                                  0x472d7b,
                                  0x424086,
                                  0x3b528b,
                                  0x33638d,
                                  0x2c728e,
                                  0x26828e,
                                  0x21918c,
                                  0x1f9f88,
                                  0x27ad81,
                                  0x3dbc74,
                                  0x5cc863,
                                  0x81d34d,
                                  0xaadc32,
                                  0xd5e21a,
                                  0xfde725};
constexpr Anchors magma_anchors{0x000004,
                                0x0a0822,
                                0x1d1147,
                                0x36106b,
                                0x51127c,
                                0x6a1c81,
                                0x832681,
                                0x9c2e7f,
                                0xb73779,
                                0xcf4070,
                                0xe55064,
                                0xf4695c,
                                0xfb8761,
                                0xfea571,
                                0xfec287,
                                0xfde0a1,
                                0xfcfdbf};
constexpr Anchors turbo_anchors{0x30123b,
                                0x4040a2,
                                0x466be3,
                                0x4294ff,
                                0x28bceb,
                                0x18ddc2,
                                0x32f298,
                                0x6dfe62,
                                0xa4fc3c,
                                0xcbed34,
                                0xecd13a,
                                0xfdae35,
                                0xfb8122,
                                0xec530f,
                                0xd23105,
                                0xac1701,
                                0x7a0403};

Colour from_hex(std::uint32_t rgb) {
  return {static_cast<std::uint8_t>(rgb >> 16),
          static_cast<std::uint8_t>(rgb >> 8 & 255),
          static_cast<std::uint8_t>(rgb & 255)};
}

std::uint8_t level(double fraction) {
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(fraction, 0.0, 1.0)));
}

Colour mix(Colour a, Colour b, double t) {
  const auto blend = [t](std::uint8_t u, std::uint8_t v) {
    return level((u + t * (static_cast<double>(v) - u)) / 255);
  };
  return {blend(a.red, b.red), blend(a.green, b.green), blend(a.blue, b.blue)};
}

Colour between_anchors(const Anchors& anchors, double fraction) {
  const double place = fraction * static_cast<double>(anchors.size() - 1);
  const auto i = std::min(static_cast<std::size_t>(place), anchors.size() - 2);
  return mix(from_hex(anchors[i]), from_hex(anchors[i + 1]), place - static_cast<double>(i));
}

/// Dark blue, blue, cyan, yellow, red, dark red: each channel a trapezium.
Colour jet(double x) {
  const auto channel = [x](double centre) { return level(1.5 - std::abs(4 * x - centre)); };
  return {channel(3), channel(2), channel(1)};
}

} // namespace

Colour palette(Index i) {
  constexpr std::array<std::uint32_t, 7> colours{
      0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x8c8c8c};
  return from_hex(colours[static_cast<std::size_t>(i) % colours.size()]);
}

Colour faded(Colour colour, double opacity) {
  colour.opacity = opacity;
  return colour;
}

Colour colour_at(ColourMap map, double fraction) {
  if (std::isnan(fraction))
    return missing;
  const double x = std::clamp(fraction, 0.0, 1.0);
  switch (map) {
  case ColourMap::viridis:
    return between_anchors(viridis_anchors, x);
  case ColourMap::magma:
    return between_anchors(magma_anchors, x);
  case ColourMap::turbo:
    return between_anchors(turbo_anchors, x);
  case ColourMap::jet:
    return jet(x);
  case ColourMap::gray:
    return {level(x), level(x), level(x)};
  }
  return missing;
}

Colour curve_colour(ColourMap map, double fraction) {
  return colour_at(map, 0.88 * std::clamp(fraction, 0.0, 1.0));
}

ColourMap parse_colour_map(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, ColourMap>, 5> names{
      {{"viridis", ColourMap::viridis},
       {"magma", ColourMap::magma},
       {"gray", ColourMap::gray},
       {"jet", ColourMap::jet},
       {"turbo", ColourMap::turbo}}};
  for (const auto& [known, map] : names)
    if (known == name)
      return map;
  throw OptionError(
      fmt::format("colour map '{}': expected viridis, magma, gray, jet or turbo", name));
}

} // namespace vitrum::plot
