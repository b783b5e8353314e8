// What a count kernel holds: counts in panels, and what turns them into fluctuations.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "bit_counts.hpp"
#include "cell_rows.hpp"
#include "count_layout.hpp"
#include "count_rows.hpp"
#include "vitrum/correlate/count_kernel.hpp"

namespace vitrum::correlate {

struct CountKernel::State {
  CountMatrix counts; // packed
  Normalization normalization;
  SimdLevel level;
  detail::CountLayout layout;
  Index padded = 0; // frames of whole panels
  bool centred = false;
  std::vector<float> a, v;            // [set, padded frame]
  std::vector<std::int32_t> c;        // [set, padded frame]
  std::vector<std::int32_t> sum;      // [run, padded frame]
  std::vector<double> factor, offset; // [set, frame]: δ = factor · x − offset
  std::vector<double> total, square;  // [set, frame]: Σ x and Σ x²
  std::vector<double> group_shift;    // [group, frame]
  std::vector<RejectedFrame> rejected;
  std::optional<detail::BitCounts> bits; // in place of the packed counts

  State(CountMatrix matrix, Normalization n, CountForm form, SimdLevel chosen);

  [[nodiscard]] Index per_cell() const { return bits ? 32 : counts.wide() ? 2 : 4; }
  [[nodiscard]] Index cell_stride() const {
    return bits ? bits->cell_stride() : counts.stride / per_cell();
  }
  [[nodiscard]] const std::uint32_t* panels() const;
  [[nodiscard]] detail::PanelPlace panel_place() const {
    return [from = panels(), cells = panel_frames * cell_stride()](Index panel) {
      return from + panel * cells;
    };
  }
  /// The cells of a frame; they are 48 apart.
  [[nodiscard]] const std::uint32_t* column(Index frame) const {
    const Index panel = frame / panel_frames * panel_frames;
    return panels() + panel * cell_stride() + (frame - panel);
  }

  /// δ of one frame, in stored order.
  void fluctuations(Index frame, std::span<float> out) const;
  /// δ of pixels [first, first + count) of the frames (ascending), [frame, count]. For one set.
  void unpack(std::span<const Index> frames, Index first, Index count, float* out) const;
  [[nodiscard]] std::vector<double> bias_of_pairs(std::span<const FramePair> pairs) const;
  [[nodiscard]] BlockProducts blocks_of_pairs(std::span<const FramePair> pairs) const;

private:
  [[nodiscard]] std::vector<detail::PairCounts> sum_pairs(std::span<const Index> frames,
                                                          std::span<const FramePair> places) const;
  [[nodiscard]] std::vector<std::uint64_t> sum_segments(std::span<const Index> frames) const;
  template <class T>
  void pack(T* values);
  template <class T>
  void pack_bits(const T* values);
  [[nodiscard]] std::vector<Index> runs_in_stored_order() const;
  void list_rejected(std::vector<std::string>& reason); // [frame]
  /// Keeps the frame, or drops what is known of it. Returns whether it is kept.
  bool scale_or_reject(Index t, const std::vector<double>& squares, std::string& reason);
  template <class T>
  void sum_runs(const T* row, Index t, std::vector<double>& squares);
  std::string scale(Index t, const std::vector<double>& squares);
  /// The bits of a row of cells and what exceeds them as words, in `wide`.
  const std::uint32_t* expand(const std::uint32_t* row,
                              Index frame,
                              Index first_cell,
                              Index cells,
                              std::vector<std::uint32_t>& wide) const;
  /// δ of the counts of one row of cells, from place `first` on.
  void scale_cells(const std::uint32_t* cells,
                   Index frame,
                   Index set,
                   Index first,
                   Index count,
                   float* out) const;
};

} // namespace vitrum::correlate
