#include "event_series.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "npy_series.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

constexpr Index events_at_once = Index{1} << 20; // of a dense read

/// Frames per piece of a loop so that a piece holds enough events to be worth a thread.
Index frames_per_piece(Index frames, Index events) {
  constexpr Index piece = 1 << 15;
  return std::max<Index>(1, events <= piece ? frames : frames * piece / events);
}

/// One frame of `pixel` and `count` in place; the number that is left.
Index tidy_frame(const frames::SeriesInfo& info,
                 Index frame,
                 std::span<const std::uint8_t> used,
                 std::span<std::uint32_t> pixel,
                 std::span<std::uint32_t> count) {
  std::size_t kept = 0;
  bool ascending = true;
  Index last = -1;
  for (std::size_t i = 0; i < pixel.size(); ++i) {
    const std::uint32_t p = pixel[i];
    const std::uint32_t c = count[i];
    if (c == 0 || (!used.empty() && used[p] == 0))
      continue;
    pixel[kept] = p;
    count[kept] = c;
    ++kept;
    ascending = ascending && static_cast<Index>(p) > last;
    last = p;
  }
  if (ascending)
    return static_cast<Index>(kept);
  thread_local std::vector<std::uint64_t> keys;
  keys.resize(kept);
  for (std::size_t i = 0; i < kept; ++i)
    keys[i] = std::uint64_t{pixel[i]} << 32 | count[i];
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 0; i < kept; ++i) {
    pixel[i] = static_cast<std::uint32_t>(keys[i] >> 32);
    count[i] = static_cast<std::uint32_t>(keys[i]);
    if (i > 0 && pixel[i] == pixel[i - 1])
      throw FormatError(info.path,
                        fmt::format("frame {}", frame),
                        fmt::format("two counts of pixel {} (y = {}, x = {})",
                                    pixel[i],
                                    pixel[i] / info.width,
                                    pixel[i] % info.width),
                        "one at most");
  }
  return static_cast<Index>(kept);
}

} // namespace

void tidy_events(const frames::SeriesInfo& info,
                 Index first,
                 std::span<const std::uint8_t> used,
                 frames::EventList& events) {
  const Index frames = static_cast<Index>(events.frame_begin.size()) - 1;
  const auto stored = static_cast<Index>(events.pixel.size());
  std::vector<Index> kept(static_cast<std::size_t>(frames));
  parallel_for(0, frames, frames_per_piece(frames, stored), [&](Index begin, Index end) {
    for (Index f = begin; f < end; ++f) {
      const auto at = static_cast<std::size_t>(events.frame_begin[static_cast<std::size_t>(f)]);
      const auto size =
          static_cast<std::size_t>(events.frame_begin[static_cast<std::size_t>(f) + 1]) - at;
      kept[static_cast<std::size_t>(f)] = tidy_frame(info,
                                                     first + f,
                                                     used,
                                                     std::span(events.pixel).subspan(at, size),
                                                     std::span(events.count).subspan(at, size));
    }
  });
  Index to = 0;
  for (std::size_t f = 0; f < kept.size(); ++f) {
    const Index from = events.frame_begin[f];
    if (from != to) {
      std::copy_n(events.pixel.begin() + from, kept[f], events.pixel.begin() + to);
      std::copy_n(events.count.begin() + from, kept[f], events.count.begin() + to);
    }
    events.frame_begin[f] = to;
    to += kept[f];
  }
  events.frame_begin.back() = to;
  events.pixel.resize(static_cast<std::size_t>(to));
  events.count.resize(static_cast<std::size_t>(to));
}

void EventSeries::read_events(Index first,
                              Index count,
                              std::span<const std::uint8_t> used,
                              frames::EventList& out) {
  check_frames(info_, first, count);
  if (!used.empty() && static_cast<Index>(used.size()) != info_.pixels())
    throw OptionError(fmt::format(
        "{}: a mask of {} pixels, expected {}", info_.path, used.size(), info_.pixels()));
  out.clear();
  if (count == 0)
    return;
  load(first, count, out);
  tidy_events(info_, first, used, out);
}

void EventSeries::read(Index first, Index count, std::byte* out) {
  check_frames(info_, first, count);
  frames::EventList events;
  const Index bytes = info_.frame_bytes();
  for (Index done = 0; done < count;) {
    Index some = count - done;
    while (some > 1 && stored_events(first + done, some) > events_at_once)
      some = (some + 1) / 2;
    read_events(first + done, some, {}, events);
    parallel_for(0, some, 1, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f) {
        std::byte* frame = out + (done + f) * bytes;
        std::memset(frame, 0, static_cast<std::size_t>(bytes));
        frames::visit(info_.type, [&](auto tag) {
          using T = typename decltype(tag)::type;
          for (Index i = events.frame_begin[static_cast<std::size_t>(f)];
               i < events.frame_begin[static_cast<std::size_t>(f) + 1];
               ++i) {
            const auto value = static_cast<T>(events.count[static_cast<std::size_t>(i)]);
            std::memcpy(frame + static_cast<Index>(events.pixel[static_cast<std::size_t>(i)]) *
                                    static_cast<Index>(sizeof(T)),
                        &value,
                        sizeof value);
          }
        });
      }
    });
    done += some;
  }
}

void set_shape(frames::SeriesInfo& info, const OpenOptions& options, Index height, Index width) {
  info.height = options.raw_height > 0 ? options.raw_height : height;
  info.width = options.raw_width > 0 ? options.raw_width : width;
  if (info.height > (Index{1} << 31) / info.width)
    throw OptionError(
        fmt::format("frames of {} × {} pixels: more than 2^31", info.height, info.width));
}

Index stated_frames(const std::string& path, const OpenOptions& options, Index frames_in_file) {
  if (options.raw_frames == 0)
    return frames_in_file;
  if (options.raw_frames < frames_in_file)
    throw FormatError(path,
                      "",
                      fmt::format("{} frames", frames_in_file),
                      fmt::format("the stated {} at most", options.raw_frames));
  return options.raw_frames;
}

} // namespace vitrum::io
