// A two-time map of bounded size that grows while frames come in: when it is full, neighbouring
// cells are joined two by two, and it goes on in cells of twice as many frames.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/simd.hpp"
#include "vitrum/correlate/normalization.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::correlate {

/// How many frames have no fluctuations, and the first of them.
struct RejectedFrames {
  Index frames = 0;
  RejectedFrame first;
};

/// The mean of C(t1,t2) over the pairs of valid frames of two cells, exactly as if the whole map
/// had been made and its squares averaged: the fluctuations δ of each frame are those of its own
/// normalisation, and products of their means over cells are means of their products. On the
/// diagonal a cell holds the pairs of a frame with itself too, with their shot noise.
///
/// Each block of 48 cells is multiplied with all earlier ones. Memory: 4 bytes × cells × (pixels +
/// cells).
class GrowingMap {
public:
  static constexpr Index cells_step = 96;
  /// `most_cells` is rounded up to a multiple of that.
  GrowingMap(PixelGroups groups,
             Normalization normalization,
             Index most_cells = 2016,
             SimdLevel level = simd_level());

  /// Counts of the next frames in the order of the groups; their memory is used. Frames that are
  /// not `valid` are gaps.
  void push(PixelMatrix counts);

  [[nodiscard]] Index frames() const { return frames_; }
  [[nodiscard]] Index cell_frames() const { return cell_frames_; }
  /// Frames without fluctuations, which are gaps.
  [[nodiscard]] const RejectedFrames& rejected() const { return rejected_; }
  /// [cell, cell], symmetric, of C; NaN where a cell holds no valid frame. Makes what is missing of
  /// the last block.
  [[nodiscard]] std::vector<float> map();

private:
  void add_frame(const float* row, bool valid);
  void append_open_cell();
  void close_cell();
  void multiply(Index first);
  void join();
  [[nodiscard]] float* row(Index cell) { return rows_.data() + cell * stride_; }

  PixelGroups groups_;
  Normalization normalization_;
  SimdLevel level_;
  Index most_cells_, stride_;
  std::vector<Buffer<float>> panels_; // δ of 48 cells each, see panel_kernels.hpp
  Buffer<float> rows_;                // the cells of the last panel, in rows
  std::vector<Index> weight_;         // [cell] valid frames
  Buffer<float> products_;            // [cell, most_cells], t2 <= t1: Σ δδ' over the pixels
  Index cell_frames_ = 1, cells_ = 0, frames_ = 0;
  Index multiplied_ = 0; // cells whose products are made
  Buffer<float> open_;   // Σ δ of the cell that is not full
  Index open_frames_ = 0, open_valid_ = 0;
  RejectedFrames rejected_;
};

} // namespace vitrum::correlate
