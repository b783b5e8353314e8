#include "strip_rows.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace vitrum::correlate {
namespace {

void stage(const StripKernels& kernels,
           const std::uint8_t* counts,
           Index stride,
           Index frames,
           const float* shift,
           float* out) {
  kernels.stage_u8(counts, stride, frames, shift, out);
}
void stage(const StripKernels& kernels,
           const std::uint16_t* counts,
           Index stride,
           Index frames,
           const float* shift,
           float* out) {
  kernels.stage_u16(counts, stride, frames, shift, out);
}
void stage(const StripKernels& kernels,
           const float* counts,
           Index stride,
           Index frames,
           const float* shift,
           float* out) {
  kernels.stage_f32(counts, stride, frames, shift, out);
}

/// A strip of fewer pixels; the others are zero.
template <class T>
void stage_part(
    const T* counts, Index stride, Index frames, Index pixels, const float* shift, float* out) {
  for (Index t = 0; t < frames; ++t) {
    float* row = out + t * strip_width;
    std::fill(row + pixels, row + strip_width, 0.0F);
    for (Index p = 0; p < pixels; ++p)
      row[p] = static_cast<float>(counts[t * stride + p]) - shift[p];
  }
}

template <class T>
float highest(const StripKernels& kernels,
              const T* counts,
              Index stride,
              std::span<const std::uint8_t> valid,
              Index pixels) {
  float most = 0;
  const auto frames = static_cast<Index>(valid.size());
  for (Index first = 0, last = 0; first < frames; first = last + 1) { // runs without gaps
    for (last = first; last < frames && valid[last] != 0;)
      ++last;
    const T* at = counts + first * stride;
    if constexpr (std::is_same_v<T, std::uint8_t>)
      most =
          std::max(most, static_cast<float>(kernels.highest_u8(at, stride, last - first, pixels)));
    else
      most =
          std::max(most, static_cast<float>(kernels.highest_u16(at, stride, last - first, pixels)));
  }
  return most;
}

/// The shift of each pixel of a strip of counts as they are.
void choose_shift(const StripKernels& kernels,
                  const float* counts,
                  Index frames,
                  Index valid_frames,
                  bool integers,
                  float* shift) {
  double sum[strip_width]{}, square[strip_lags * strip_width]{};
  kernels.add_up(counts, frames, sum);
  kernels.products(counts, frames, 0, strip_lags, square); // the first lag, which is 0
  const auto used = static_cast<double>(std::max<Index>(valid_frames, 1));
  for (Index p = 0; p < strip_width; ++p) {
    const double mean = sum[p] / used;
    const double variance = square[p] / used - mean * mean;
    double unit = variance > 0 ? std::exp2(std::floor(0.5 * std::log2(variance))) : 0.0;
    if (integers)
      unit = std::max(unit, 1.0);
    unit = std::max(unit, std::ldexp(std::exp2(std::floor(std::log2(std::abs(mean)))), -15));
    shift[p] = unit > 0 ? static_cast<float>(unit * std::rint(mean / unit)) : 0.0F;
  }
}

} // namespace

template <class T>
void add_chunk(StripStates& states,
               StripBlock& block,
               const StripKernels& kernels,
               const LagPlan& plan,
               const ChunkSteps& steps,
               std::span<const std::uint8_t> valid,
               const T* counts,
               Index stride,
               Index ahead,
               float* work) {
  constexpr bool integers = !std::is_same_v<T, float>;
  const auto frames = static_cast<Index>(valid.size());
  float* y = work + plan.history * strip_width;
  counts += block.first_pixel;
  if constexpr (integers)
    block.most = std::max(block.most, highest(kernels, counts, stride, valid, block.pixels));

  const auto fill = [&](Index s) {
    const Index first = s * strip_width;
    const float* shift = states.shift(block.first_strip + s);
    if (block.pixels - first >= strip_width)
      stage(kernels, counts + first, stride, frames, shift, y);
    else
      stage_part(counts + first, stride, frames, block.pixels - first, shift, y);
    for (const Index gap : steps.front().gaps)
      if (gap >= 0)
        std::fill_n(y + gap * strip_width, strip_width, 0.0F);
  };
  for (Index s = 0; s < block.strips(); ++s) {
    if (steps.front().seen == 0) {
      std::fill(work, y, 0.0F);
      fill(s); // with shifts of zero
      const Index used = frames - static_cast<Index>(steps.front().gaps.size());
      float* shift = states.shift(block.first_strip + s);
      choose_shift(kernels, y, frames, used, integers, shift);
      if (integers)
        block.most = std::max(block.most, *std::max_element(shift, shift + strip_width));
    }
    fill(s);
    // The next chunk comes while this one is worked on.
    const Index share = (ahead + block.strips() - 1) / block.strips();
    for (Index t = s * share; t < std::min((s + 1) * share, ahead); ++t)
      for (std::size_t byte = 0; byte < static_cast<std::size_t>(block.pixels) * sizeof(T);
           byte += 64)
        __builtin_prefetch(
            reinterpret_cast<const char*>(counts + (frames + t) * stride) + byte, 0, 2);
    block.exact =
        states.advance(steps, block.first_strip + s, work, integers ? block.most : 0.0F) &&
        block.exact;
  }
  block.exact = block.exact && integers;
}

template void add_chunk(StripStates&,
                        StripBlock&,
                        const StripKernels&,
                        const LagPlan&,
                        const ChunkSteps&,
                        std::span<const std::uint8_t>,
                        const std::uint8_t*,
                        Index,
                        Index,
                        float*);
template void add_chunk(StripStates&,
                        StripBlock&,
                        const StripKernels&,
                        const LagPlan&,
                        const ChunkSteps&,
                        std::span<const std::uint8_t>,
                        const std::uint16_t*,
                        Index,
                        Index,
                        float*);
template void add_chunk(StripStates&,
                        StripBlock&,
                        const StripKernels&,
                        const LagPlan&,
                        const ChunkSteps&,
                        std::span<const std::uint8_t>,
                        const float*,
                        Index,
                        Index,
                        float*);

} // namespace vitrum::correlate
