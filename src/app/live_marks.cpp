#include "live_marks.hpp"

#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::app {

frames::Marks
leave_out_marked(Series& series, frames::Mask& mask, std::span<const std::byte> frame) {
  const auto& info = series.info();
  return frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const auto* values = reinterpret_cast<const T*>(frame.data());
    double lowest = 0;
    for (std::size_t p = 0; p < mask.use.size(); ++p)
      if (mask.use[p] != 0 && static_cast<double>(values[p]) < lowest)
        lowest = static_cast<double>(values[p]);
    const auto marks = frames::marks_of(info, lowest);
    Index marked = 0, empty = 0;
    for (std::size_t p = 0; p < mask.use.size(); ++p) {
      if (mask.use[p] == 0)
        continue;
      const auto value = static_cast<double>(values[p]);
      const bool no_number = !std::isfinite(value);
      if (!no_number && !marks.contain(value))
        continue;
      mask.use[p] = 0;
      ++(no_number || !std::isnan(info.invalid_value) ? empty : marked);
    }
    if (empty > 0)
      series.notes.push_back(fmt::format(
          "{} pixels that the detector marks as without data in the first frame left out", empty));
    if (marked > 0)
      series.notes.push_back(fmt::format(
          "{} pixels that hold {} in the first frame left out: no counts", marked, text_of(marks)));
    if (mask.count() == 0)
      throw DataError(fmt::format("{}: no pixel of the first frame holds data", info.path));
    return marks;
  });
}

} // namespace vitrum::app
