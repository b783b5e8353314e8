#include "bit_counts.hpp"

#include <algorithm>
#include <bit>

#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate::detail {

BitCounts::BitCounts(Index frames, Index slots)
    : frames_(frames), slots_(slots), stride_((slots + 511) / 512 * 16),
      pixel_stride_((frames + 63) / 64), cells_(whole_panels(frames) * stride_),
      by_pixel_(slots * pixel_stride_), of_frame_(static_cast<std::size_t>(frames)),
      of_place_(static_cast<std::size_t>(slots)) {
  std::fill_n(cells_.data(), cells_.size(), 0U);
  std::fill_n(by_pixel_.data(), by_pixel_.size(), std::uint64_t{0});
}

template <class T>
void BitCounts::set(Index frame, const T* row) {
  std::uint32_t* const cells = cells_.data() + frame * stride_;
  const std::uint64_t bit_of_frame = std::uint64_t{1} << (frame % 64);
  for (Index k = 0; k < slots_ / 32; ++k) {
    std::uint32_t cell = 0;
    for (Index i = 0; i < 32; ++i) {
      const std::uint32_t x = row[32 * k + i];
      cell |= static_cast<std::uint32_t>(x > 0) << i;
    }
    cells[k] = cell;
    for (; cell != 0; cell &= cell - 1) {
      const Index place = 32 * k + std::countr_zero(cell);
      by_pixel_[place * pixel_stride_ + frame / 64] |= bit_of_frame;
      if (row[place] > 1)
        of_frame_[frame].push_back({static_cast<std::uint32_t>(place),
                                    static_cast<std::uint32_t>(frame),
                                    static_cast<std::uint32_t>(row[place] - 1)});
    }
  }
}

void BitCounts::set_frame(Index frame, const std::uint16_t* row) {
  set(frame, row);
}
void BitCounts::set_frame(Index frame, const std::uint8_t* row) {
  set(frame, row);
}

void BitCounts::finish(const PanelKernels& kernels) {
  const Index cells = panel_frames * stride_;
  parallel_for(0, whole_panels(frames_), panel_frames, [&](Index begin, Index) {
    Buffer<std::uint32_t> panel(cells);
    pack_panel(kernels, cells_.data() + begin * stride_, stride_, panel.data());
    std::copy_n(panel.data(), cells, cells_.data() + begin * stride_);
  });
  for (const auto& frame : of_frame_)
    for (const Extra& extra : frame)
      of_place_[extra.place].push_back(extra);
}

std::span<const BitCounts::Extra> BitCounts::extras_of_frame(Index frame,
                                                             const CountRun& run) const {
  const auto& all = of_frame_[frame];
  const auto before = [](const Extra& extra, Index place) {
    return static_cast<Index>(extra.place) < place;
  };
  const auto first = std::lower_bound(all.begin(), all.end(), run.first, before);
  const auto last = std::lower_bound(first, all.end(), run.first + run.slots, before);
  return {first, last};
}

template <class Visit>
void BitCounts::each_frame(Index place, Index first, Index last, Visit&& visit) const {
  const std::uint64_t* const words = by_pixel_.data() + place * pixel_stride_;
  for (Index w = first / 64; w * 64 < last; ++w) {
    std::uint64_t word = words[w];
    if (w * 64 < first)
      word &= ~std::uint64_t{0} << (first - w * 64);
    if (last - w * 64 < 64)
      word &= (std::uint64_t{1} << (last - w * 64)) - 1;
    for (; word != 0; word &= word - 1)
      visit(w * 64 + std::countr_zero(word));
  }
}

void BitCounts::products(const PanelKernels& kernels,
                         const CountRun& run,
                         Index row0,
                         Index rows,
                         Index col0,
                         Index cols,
                         Sums& sums) const {
  sums.row0 = row0 / sliver_frames * sliver_frames;
  sums.col0 = col0 / panel_frames * panel_frames;
  sums.row_blocks = (row0 + rows - sums.row0 + sliver_frames - 1) / sliver_frames;
  const Index col_blocks = (col0 + cols - sums.col0 + panel_frames - 1) / panel_frames;
  sums.values.resize(
      static_cast<std::size_t>(sums.row_blocks * col_blocks * sliver_frames * panel_frames));
  const Index skipped = run.first / 32 * panel_frames;
  const auto column = [&](Index t) {
    const Index panel = t / panel_frames * panel_frames;
    return cells_.data() + panel * stride_ + (t - panel) + skipped;
  };
  for_panel_blocks(row0, rows, col0, cols, [&](const PanelBlock& block) {
    kernels.bits(
        column(block.row), column(block.col), run.slots / 32, sums.at(block.row, block.col));
  });
  const bool diagonal = row0 == col0;
  for (Index t1 = row0; t1 < std::min(row0 + rows, frames_); ++t1)
    for (const Extra& extra : extras_of_frame(t1, run)) {
      const auto e = static_cast<std::int32_t>(extra.excess);
      const Index last = std::min(diagonal ? t1 + 1 : col0 + cols, frames_);
      each_frame(extra.place, col0, last, [&](Index t2) { *sums.at(t1, t2) += e; });
      for (const Extra& other : of_place_[extra.place])
        if (const Index t2 = other.frame; t2 >= col0 && t2 < last)
          *sums.at(t1, t2) += e * static_cast<std::int32_t>(other.excess);
    }
  for (Index t2 = col0; t2 < std::min(col0 + cols, frames_); ++t2)
    for (const Extra& extra : extras_of_frame(t2, run)) {
      const auto e = static_cast<std::int32_t>(extra.excess);
      each_frame(extra.place, diagonal ? t2 : row0, std::min(row0 + rows, frames_), [&](Index t1) {
        *sums.at(t1, t2) += e;
      });
    }
}

std::uint32_t BitCounts::count(Index frame, Index place) const {
  std::uint32_t value = bit(place, frame) ? 1 : 0;
  for (const Extra& extra : of_place_[place])
    if (extra.frame == static_cast<std::uint32_t>(frame))
      value += extra.excess;
  return value;
}

} // namespace vitrum::correlate::detail
