#include "vitrum/frames/event_list.hpp"

#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::frames {
namespace {

constexpr Index word_bytes = 64; // looked at in one go; nearly all are zero in sparse frames

bool all_zero(const std::byte* bytes) {
  std::uint64_t words[word_bytes / 8];
  std::memcpy(words, bytes, sizeof words);
  std::uint64_t any = 0;
  for (const std::uint64_t word : words)
    any |= word;
  return any == 0;
}

template <class T>
void append(const std::byte* bytes,
            const SeriesInfo& info,
            Index frame,
            std::span<const std::uint8_t> used,
            EventList& list) {
  constexpr Index step = word_bytes / static_cast<Index>(sizeof(T));
  const Index pixels = info.pixels();
  for (Index begin = 0; begin < pixels; begin += step) {
    const std::byte* at = bytes + begin * static_cast<Index>(sizeof(T));
    const Index size = std::min(step, pixels - begin);
    if (size == step && all_zero(at))
      continue;
    for (Index i = 0; i < size; ++i) {
      T value;
      std::memcpy(&value, at + i * static_cast<Index>(sizeof(T)), sizeof value);
      const Index p = begin + i;
      if (value == 0 || (!used.empty() && used[static_cast<std::size_t>(p)] == 0))
        continue;
      bool fits = true;
      if constexpr (std::is_signed_v<T>)
        fits = value >= 0;
      if constexpr (sizeof(T) > 4)
        fits = fits && value <= static_cast<T>(std::numeric_limits<std::uint32_t>::max());
      if (!fits)
        throw DataError(
            fmt::format("{}: frame {} y {} x {}: {}, expected counts between 0 and 4294967295",
                        info.path,
                        frame,
                        p / info.width,
                        p % info.width,
                        value));
      list.add(static_cast<std::uint32_t>(p), static_cast<std::uint32_t>(value));
    }
  }
  list.end_frame();
}

} // namespace

void EventList::clear() {
  frame_begin.assign(1, 0);
  pixel.clear();
  count.clear();
}

void append_frame(const std::byte* values,
                  const SeriesInfo& info,
                  Index frame,
                  std::span<const std::uint8_t> used,
                  EventList& list) {
  if (!is_integer(info.type))
    throw DataError(fmt::format(
        "{}: frames of {}, expected integers to make events", info.path, name_of(info.type)));
  if (!used.empty() && static_cast<Index>(used.size()) != info.pixels())
    throw DataError(
        fmt::format("{}: mask of {} pixels, expected {}", info.path, used.size(), info.pixels()));
  if (list.frame_begin.empty())
    list.clear();
  visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>)
      append<T>(values, info, frame, used, list);
  });
}

void validate(const EventList& list, Index pixels) {
  if (list.frame_begin.empty() || list.frame_begin.front() != 0 ||
      list.frame_begin.back() != list.events() || list.count.size() != list.pixel.size())
    throw DataError(fmt::format("events: {} pixels and {} counts do not fit {} frames",
                                list.pixel.size(),
                                list.count.size(),
                                list.frames()));
  for (Index f = 0; f < list.frames(); ++f) {
    const Index begin = list.frame_begin[static_cast<std::size_t>(f)];
    const Index end = list.frame_begin[static_cast<std::size_t>(f) + 1];
    if (end < begin || end > list.events())
      throw DataError(fmt::format("events: frame {} begins at {} and ends at {}", f, begin, end));
    for (Index e = begin; e < end; ++e) {
      const auto i = static_cast<std::size_t>(e);
      if (list.pixel[i] >= pixels || (e > begin && list.pixel[i] <= list.pixel[i - 1]))
        throw DataError(fmt::format("events: frame {}: pixel {}, expected ascending and below {}",
                                    f,
                                    list.pixel[i],
                                    pixels));
      if (list.count[i] == 0)
        throw DataError(fmt::format("events: frame {}: pixel {} holds no count", f, list.pixel[i]));
    }
  }
}

} // namespace vitrum::frames
