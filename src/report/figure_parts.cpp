#include "figure_parts.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace vitrum::report {

using namespace plot;

Colour model_colour(Index model) {
  return palette(model == 0 ? 1 : model == 1 ? 0 : model);
}

Line model_line(Index model) {
  constexpr std::array lines{Line::solid, Line::dashed, Line::dotted};
  return lines[static_cast<std::size_t>(model) % lines.size()];
}

Marker model_marker(Index model) {
  constexpr std::array markers{Marker::circle, Marker::square, Marker::triangle, Marker::diamond};
  return markers[static_cast<std::size_t>(model) % markers.size()];
}

BinColours::BinColours(const Result& result) : unit_(result.q_unit()) {
  if (result.q().size() < 3)
    return;
  const auto [low, high] = std::minmax_element(result.q().begin(), result.q().end());
  if (!(*low < *high))
    return;
  q_ = result.q();
  lowest_ = *low;
  highest_ = *high;
}

Colour BinColours::of(Index bin) const {
  if (q_.empty())
    return palette(bin);
  const double q = q_[static_cast<std::size_t>(bin)];
  return curve_colour(ColourMap::viridis, (q - lowest_) / (highest_ - lowest_));
}

std::optional<ColourBar> BinColours::bar() const {
  if (q_.empty())
    return std::nullopt;
  return ColourBar{ColourMap::viridis,
                   Scale::linear,
                   lowest_,
                   highest_,
                   unit_.empty() ? "q" : fmt::format("q ({})", unit_),
                   true};
}

} // namespace vitrum::report
