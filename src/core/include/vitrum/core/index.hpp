// The integer of all counts and positions, and half-open ranges of them.
#pragma once
#include <cstdint>
#include <limits>
#include <string_view>

namespace vitrum {

using Index = std::int64_t; // signed, so that differences and reversed loops are safe

/// first, first + step, … below last; zero-based and half-open, as in Python.
struct Range {
  static constexpr Index end = std::numeric_limits<Index>::max(); // to the last one

  Index first = 0;
  Index last = end;
  Index step = 1;
};

/// Reads "first:last[:step]" (either end may be left out). Throws OptionError.
[[nodiscard]] Range parse_range(std::string_view text);

/// The range with both ends inside [0, size); negative ends count from the end. Throws OptionError
/// when nothing is left or an end lies beyond `size`.
[[nodiscard]] Range resolve(Range range, Index size);

/// How many values a resolved range holds.
[[nodiscard]] Index length(Range range);

} // namespace vitrum
