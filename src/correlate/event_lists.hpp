// The events of one group of pixels in the two orders that products of frames need.
#pragma once
#include <cstdint>
#include <vector>

#include "event_scale.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/correlate/event_matrix.hpp"

namespace vitrum::correlate::detail {

/// How the pair of events (p, t1), (p, t2) counts: n1 · n2 in whole numbers, or x1 · x2 of values
/// that hold weights and means.
enum class PairWeight { counts, values };

/// Pixels count from the first of the group.
struct GroupLists {
  // By frame: the events of frame t are [frame_begin[t], frame_begin[t + 1]), pixels ascending.
  std::vector<std::uint32_t> frame_begin;
  std::vector<std::uint32_t> pixel;
  std::vector<std::uint32_t> count; // counts
  std::vector<float> value;         // values
  // By pixel: entries, frames ascending. With counts, an event of n counts has n entries; with
  // values it has one and a value beside it. Frames modulo 2^16.
  std::vector<std::uint16_t> entry_frame;
  std::vector<float> entry_value;
  // Entries of pixel p from frame b · block_frames on begin at block_begin[p · (blocks + 1) + b].
  Index blocks = 0;
  std::vector<std::uint32_t> block_begin;
};

/// `block_frames` must divide 2^16. Values are a x, counts are counts.
/// Throws DataError when the group has more entries than 32 bits can number.
[[nodiscard]] GroupLists make_group_lists(const EventMatrix& events,
                                          Index group,
                                          PairWeight weight,
                                          Index block_frames,
                                          const EventScale& scale);

} // namespace vitrum::correlate::detail
