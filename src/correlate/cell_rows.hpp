// Cells of some frames of packed panels, back in rows.
#pragma once
#include <cstdint>
#include <functional>
#include <span>

#include "panel_kernels.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::correlate::detail {

/// Where the cells of a panel begin, by its number.
using PanelPlace = std::function<const std::uint32_t*(Index panel)>;

/// Writes cells [first, first + cells) of the frames (ascending) to rows of `to` that are
/// `to_stride` cells apart. `first` is a multiple of 16; panels hold whole sixteens. They are read
/// in the order in which they are stored.
void read_rows(const PanelKernels& kernels,
               const PanelPlace& panel,
               std::span<const Index> frames,
               Index first,
               Index cells,
               std::uint32_t* to,
               Index to_stride);

/// A piece of the rows of some frames, in memory of its own.
class CellRows {
public:
  /// Pieces of at most `most_cells`.
  CellRows(std::span<const Index> frames, Index most_cells)
      : frames_(frames), row_cells_(most_cells),
        cells_(static_cast<Index>(frames.size()) * most_cells) {}

  /// See read_rows.
  void read(const PanelKernels& kernels, const PanelPlace& panel, Index first, Index cells) {
    read_rows(kernels, panel, frames_, first, cells, cells_.data(), row_cells_);
  }
  [[nodiscard]] Index size() const { return static_cast<Index>(frames_.size()); }
  [[nodiscard]] const std::uint32_t* row(Index i) const { return cells_.data() + i * row_cells_; }

private:
  std::span<const Index> frames_;
  Index row_cells_;
  Buffer<std::uint32_t> cells_; // [row, row_cells]
};

} // namespace vitrum::correlate::detail
