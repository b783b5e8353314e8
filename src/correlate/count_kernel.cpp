#include "vitrum/correlate/count_kernel.hpp"

#include <fmt/format.h>

#include "bias_batch.hpp"
#include "count_state.hpp"
#include "panel_loop.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::correlate {

CountKernel::CountKernel(CountMatrix counts,
                         Normalization normalization,
                         CountForm form,
                         SimdLevel level) {
  if (counts.frames < 1 || counts.pixels() < 1)
    throw DataError(fmt::format(
        "two-time correlation of {} frames of {} pixels", counts.frames, counts.pixels()));
  if (counts.largest > largest_count)
    throw OptionError(fmt::format(
        "counts up to {}: products of integers take up to {}", counts.largest, largest_count));
  state_ = std::make_unique<State>(std::move(counts), normalization, form, level);
}
CountKernel::~CountKernel() = default;

std::string CountKernel::name() const {
  const char* form = state_->bits ? "bits" : state_->counts.wide() ? "words" : "bytes";
  return fmt::format("{} {}", form, name_of(state_->level));
}
Normalization CountKernel::normalization() const {
  return state_->normalization;
}
Index CountKernel::frames() const {
  return state_->counts.frames;
}
std::span<const std::uint8_t> CountKernel::valid() const {
  return state_->counts.valid;
}
std::span<const RejectedFrame> CountKernel::rejected() const {
  return state_->rejected;
}
const PixelGroups& CountKernel::groups() const {
  return state_->counts.groups;
}
std::span<const double> CountKernel::group_shift() const {
  return state_->group_shift;
}

void CountKernel::fluctuations(Index frame, std::span<float> out) const {
  state_->fluctuations(frame, out);
}

std::vector<double> CountKernel::pair_bias(std::span<const FramePair> pairs) const {
  if (!bias_from_moments(groups(), normalization()))
    return TileKernel::pair_bias(pairs);
  if (normalization() != Normalization::corrcoef)
    return state_->bias_of_pairs(pairs);
  return batch_pair_bias(
      *this, pairs, [this](std::span<const Index> frames, Index first, Index count, float* out) {
        state_->unpack(frames, first, count, out);
      });
}

BlockProducts CountKernel::block_products(std::span<const FramePair> pairs) const {
  return state_->layout.sets == 1 ? state_->blocks_of_pairs(pairs)
                                  : TileKernel::block_products(pairs);
}

void CountKernel::product(
    Index group, Index row0, Index rows, Index col0, Index cols, float* out, Index stride) const {
  make_product(group, row0, rows, col0, cols, out, stride, nullptr);
}

void CountKernel::product_in_parts(Index group,
                                   Index row0,
                                   Index rows,
                                   Index col0,
                                   Index cols,
                                   float* work,
                                   Index stride,
                                   ProductParts& parts) const {
  make_product(group, row0, rows, col0, cols, work, stride, &parts);
}

/// Tells `parts`, unless it is null, of each block; `out` then need not hold them all.
void CountKernel::make_product(Index group,
                               Index row0,
                               Index rows,
                               Index col0,
                               Index cols,
                               float* out,
                               Index stride,
                               ProductParts* parts) const {
  const State& s = *state_;
  const PanelKernels& kernels = panel_kernels(s.level);
  // Counts above one are added to the sums of all blocks of bits at once.
  const bool by_tile = s.bits && s.bits->any_excess();
  const auto integers = s.bits ? kernels.bits : s.counts.wide() ? kernels.words : kernels.bytes;
  const Index per_cell = s.per_cell();
  const auto padded = s.padded;
  std::vector<float> u(static_cast<std::size_t>(rows)), w(static_cast<std::size_t>(cols));
  std::vector<std::int32_t> shifted(static_cast<std::size_t>(cols));
  alignas(64) std::int32_t sums[sliver_frames * panel_frames];
  alignas(64) float part[sliver_frames * panel_frames];
  const Index last_run = s.layout.group_begin[group + 1] - 1;
  const bool in_place = parts == nullptr || last_run > s.layout.group_begin[group];
  detail::BitCounts::Sums bit_sums;
  for (Index r = s.layout.group_begin[group]; r < s.layout.group_begin[group + 1]; ++r) {
    const detail::CountRun& run = s.layout.runs[r];
    const float* a = s.a.data() + run.set * padded;
    const float* v = s.v.data() + run.set * padded;
    const std::int32_t* c = s.c.data() + run.set * padded;
    const std::int32_t* total = s.sum.data() + r * padded;
    const auto n = static_cast<std::int32_t>(run.pixels);
    for (Index i = 0; i < rows; ++i) {
      const Index t = row0 + i;
      u[i] = a[t] * static_cast<float>(total[t] - n * c[t]);
    }
    for (Index j = 0; j < cols; ++j) {
      const Index t = col0 + j;
      shifted[j] = total[t] - n * c[t];
      w[j] = static_cast<float>(n) * v[t] - a[t] * static_cast<float>(shifted[j]);
    }
    const bool add = r > s.layout.group_begin[group];
    if (by_tile)
      s.bits->products(run, row0, rows, col0, cols, bit_sums);
    const Index skipped = run.first / per_cell * panel_frames;
    for_panel_blocks(row0, rows, col0, cols, [&](const PanelBlock& block) {
      const Index t1 = block.row + block.first_row, t2 = block.col + block.first_col;
      const bool telling = parts != nullptr && r == last_run;
      if (telling)
        parts->coming(t1, block.rows, t2, block.cols);
      std::int32_t* values = sums;
      if (by_tile)
        values = bit_sums.at(block.row, block.col);
      else
        integers(s.column(block.row) + skipped,
                 s.column(block.col) + skipped,
                 run.slots / per_cell,
                 sums);
      const Index i = t1 - row0, j = t2 - col0;
      float* const to = in_place ? out + i * stride + j : part;
      const Index to_stride = in_place ? stride : panel_frames;
      kernels.rescale(values + block.first_row * panel_frames + block.first_col,
                      block.rows,
                      block.cols,
                      {a + t1, v + t1, u.data() + i, c + t1, total + t1},
                      {a + t2, v + t2, w.data() + j, c + t2, shifted.data() + j},
                      s.centred,
                      to,
                      to_stride,
                      add);
      if (telling)
        parts->finished(t1, block.rows, t2, block.cols, to, to_stride);
    });
  }
}

} // namespace vitrum::correlate
