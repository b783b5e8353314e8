// EventList: frames that are nearly empty, as the list of the pixels that hold counts.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::frames {

struct SeriesInfo;

/// The events of frame f of the list are [frame_begin[f], frame_begin[f + 1]).
struct EventList {
  std::vector<Index> frame_begin;   // [frames + 1]
  std::vector<std::uint32_t> pixel; // y · width + x, ascending within a frame
  std::vector<std::uint32_t> count; // > 0

  [[nodiscard]] Index frames() const {
    return frame_begin.empty() ? 0 : static_cast<Index>(frame_begin.size()) - 1;
  }
  [[nodiscard]] Index events() const { return static_cast<Index>(pixel.size()); }
  /// Makes it a list of no frames; memory is kept.
  void clear();
  void add(std::uint32_t at, std::uint32_t counts) {
    pixel.push_back(at);
    count.push_back(counts);
  }
  void end_frame() { frame_begin.push_back(events()); }
};

/// Adds a frame of `info.pixels()` values of type `info.type` to the end of the list: its nonzero
/// pixels with used[p] != 0 (empty: all). `frame` is its number, for messages. Throws DataError for
/// a value that is no count (negative, beyond 32 bits) and for types that are not integers.
void append_frame(const std::byte* values,
                  const SeriesInfo& info,
                  Index frame,
                  std::span<const std::uint8_t> used,
                  EventList& list);

/// Throws DataError when the list does not fit: frames not in order, pixels that do not ascend or
/// lie beyond `pixels`, counts of zero.
void validate(const EventList& list, Index pixels);

} // namespace vitrum::frames
