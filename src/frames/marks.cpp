#include "vitrum/frames/marks.hpp"

#include <cmath>

namespace vitrum::frames {

Marks usual_marks(PixelType type, double lowest) {
  if (!is_integer(type))
    return {};
  return visit(type, [&](auto tag) -> Marks {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_signed_v<T>)
      return lowest >= -2 ? Marks{-2, -1} : Marks{};
    constexpr auto largest = static_cast<double>(std::numeric_limits<T>::max());
    return sizeof(T) > 1 ? Marks{largest, largest} : Marks{};
  });
}

Marks marks_of(const SeriesInfo& info, double lowest) {
  if (!std::isnan(info.invalid_value))
    return {info.invalid_value, info.invalid_value};
  return usual_marks(info.type, lowest);
}

} // namespace vitrum::frames
