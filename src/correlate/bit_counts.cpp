#include "bit_counts.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate::detail {
namespace {

constexpr Index sixteen = 16;    // frames; divides those of a panel
constexpr std::size_t ahead = 6; // counts whose bits are fetched before they are needed

std::vector<std::uint32_t>& row_buffer() { // of this thread
  thread_local std::vector<std::uint32_t> row;
  return row;
}

} // namespace

BitCounts::BitCounts(Index frames, Index slots, SimdLevel level)
    : frames_(frames), slots_(slots), panels_((frames + panel_frames - 1) / panel_frames),
      stride_((slots + 511) / 512 * 16), level_(level), cells_(whole_panels(frames) * stride_),
      of_frame_(static_cast<std::size_t>(frames)) {}

/// Lists what exceeds one, where `above_one` says so, and adds it to the sums.
template <class T>
void BitCounts::list_excess(Index frame,
                            Index first,
                            std::span<const T> counts,
                            std::span<const std::uint32_t> above_one,
                            CountSums& sums) {
  for (std::size_t k = 0; k < above_one.size(); ++k)
    for (std::uint32_t more = above_one[k]; more != 0; more &= more - 1) {
      const std::size_t i = 32 * k + static_cast<std::size_t>(std::countr_zero(more));
      const std::uint32_t x = counts[i];
      of_frame_[frame].push_back({static_cast<std::uint32_t>(first + static_cast<Index>(i)),
                                  static_cast<std::uint32_t>(frame),
                                  x - 1});
      sums.sum += static_cast<std::int32_t>(x - 1);
      sums.square += std::uint64_t{x} * x - 1;
    }
}

CountSums BitCounts::take_run(Index frame,
                              Index first,
                              std::span<const std::uint8_t> counts,
                              std::uint32_t* row) {
  const CountRows& kernels = count_rows(level_);
  const auto whole = static_cast<Index>(counts.size()) / 32;
  const std::size_t rest = counts.size() % 32;
  std::vector<std::uint32_t>& above_one = row_buffer();
  above_one.resize(static_cast<std::size_t>(whole) + 1);
  FoundBits found = kernels.find_bits(counts.data(), whole, row + first / 32, above_one.data());
  above_one[whole] = 0;
  if (rest > 0) { // what follows belongs to others
    std::uint8_t last[32]{};
    std::copy_n(counts.data() + 32 * whole, rest, last);
    const FoundBits more =
        kernels.find_bits(last, 1, row + first / 32 + whole, above_one.data() + whole);
    found.count += more.count;
    found.any_above_one = found.any_above_one || more.any_above_one;
  }
  CountSums sums{found.count, static_cast<std::uint64_t>(found.count)};
  if (found.any_above_one)
    list_excess<std::uint8_t>(frame, first, counts, above_one, sums);
  return sums;
}

CountSums BitCounts::take_run(Index frame,
                              Index first,
                              std::span<const std::uint16_t> counts,
                              std::uint32_t* row) {
  const auto cells = (static_cast<Index>(counts.size()) + 31) / 32;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(32 * cells), 0);
  for (std::size_t i = 0; i < counts.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(std::min<std::uint16_t>(counts[i], 2));
  std::vector<std::uint32_t>& above_one = row_buffer();
  above_one.resize(static_cast<std::size_t>(cells));
  const FoundBits found =
      count_rows(level_).find_bits(bytes.data(), cells, row + first / 32, above_one.data());
  CountSums sums{found.count, static_cast<std::uint64_t>(found.count)};
  if (found.any_above_one)
    list_excess<std::uint16_t>(frame, first, counts, above_one, sums);
  return sums;
}

void BitCounts::set_panel(Index panel, const std::uint32_t* rows) {
  pack_panel(panel_kernels(level_), rows, stride_, cells_.data() + panel * panel_frames * stride_);
}

void BitCounts::finish() {
  std::size_t extras = 0;
  for (const auto& frame : of_frame_)
    extras += frame.size();
  if (extras == 0)
    return;
  if (extras > std::numeric_limits<std::uint32_t>::max())
    throw DataError(fmt::format("{} counts above one: too many for bits", extras));
  place_begin_.assign(static_cast<std::size_t>(slots_) + 1, 0);
  for (const auto& frame : of_frame_)
    for (const Extra& extra : frame)
      ++place_begin_[extra.place + 1];
  for (Index place = 0; place < slots_; ++place)
    place_begin_[place + 1] += place_begin_[place];
  of_place_.resize(extras);
  std::vector<std::uint32_t> next(place_begin_.begin(), place_begin_.end() - 1);
  for (const auto& frame : of_frame_)
    for (const Extra& extra : frame)
      of_place_[next[extra.place]++] = extra;
  transpose_bits();
}

void BitCounts::transpose_bits() {
  by_pixel_ = Buffer<std::uint64_t>(slots_ * panels_);
  parallel_for(0, slots_ / 32, 16, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      if (place_begin_[32 * k] == place_begin_[32 * k + 32])
        continue;
      std::uint64_t* const to = by_pixel_.data() + 32 * k * panels_;
      for (Index panel = 0; panel < panels_; ++panel) {
        const std::uint32_t* const cells = cells_.data() + (panel * stride_ + k) * panel_frames;
        std::uint64_t words[32]{};
        for (Index frame = 0; frame < panel_frames; ++frame)
          for (std::uint32_t cell = cells[frame]; cell != 0; cell &= cell - 1)
            words[std::countr_zero(cell)] |= std::uint64_t{1} << frame;
        for (Index i = 0; i < 32; ++i)
          to[i * panels_ + panel] = words[i];
      }
    }
  });
}

std::span<const BitCounts::Extra>
BitCounts::extras_of_frame(Index frame, Index first, Index places) const {
  const auto& all = of_frame_[frame];
  const auto before = [](const Extra& extra, Index place) { return Index{extra.place} < place; };
  const auto begin = std::lower_bound(all.begin(), all.end(), first, before);
  return {begin, std::lower_bound(begin, all.end(), first + places, before)};
}

std::span<const BitCounts::Extra>
BitCounts::extras_of_place(Index place, Index first_frame, Index last_frame) const {
  const auto before = [](const Extra& extra, Index frame) { return Index{extra.frame} < frame; };
  const auto all = of_place_.begin();
  const auto begin = std::lower_bound(
      all + place_begin_[place], all + place_begin_[place + 1], first_frame, before);
  return {begin, std::lower_bound(begin, all + place_begin_[place + 1], last_frame, before)};
}

void BitCounts::products(
    const CountRun& run, Index row0, Index rows, Index col0, Index cols, Sums& sums) const {
  sums.row0 = row0 / sliver_frames * sliver_frames;
  sums.col0 = col0 / panel_frames * panel_frames;
  sums.rows = (row0 + rows - sums.row0 + sliver_frames - 1) / sliver_frames * sliver_frames;
  const Index col_panels = (col0 + cols - sums.col0 + panel_frames - 1) / panel_frames;
  sums.values.resize(static_cast<std::size_t>(sums.rows * col_panels * panel_frames));
  const Index skipped = run.first / 32 * panel_frames;
  const auto column = [&](Index t) {
    const Index panel = t / panel_frames * panel_frames;
    return cells_.data() + panel * stride_ + (t - panel) + skipped;
  };
  const auto bits = panel_kernels(level_).bits;
  for_panel_blocks(row0, rows, col0, cols, [&](const PanelBlock& block) {
    bits(column(block.row), column(block.col), run.slots / 32, sums.at(block.row, block.col));
  });
  if (of_place_.empty())
    return;
  add_excess_of_rows(run, row0, rows, col0, cols, sums);
  add_excess_of_columns(run, row0, rows, col0, cols, sums);
}

void BitCounts::fetch_bits(std::span<const Extra> extras, std::size_t i, Index panel) const {
  if (i >= extras.size())
    return;
  const std::uint64_t* const words = by_pixel_.data() + Index{extras[i].place} * panels_ + panel;
  __builtin_prefetch(words);
  __builtin_prefetch(words + 8);
}

/// Σ ex' for each row, of which the columns are contiguous. Pairs outside the tile get anything.
void BitCounts::add_excess_of_rows(
    const CountRun& run, Index row0, Index rows, Index col0, Index cols, Sums& sums) const {
  const auto add_where = count_rows(level_).add_where;
  const Index first_panel = col0 / panel_frames;
  for (Index t1 = row0; t1 < std::min(row0 + rows, frames_); ++t1) {
    const Index last = std::min(row0 == col0 ? t1 + 1 : col0 + cols, frames_);
    const Index panels = (last + panel_frames - 1) / panel_frames - first_panel;
    std::int32_t* const row = sums.at(t1, sums.col0);
    const std::span<const Extra> extras = extras_of_frame(t1, run.first, run.slots);
    for (std::size_t i = 0; i < extras.size(); ++i) {
      const Extra& extra = extras[i];
      const auto e = static_cast<std::int32_t>(extra.excess);
      fetch_bits(extras, i + ahead, first_panel);
      add_where(by_pixel_.data() + Index{extra.place} * panels_ + first_panel,
                panels,
                e,
                row,
                sums.rows * panel_frames);
      for (const Extra& other : extras_of_place(extra.place, col0, last))
        *sums.at(t1, other.frame) += e * static_cast<std::int32_t>(other.excess);
    }
  }
}

/// Σ be' for each column, in a transposed tile so that the rows are contiguous.
void BitCounts::add_excess_of_columns(
    const CountRun& run, Index row0, Index rows, Index col0, Index cols, Sums& sums) const {
  const CountRows& kernels = count_rows(level_);
  const auto transpose = panel_kernels(level_).transpose;
  const Index first_panel = row0 / panel_frames;
  const Index last_row = std::min(row0 + rows, frames_);
  const Index panels = (last_row + panel_frames - 1) / panel_frames - first_panel;
  const Index stride = panels * panel_frames + sixteen; // no power of two
  std::vector<std::int32_t>& turned = sums.turned;
  const Index last_col = std::min(col0 + cols, frames_);
  alignas(64) std::uint32_t square[sixteen * sixteen];
  for (Index col = sums.col0; col < last_col; col += sixteen) { // sixteen columns
    turned.assign(static_cast<std::size_t>(sixteen * stride), 0);
    const Index skipped_panels =
        row0 == col0 ? (col - first_panel * panel_frames) / panel_frames : 0;
    for (Index t2 = std::max(col, col0); t2 < std::min(col + sixteen, last_col); ++t2) {
      const std::span<const Extra> extras = extras_of_frame(t2, run.first, run.slots);
      for (std::size_t i = 0; i < extras.size(); ++i) {
        const Extra& extra = extras[i];
        fetch_bits(extras, i + ahead, first_panel + skipped_panels);
        kernels.add_where(by_pixel_.data() + Index{extra.place} * panels_ + first_panel +
                              skipped_panels,
                          panels - skipped_panels,
                          static_cast<std::int32_t>(extra.excess),
                          turned.data() + (t2 - col) * stride + skipped_panels * panel_frames,
                          panel_frames);
      }
    }
    for (Index t1 = (first_panel + skipped_panels) * panel_frames; t1 < last_row; t1 += sixteen) {
      transpose(reinterpret_cast<const std::uint32_t*>(turned.data()) + t1 -
                    first_panel * panel_frames,
                stride,
                square,
                sixteen);
      for (Index i = std::max<Index>(row0 - t1, 0); i < std::min(sixteen, last_row - t1); ++i) {
        std::int32_t* const to = sums.at(t1 + i, col);
        for (Index j = 0; j < sixteen; ++j)
          to[j] += static_cast<std::int32_t>(square[i * sixteen + j]);
      }
    }
  }
}

void BitCounts::add_excess(Index frame, Index first, Index count, std::uint16_t* row) const {
  for (const Extra& extra : extras_of_frame(frame, first, count))
    row[Index{extra.place} - first] =
        static_cast<std::uint16_t>(row[Index{extra.place} - first] + extra.excess);
}

PairCounts BitCounts::excess_of_pair(Index t1, Index t2) const {
  PairCounts sums;
  const auto add = [&](std::uint64_t x, std::uint64_t y) {
    const auto both = static_cast<std::uint64_t>(x > 0 && y > 0);
    sums += {x * y - both, x * x * y - both, x * y * y - both};
  };
  auto a = of_frame_[t1].begin(), b = of_frame_[t2].begin();
  const auto a_end = of_frame_[t1].end(), b_end = of_frame_[t2].end();
  while (a != a_end || b != b_end) {
    if (b == b_end || (a != a_end && a->place < b->place)) {
      add(1 + a->excess, bit(a->place, t2));
      ++a;
    } else if (a == a_end || b->place < a->place) {
      add(bit(b->place, t1), 1 + b->excess);
      ++b;
    } else {
      add(1 + a->excess, 1 + b->excess);
      ++a;
      ++b;
    }
  }
  return sums;
}

} // namespace vitrum::correlate::detail
