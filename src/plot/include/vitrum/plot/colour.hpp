// Colours of figures: a palette for curves that colour-blind readers can tell apart, and colour
// maps.
#pragma once
#include <cstdint>
#include <string_view>

#include "vitrum/core/index.hpp"

namespace vitrum::plot {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  double opacity = 1;
  bool operator==(const Colour&) const = default;
};

inline constexpr Colour black{0, 0, 0, 1};
inline constexpr Colour white{255, 255, 255, 1};
inline constexpr Colour grey{128, 128, 128, 1};
inline constexpr Colour missing{211, 211, 211, 1}; // NaN in a map

/// Colour number i (any i >= 0, repeating): the order of Okabe and Ito (2008) without black and
/// yellow, which vanish on a dark or a white page.
[[nodiscard]] Colour palette(Index i);
[[nodiscard]] Colour faded(Colour colour, double opacity);

enum class ColourMap { viridis, magma, gray, jet, turbo };

/// The colour at `fraction` in [0, 1] (clipped); NaN gives `missing`.
/// viridis and magma: Smith and van der Walt (2015); turbo: Mikhailov (2019), each to 3 %.
[[nodiscard]] Colour colour_at(ColourMap map, double fraction);
/// The colour of curve i of n along a map, without the end that is too pale for a white page.
[[nodiscard]] Colour curve_colour(ColourMap map, double fraction);

/// Throws OptionError that lists the names.
[[nodiscard]] ColourMap parse_colour_map(std::string_view name);

} // namespace vitrum::plot
