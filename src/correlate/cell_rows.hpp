// Cells of some frames of packed panels, back in rows.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "panel_kernels.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::correlate::detail {

/// Frames are taken out of their panels in sixteens, a piece of all rows at a time, so that panels
/// are read in the order in which they are stored.
class CellRows {
public:
  /// Of the frames, ascending, pieces of at most `most_cells`, a multiple of 16.
  CellRows(std::span<const Index> frames, Index most_cells);

  /// Cells [first, first + cells) of the frames, `stride` cells in each. `first` is a multiple of
  /// 16, and so is `stride`; of the last sixteen of a piece, the cells beyond it are read, too.
  void read(const PanelKernels& kernels,
            const std::uint32_t* panels,
            Index stride,
            Index first,
            Index cells);

  [[nodiscard]] Index size() const { return static_cast<Index>(place_.size()); }
  [[nodiscard]] const std::uint32_t* row(Index i) const {
    return cells_.data() + place_[i] * row_cells_;
  }

private:
  std::vector<Index> sixteens_; // first frame of each
  std::vector<Index> place_;    // [frame]: its row
  Index row_cells_;
  Buffer<std::uint32_t> cells_; // [row, row_cells]
};

} // namespace vitrum::correlate::detail
