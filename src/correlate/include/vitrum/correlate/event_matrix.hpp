// The pixels of one dynamic bin over a sparse series: for each pixel the frames in which it holds
// counts. And the loader that fills the matrices of all bins in one pass over the input.
#pragma once
#include <cstdint>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/pixel_groups.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::correlate {

/// The events of pixel p, in the stored order of `groups`, are [pixel_begin[p], pixel_begin[p +
/// 1]); their frames ascend.
struct EventMatrix {
  Index frames = 0;
  PixelGroups groups;
  std::vector<Index> pixel_begin;  // [pixels + 1]
  Buffer<std::uint32_t> frame;     // [event]
  Buffer<std::uint32_t> count;     // [event] > 0
  std::vector<float> weight;       // [pixel] 1/(flat · static surface), or empty: 1
  std::vector<std::uint8_t> valid; // [frame] 1 = used, 0 = gap, which holds no events
  std::vector<double> mean_counts; // [frame] counts per pixel, not weighted; NaN in gaps

  [[nodiscard]] Index pixels() const { return groups.pixels(); }
  [[nodiscard]] Index events() const { return frame.size(); }
  [[nodiscard]] Index valid_frames() const;
  /// What the float matrix would hold for the event: count · weight.
  [[nodiscard]] float value(Index pixel, Index event) const {
    return weight.empty() ? static_cast<float>(count[event])
                          : static_cast<float>(count[event]) * weight[pixel];
  }
};

/// The most memory that loading takes, without the block of input that is read.
[[nodiscard]] Index predicted_event_bytes(const frames::Partition& partition, Index events);

/// As load_pixels, from FrameSource::read_events; no dense frame is made of a sparse source. A dark
/// and `frame_normalization`, which need every pixel of every frame, throw OptionError.
[[nodiscard]] std::vector<EventMatrix> load_events(frames::FrameSource& source,
                                                   const frames::Partition& partition,
                                                   const std::vector<Index>& bins = {},
                                                   const LoadOptions& options = {},
                                                   const Monitor& monitor = silent());

/// The same counts in the other form. Throws DataError for values that are no counts.
[[nodiscard]] EventMatrix make_event_matrix(const PixelMatrix& counts);
[[nodiscard]] PixelMatrix make_pixel_matrix(const EventMatrix& events);

} // namespace vitrum::correlate
