// Counts that are mostly 0 and 1: one bit a pixel that says whether it holds any, and a list of
// what exceeds one.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "count_layout.hpp"
#include "count_rows.hpp"
#include "panel_loop.hpp"
#include "row_kernels.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::correlate::detail {

/// With b = [x > 0] and e = x − b: Σ xx' = Σ bb' + Σ eb' + Σ be' + Σ ee', the first from bits, the
/// others from the list.
class BitCounts {
public:
  BitCounts(Index frames, Index slots, SimdLevel level);

  /// Counts of one run of the layout, from place `first` on: their bits go to the frame's row of
  /// cells, what exceeds one to the list. Runs of a frame come in their order; different frames may
  /// come from different threads at once. Returns the sums over the counts.
  CountSums
  take_run(Index frame, Index first, std::span<const std::uint8_t> counts, std::uint32_t* row);
  CountSums
  take_run(Index frame, Index first, std::span<const std::uint16_t> counts, std::uint32_t* row);
  /// Nothing of the frame is kept in the list.
  void drop_frame(Index frame) { of_frame_[frame].clear(); }
  /// The rows of cells of a panel's frames, `cell_stride` apart.
  void set_panel(Index panel, const std::uint32_t* rows);
  /// Once all panels are in.
  void finish();

  /// Sums of products of the pixels of one run, for all blocks of a tile: those of a block,
  /// [8][48], stand at `at(...)` of its corner.
  struct Sums {
    Index row0 = 0, col0 = 0, rows = 0; // corner of the first block; rows of whole blocks
    std::vector<std::int32_t> values;   // [column panel, row, 48]
    std::vector<std::int32_t> turned;   // of sixteen columns
    [[nodiscard]] std::int32_t* at(Index t1, Index t2) {
      const Index panel = (t2 - col0) / panel_frames;
      return values.data() + (panel * rows + t1 - row0) * panel_frames +
             (t2 - col0 - panel * panel_frames);
    }
  };
  void
  products(const CountRun& run, Index row0, Index rows, Index col0, Index cols, Sums& sums) const;

  /// The bits in panels, `cell_stride` cells in each frame.
  [[nodiscard]] const std::uint32_t* cells() const { return cells_.data(); }
  [[nodiscard]] Index cell_stride() const { return stride_; }
  [[nodiscard]] bool any_excess() const { return !of_place_.empty(); }
  /// Adds what exceeds one in `count` places from `first` on.
  void add_excess(Index frame, Index first, Index count, std::uint16_t* row) const;
  /// Calls visit(place, excess) for the counts above one in `count` places from `first` on.
  template <class Visit>
  void each_excess(Index frame, Index first, Index count, Visit&& visit) const {
    for (const Extra& extra : extras_of_frame(frame, first, count))
      visit(Index{extra.place}, extra.excess);
  }
  /// What the counts above one change in sums over the bits of two frames.
  [[nodiscard]] PairCounts excess_of_pair(Index t1, Index t2) const;

private:
  struct Extra { // e of one pixel in one frame
    std::uint32_t place, frame, excess;
  };
  [[nodiscard]] std::uint64_t bit(Index place, Index frame) const {
    return by_pixel_[place * panels_ + frame / panel_frames] >> (frame % panel_frames) & 1;
  }
  [[nodiscard]] std::span<const Extra>
  extras_of_frame(Index frame, Index first, Index places) const;
  [[nodiscard]] std::span<const Extra>
  extras_of_place(Index place, Index first_frame, Index last_frame) const;
  template <class T>
  void list_excess(Index frame,
                   Index first,
                   std::span<const T> counts,
                   std::span<const std::uint32_t> above_one,
                   CountSums& sums);
  void transpose_bits();
  void fetch_bits(std::span<const Extra> extras, std::size_t i, Index panel) const;
  void add_excess_of_rows(
      const CountRun& run, Index row0, Index rows, Index col0, Index cols, Sums& sums) const;
  void add_excess_of_columns(
      const CountRun& run, Index row0, Index rows, Index col0, Index cols, Sums& sums) const;

  Index frames_, slots_, panels_;
  Index stride_; // cells of a frame
  SimdLevel level_;
  Buffer<std::uint32_t> cells_;              // packed
  Buffer<std::uint64_t> by_pixel_;           // [place, panel]: the bits of its 48 frames; only of
                                             // cells with some count above one
  std::vector<std::vector<Extra>> of_frame_; // ascending in place
  std::vector<Extra> of_place_;              // ascending in place, then frame
  std::vector<std::uint32_t> place_begin_;   // [place]: in of_place_; empty without any
};

} // namespace vitrum::correlate::detail
