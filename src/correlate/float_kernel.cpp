#include "vitrum/correlate/float_kernel.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "bias_batch.hpp"
#include "cell_rows.hpp"
#include "panel_loop.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index largest_depth = 256; // pixels whose sums go to the tile at a time

PixelMatrix checked(PixelMatrix matrix) {
  if (matrix.frames < 1 || matrix.pixels() < 1)
    throw DataError(fmt::format(
        "two-time correlation of {} frames of {} pixels", matrix.frames, matrix.pixels()));
  return matrix;
}

} // namespace

FloatKernel::FloatKernel(PixelMatrix counts, Normalization normalization, SimdLevel level)
    : packed_(normalize_into_panels(checked(std::move(counts)), normalization, level)),
      level_(level) {}

std::string FloatKernel::name() const {
  return fmt::format("float {}", level_ == SimdLevel::vnni ? "avx512" : name_of(level_));
}
Normalization FloatKernel::normalization() const {
  return data().normalization;
}
Index FloatKernel::frames() const {
  return data().matrix.frames;
}
std::span<const std::uint8_t> FloatKernel::valid() const {
  return data().matrix.valid;
}
std::span<const RejectedFrame> FloatKernel::rejected() const {
  return data().rejected;
}
const PixelGroups& FloatKernel::groups() const {
  return data().matrix.groups;
}
std::span<const double> FloatKernel::group_shift() const {
  return data().group_shift;
}

void FloatKernel::fluctuations(Index frame, std::span<float> out) const {
  const float* cell = column(frame);
  for (Index p = 0; p < pixels(); ++p)
    out[p] = cell[p * panel_frames];
}

std::vector<double> FloatKernel::pair_bias(std::span<const FramePair> pairs) const {
  if (!bias_from_moments(groups(), normalization()))
    return TileKernel::pair_bias(pairs);
  return batch_pair_bias(*this, pairs, [this](auto... piece) { unpack(piece...); });
}

BlockProducts FloatKernel::block_products(std::span<const FramePair> pairs) const {
  if (!short_segments(groups()))
    return TileKernel::block_products(pairs);
  return batch_block_products(*this, pairs, [this](auto... piece) { unpack(piece...); });
}

/// See UnpackPixels.
void FloatKernel::unpack(std::span<const Index> frames,
                         Index first,
                         Index count,
                         float* out) const {
  const auto panel = [this](Index number) {
    return reinterpret_cast<const std::uint32_t*>(packed_.panels[static_cast<std::size_t>(number)]);
  };
  const Index skipped = first % 16; // cells are read from sixteens on
  if (skipped == 0) {
    detail::read_rows(panel_kernels(level_),
                      panel,
                      frames,
                      first,
                      count,
                      reinterpret_cast<std::uint32_t*>(out),
                      count);
    return;
  }
  detail::CellRows rows(frames, skipped + count);
  rows.read(panel_kernels(level_), panel, first - skipped, skipped + count);
  for (Index i = 0; i < rows.size(); ++i)
    std::memcpy(
        out + i * count, rows.row(i) + skipped, static_cast<std::size_t>(count) * sizeof(float));
}

/// Where the pixels of a frame begin; they are 48 floats apart.
const float* FloatKernel::column(Index frame) const {
  return packed_.panels[static_cast<std::size_t>(frame / panel_frames)] + frame % panel_frames;
}

void FloatKernel::product(
    Index group, Index row0, Index rows, Index col0, Index cols, float* out, Index stride) const {
  make_product(group, row0, rows, col0, cols, out, stride, nullptr);
}

void FloatKernel::product_in_parts(Index group,
                                   Index row0,
                                   Index rows,
                                   Index col0,
                                   Index cols,
                                   float* work,
                                   Index stride,
                                   ProductParts& parts) const {
  make_product(group, row0, rows, col0, cols, work, stride, &parts);
}

/// Tells `parts`, unless it is null, of each block.
void FloatKernel::make_product(Index group,
                               Index row0,
                               Index rows,
                               Index col0,
                               Index cols,
                               float* out,
                               Index stride,
                               ProductParts* parts) const {
  const auto floats = panel_kernels(level_).floats;
  const Index begin = data().matrix.groups.group_begin[group];
  const Index depth = group_pixels(group);
  const Index pieces = (depth + largest_depth - 1) / largest_depth;
  for (Index piece = 0; piece < pieces; ++piece) {
    const Index first = begin + depth * piece / pieces;
    const Index count = begin + depth * (piece + 1) / pieces - first;
    const bool add = piece > 0;
    ProductParts* const hearing = piece == pieces - 1 ? parts : nullptr;
    for_panel_blocks(row0, rows, col0, cols, [&](const PanelBlock& block) {
      const float* a = column(block.row) + first * panel_frames;
      const float* b = column(block.col) + first * panel_frames;
      float* to =
          out + (block.row + block.first_row - row0) * stride + block.col + block.first_col - col0;
      if (hearing != nullptr)
        hearing->coming(
            block.row + block.first_row, block.rows, block.col + block.first_col, block.cols);
      if (block.whole()) {
        floats(a, b, count, to, stride, add);
        if (hearing != nullptr)
          hearing->finished(block.row, block.rows, block.col, block.cols, to, stride);
        return;
      }
      alignas(64) float whole[sliver_frames * panel_frames];
      floats(a, b, count, whole, panel_frames, false);
      for (Index i = 0; i < block.rows; ++i) {
        const float* from = whole + (block.first_row + i) * panel_frames + block.first_col;
        for (Index j = 0; j < block.cols; ++j)
          to[i * stride + j] = add ? to[i * stride + j] + from[j] : from[j];
      }
      if (hearing != nullptr)
        hearing->finished(block.row + block.first_row,
                          block.rows,
                          block.col + block.first_col,
                          block.cols,
                          to,
                          stride);
    });
  }
}

} // namespace vitrum::correlate
