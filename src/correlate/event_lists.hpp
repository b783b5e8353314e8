// The events of each group of pixels in the two orders that products of frames need.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "event_scale.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/correlate/event_matrix.hpp"

namespace vitrum::correlate::detail {

/// How the pair of events (p, t1), (p, t2) counts: n1 · n2 in whole numbers, or x1 · x2 of values
/// that hold weights and means.
enum class PairWeight { counts, values };

/// Runs of the entries of a pixel in a block may be filled up, so that they are walked in eights.
/// What fills them stands in slots of the row that no column of a tile has.
inline constexpr Index entry_pad = 8;
[[nodiscard]] constexpr Index pad_slot(Index block, Index block_frames) {
  return (block * block_frames + (Index{1} << 15)) % (Index{1} << 16);
}
/// Columns of a tile that pads keep clear of.
inline constexpr Index most_columns = Index{1} << 14;

/// Lists of one group. Pixels count from the first of the group.
struct GroupLists {
  // By frame: the events of frame t are [frame_begin[t], frame_begin[t + 1]), pixels ascending.
  std::vector<std::uint32_t> frame_begin;
  std::span<std::uint32_t> pixel;
  std::span<std::uint32_t> count; // counts
  std::span<float> value;         // values
  std::span<std::uint32_t> own;   // padded: where the entries of the event end
  // By block and pixel: entries, frames ascending. With counts, an event of n counts has n entries;
  // with values it has one and a value beside it. Frames modulo 2^16.
  std::span<std::uint16_t> entry_frame;
  std::span<float> entry_value;
  // Block after block, so that the runs that one tile walks lie together: those of pixel p in block
  // b begin at begin_of(b)[p] and end where those of p + 1 begin.
  Index blocks = 0, pixels = 0;
  bool padded = false;                  // every run begins and ends at a multiple of entry_pad
  std::span<std::uint32_t> block_begin; // [block, pixel], and one more in each block

  [[nodiscard]] std::uint32_t* begin_of(Index block) const {
    return block_begin.data() + block * (pixels + 1);
  }
};

/// Lists of all groups, in few large pieces of memory: they are entered at random.
struct EventLists {
  std::vector<GroupLists> groups;

  Buffer<std::uint32_t> pixel, count, own, block_begin;
  Buffer<std::uint16_t> entry_frame;
  Buffer<float> value, entry_value;
};

/// `block_frames` must divide 2^16, and 2^14 for padded runs. Values are a x, counts are counts.
/// Throws DataError when a group has more entries than 32 bits can number.
[[nodiscard]] EventLists make_event_lists(const EventMatrix& events,
                                          PairWeight weight,
                                          Index block_frames,
                                          bool padded,
                                          const EventScale& scale);

} // namespace vitrum::correlate::detail
