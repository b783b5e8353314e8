// Counts that are mostly 0 and 1: one bit a pixel that says whether it holds any, and a list of
// what exceeds one.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "count_layout.hpp"
#include "panel_loop.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::correlate::detail {

/// With b = [x > 0] and e = x − b: Σ xx' = Σ bb' + Σ eb' + Σ be' + Σ ee', the first from bits, the
/// others from the list.
class BitCounts {
public:
  BitCounts(Index frames, Index slots);

  /// One frame in the order of the layout. Frames of different multiples of 192 may come from
  /// different threads at once.
  void set_frame(Index frame, const std::uint16_t* row);
  void set_frame(Index frame, const std::uint8_t* row);
  /// Once all frames are in.
  void finish(const PanelKernels& kernels);

  /// Sums of products of the pixels of one run, for all blocks of a tile: those of a block,
  /// [8][48], stand at `at(...)` of its corner.
  struct Sums {
    Index row0 = 0, col0 = 0, row_blocks = 0; // corner of the first block
    std::vector<std::int32_t> values;
    [[nodiscard]] std::int32_t* at(Index t1, Index t2) {
      const Index block = (t2 - col0) / panel_frames * row_blocks + (t1 - row0) / sliver_frames;
      return values.data() + block * sliver_frames * panel_frames +
             (t1 - row0) % sliver_frames * panel_frames + (t2 - col0) % panel_frames;
    }
  };
  void products(const PanelKernels& kernels,
                const CountRun& run,
                Index row0,
                Index rows,
                Index col0,
                Index cols,
                Sums& sums) const;

  [[nodiscard]] std::uint32_t count(Index frame, Index place) const;

private:
  struct Extra { // e of one pixel in one frame
    std::uint32_t place, frame, excess;
  };
  template <class T>
  void set(Index frame, const T* row);
  [[nodiscard]] bool bit(Index place, Index frame) const {
    return (by_pixel_[place * pixel_stride_ + frame / 64] >> (frame % 64) & 1) != 0;
  }
  [[nodiscard]] std::span<const Extra> extras_of_frame(Index frame, const CountRun& run) const;
  /// Calls visit(t) for the frames [first, last) in which the pixel holds counts.
  template <class Visit>
  void each_frame(Index place, Index first, Index last, Visit&& visit) const;

  Index frames_, slots_;
  Index stride_;                             // cells of a frame
  Index pixel_stride_;                       // words of 64 frames
  Buffer<std::uint32_t> cells_;              // row by row, then packed
  Buffer<std::uint64_t> by_pixel_;           // [place, frame / 64]
  std::vector<std::vector<Extra>> of_frame_; // ascending in place
  std::vector<std::vector<Extra>> of_place_; // ascending in frame
};

} // namespace vitrum::correlate::detail
