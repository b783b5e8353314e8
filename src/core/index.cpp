#include "vitrum/core/index.hpp"

#include <charconv>
#include <string>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum {

Range parse_range(std::string_view text) {
  Range range;
  Index* const fields[] = {&range.first, &range.last, &range.step};
  auto fail = [&] {
    return OptionError(
        fmt::format("range '{}': expected first:last[:step] in whole numbers, step > 0", text));
  };
  std::size_t field = 0;
  std::size_t begin = 0;
  if (text.find(':') == std::string_view::npos)
    throw fail();
  while (true) {
    const auto end = text.find(':', begin);
    const auto word = text.substr(begin, end == std::string_view::npos ? end : end - begin);
    if (field > 2)
      throw fail();
    if (!word.empty()) {
      const auto [stop, error] =
          std::from_chars(word.data(), word.data() + word.size(), *fields[field]);
      if (error != std::errc{} || stop != word.data() + word.size())
        throw fail();
    }
    ++field;
    if (end == std::string_view::npos)
      break;
    begin = end + 1;
  }
  if (range.step <= 0)
    throw fail();
  return range;
}

Range resolve(Range range, Index size) {
  Range out = range;
  if (out.first < 0)
    out.first += size;
  if (out.last == Range::end)
    out.last = size;
  else if (out.last < 0)
    out.last += size;
  if (out.first < 0 || out.last > size || out.first >= out.last)
    throw OptionError(
        fmt::format("range {}:{}: selects nothing valid of {} (indices run from 0, the "
                    "end is not included)",
                    range.first,
                    range.last == Range::end ? "" : std::to_string(range.last),
                    size));
  return out;
}

Index length(Range range) {
  return (range.last - range.first + range.step - 1) / range.step;
}

} // namespace vitrum
