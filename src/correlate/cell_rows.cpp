#include "cell_rows.hpp"

namespace vitrum::correlate::detail {
namespace {

constexpr Index sixteen = 16; // divides the frames of a panel

} // namespace

CellRows::CellRows(std::span<const Index> frames, Index most_cells) : row_cells_(most_cells) {
  for (const Index frame : frames) {
    const Index first = frame / sixteen * sixteen;
    if (sixteens_.empty() || sixteens_.back() != first)
      sixteens_.push_back(first);
    place_.push_back((static_cast<Index>(sixteens_.size()) - 1) * sixteen + frame - first);
  }
  cells_ = Buffer<std::uint32_t>(static_cast<Index>(sixteens_.size()) * sixteen * row_cells_);
}

void CellRows::read(const PanelKernels& kernels,
                    const std::uint32_t* panels,
                    Index stride,
                    Index first,
                    Index cells) {
  std::uint32_t* to = cells_.data();
  for (const Index frame : sixteens_) {
    const Index panel = frame / panel_frames * panel_frames;
    const std::uint32_t* from = panels + panel * stride + first * panel_frames + (frame - panel);
    for (Index k = 0; k < cells; k += sixteen)
      kernels.transpose(from + k * panel_frames, panel_frames, to + k, row_cells_);
    to += sixteen * row_cells_;
  }
}

} // namespace vitrum::correlate::detail
