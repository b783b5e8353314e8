#include "vitrum/correlate/growing_map.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "panel_loop.hpp"
#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index depth_at_a_time = 256; // pixels of a panel that stay in the first caches

Index rounded_up(Index cells) {
  constexpr Index step = GrowingMap::cells_step;
  static_assert(step == 2 * panel_frames); // halves are whole panels too
  return std::max<Index>((cells + step - 1) / step, 1) * step;
}

} // namespace

GrowingMap::GrowingMap(PixelGroups groups,
                       Normalization normalization,
                       Index most_cells,
                       SimdLevel level)
    : groups_(std::move(groups)), normalization_(normalization), level_(level),
      most_cells_(rounded_up(most_cells)), stride_(padded_stride(groups_.pixels())) {
  if (groups_.pixels() < 1)
    throw DataError("a two-time map of no pixels");
  rows_ = Buffer<float>(panel_frames * stride_);
  std::fill_n(rows_.data(), rows_.size(), 0.0F);
  open_ = Buffer<float>(stride_);
  std::fill_n(open_.data(), open_.size(), 0.0F);
  products_ = Buffer<float>(most_cells_ * most_cells_);
  weight_.reserve(static_cast<std::size_t>(most_cells_));
}

void GrowingMap::push(PixelMatrix counts) {
  if (counts.pixels() != groups_.pixels())
    throw DataError(
        fmt::format("frames of {} pixels, expected {}", counts.pixels(), groups_.pixels()));
  const auto deltas = normalize(std::move(counts), normalization_);
  for (const auto& one : deltas.rejected)
    if (rejected_.frames++ == 0)
      rejected_.first = {frames_ + one.frame, one.reason};
  for (Index t = 0; t < deltas.matrix.frames; ++t)
    add_frame(deltas.matrix.row(t), deltas.matrix.valid[t] != 0);
}

void GrowingMap::add_frame(const float* delta, bool valid) {
  if (cells_ == most_cells_)
    join();
  ++frames_;
  ++open_frames_;
  if (valid) {
    add_row(delta, open_.data(), groups_.pixels());
    ++open_valid_;
  }
  if (open_frames_ == cell_frames_)
    close_cell();
}

/// The mean of the frames of the open cell as the last cell of the map.
void GrowingMap::append_open_cell() {
  float* const to = row(cells_ % panel_frames);
  std::copy_n(open_.data(), stride_, to);
  if (open_valid_ > 1)
    scale_row(to, groups_.pixels(), 1 / static_cast<double>(open_valid_), 0.0);
  weight_.push_back(open_valid_);
  ++cells_;
}

/// The open cell is full and becomes one of the map.
void GrowingMap::close_cell() {
  append_open_cell();
  std::fill_n(open_.data(), open_.size(), 0.0F);
  open_frames_ = open_valid_ = 0;
  if (cells_ % panel_frames == 0)
    multiply(cells_ - panel_frames);
}

/// Makes the products of the cells from `first`, a whole number of panels, on with all up to them.
void GrowingMap::multiply(Index first) {
  const Index count = cells_ - first;
  if (count == 0 || multiplied_ == cells_)
    return;
  for (Index cell = count; cell < panel_frames; ++cell) // of an earlier panel
    std::fill_n(row(cell), stride_, 0.0F);
  const auto number = static_cast<std::size_t>(first / panel_frames);
  if (panels_.size() <= number)
    panels_.emplace_back(panel_frames * stride_);
  const PanelKernels& kernels = panel_kernels(level_);
  float* const own = panels_[number].data();
  parallel_for(0, stride_ / 16, 32, [&](Index begin, Index end) {
    for (Index k = 16 * begin; k < 16 * end; k += 16)
      for (Index f = 0; f < panel_frames; f += 16)
        kernels.transpose(reinterpret_cast<const std::uint32_t*>(rows_.data()) + f * stride_ + k,
                          stride_,
                          reinterpret_cast<std::uint32_t*>(own) + k * panel_frames + f,
                          panel_frames);
  });
  parallel_for(0, static_cast<Index>(number) + 1, 1, [&](Index begin, Index end) {
    alignas(64) float sums[panel_frames * panel_frames];
    for (Index c = begin; c < end; ++c) {
      const float* const other = panels_[static_cast<std::size_t>(c)].data();
      for (Index k = 0; k < stride_; k += depth_at_a_time) {
        const Index depth = std::min(depth_at_a_time, stride_ - k);
        for (Index i = 0; i < panel_frames; i += sliver_frames)
          kernels.floats(own + k * panel_frames + i,
                         other + k * panel_frames,
                         depth,
                         sums + i * panel_frames,
                         panel_frames,
                         k > 0);
      }
      for (Index i = 0; i < count; ++i)
        std::copy_n(sums + i * panel_frames,
                    panel_frames,
                    products_.data() + (first + i) * most_cells_ + c * panel_frames);
    }
  });
  multiplied_ = cells_;
}

/// Cells 2i and 2i + 1 become cell i.
void GrowingMap::join() {
  const Index half = most_cells_ / 2;
  const auto share = [&](Index cell) { // of the frames of the cell that it joins
    const Index both = weight_[cell / 2 * 2] + weight_[cell / 2 * 2 + 1];
    return both == 0 ? 0.0 : static_cast<double>(weight_[cell]) / static_cast<double>(both);
  };
  std::vector<double> shares;
  for (Index cell = 0; cell < most_cells_; ++cell)
    shares.push_back(share(cell));
  for (Index i = 0; i < half; ++i) {
    const float* const upper = products_.data() + 2 * i * most_cells_;
    const float* const lower = upper + most_cells_;
    float* const to = products_.data() + i * most_cells_; // at or above what is still needed
    for (Index j = 0; j <= i; ++j) {
      // above the diagonal the transposed element stands for what is not kept
      const double across =
          i == j ? static_cast<double>(lower[2 * j]) : static_cast<double>(upper[2 * j + 1]);
      to[j] = static_cast<float>(
          shares[2 * i] *
              (shares[2 * j] * static_cast<double>(upper[2 * j]) + shares[2 * j + 1] * across) +
          shares[2 * i + 1] * (shares[2 * j] * static_cast<double>(lower[2 * j]) +
                               shares[2 * j + 1] * static_cast<double>(lower[2 * j + 1])));
    }
  }
  const Index panels = half / panel_frames;
  parallel_for(0, stride_, 64, [&](Index begin, Index end) {
    for (Index p = 0; p < panels; ++p)
      for (Index k = begin; k < end; ++k) {
        float joined[panel_frames];
        for (Index f = 0; f < panel_frames; ++f) {
          const Index cell = 2 * (p * panel_frames + f);
          const float* from = panels_[static_cast<std::size_t>(cell / panel_frames)].data() +
                              k * panel_frames + cell % panel_frames;
          joined[f] = static_cast<float>(shares[cell] * static_cast<double>(from[0]) +
                                         shares[cell + 1] * static_cast<double>(from[1]));
        }
        std::copy_n(
            joined, panel_frames, panels_[static_cast<std::size_t>(p)].data() + k * panel_frames);
      }
  });
  for (Index i = 0; i < half; ++i)
    weight_[i] = weight_[2 * i] + weight_[2 * i + 1];
  weight_.resize(static_cast<std::size_t>(half));
  cells_ = multiplied_ = half;
  cell_frames_ *= 2;
}

std::vector<float> GrowingMap::map() {
  const bool open = open_frames_ > 0; // shown as it is, and appended again when it is full
  const Index whole = cells_ / panel_frames * panel_frames;
  if (open)
    append_open_cell();
  multiply(whole);
  const Index n = cells_;
  std::vector<float> out(static_cast<std::size_t>(n * n), std::numeric_limits<float>::quiet_NaN());
  const double scale = 1 / static_cast<double>(groups_.pixels());
  for (Index i = 0; i < cells_; ++i)
    for (Index j = 0; j <= i; ++j)
      if (weight_[i] > 0 && weight_[j] > 0)
        out[i * n + j] = out[j * n + i] =
            static_cast<float>(1 + scale * static_cast<double>(products_[i * most_cells_ + j]));
  if (open) {
    weight_.pop_back();
    --cells_;
    multiplied_ = whole;
  }
  return out;
}

} // namespace vitrum::correlate
