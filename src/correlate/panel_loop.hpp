// Packing of frames into panels, and the walk over the blocks of a tile.
#pragma once
#include <algorithm>
#include <cstdint>

#include "panel_kernels.hpp"

namespace vitrum::correlate {

[[nodiscard]] constexpr Index whole_panels(Index frames) {
  return (frames + panel_frames - 1) / panel_frames * panel_frames;
}

/// The part of 8 frames × 48 frames of packed panels that lies in a tile.
struct PanelBlock {
  Index row, col;        // first frames of the whole block: row is a multiple of 8, col of 48
  Index first_row, rows; // what of it is wanted, from `row`
  Index first_col, cols; // from `col`
  [[nodiscard]] bool whole() const { return rows == sliver_frames && cols == panel_frames; }
};

/// Visits the blocks of a tile; of one on the diagonal those that hold an element j <= i. Blocks of
/// one column panel follow each other, then those of one row panel: both stay in the second-level
/// cache.
template <class Visit>
void for_panel_blocks(Index row0, Index rows, Index col0, Index cols, Visit&& visit) {
  const bool diagonal = row0 == col0;
  for (Index col = col0 / panel_frames * panel_frames; col < col0 + cols; col += panel_frames) {
    const Index first_col = std::max<Index>(col0 - col, 0);
    const Index last_col = std::min(col0 + cols - col, panel_frames);
    const Index top = diagonal ? std::max(row0, col) : row0;
    for (Index row = top / sliver_frames * sliver_frames; row < row0 + rows; row += sliver_frames) {
      const Index first_row = std::max<Index>(row0 - row, 0);
      const Index last_row = std::min(row0 + rows - row, sliver_frames);
      visit(PanelBlock{row, col, first_row, last_row - first_row, first_col, last_col - first_col});
    }
  }
}

/// The cells of one panel, read row by row from `rows` (48 frames, `stride` cells apart), written
/// to `panel` [stride][48]. `stride` is a multiple of 16.
inline void pack_panel(const PanelKernels& kernels,
                       const std::uint32_t* rows,
                       Index stride,
                       std::uint32_t* panel) {
  for (Index k = 0; k < stride; k += 16)
    for (Index f = 0; f < panel_frames; f += 16)
      kernels.transpose(rows + f * stride + k, stride, panel + k * panel_frames + f, panel_frames);
}

} // namespace vitrum::correlate
