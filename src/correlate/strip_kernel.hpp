// Loops over strips: 16 pixels side by side, frame by frame, one vector register (or several) a
// frame.
#pragma once
#include <cstdint>
#include <string_view>

#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

inline constexpr Index strip_width = 16; // pixels: one cache line of floats
inline constexpr Index strip_block = 64; // pixels that are read together: a cache line of bytes
inline constexpr Index strip_lags = 8;   // lags of one pass are a multiple of it

/// The loops for one instruction set. Strips are [frame, strip_width], aligned to 64 bytes.
struct StripKernels {
  std::string_view name;
  /// out[p] = counts[p] − shift[p] of `frames` rows that are `stride` elements apart.
  void (*stage_u8)(
      const std::uint8_t* counts, Index stride, Index frames, const float* shift, float* out);
  void (*stage_u16)(
      const std::uint16_t* counts, Index stride, Index frames, const float* shift, float* out);
  void (*stage_f32)(
      const float* counts, Index stride, Index frames, const float* shift, float* out);
  /// The largest count of `pixels` <= strip_block pixels.
  std::uint8_t (*highest_u8)(const std::uint8_t* counts, Index stride, Index frames, Index pixels);
  std::uint16_t (*highest_u16)(const std::uint16_t* counts,
                               Index stride,
                               Index frames,
                               Index pixels);
  /// sums[j, p] += Σ_t y[t, p] y[t − lag − j, p], t in [0, frames), j in [0, lags); frames before
  /// y[0] are read down to −lag − lags + 1, `lags` is a multiple of strip_lags. The products of one
  /// call are summed in floats, …
  void (*products)(const float* y, Index frames, Index lag, Index lags, double* sums);
  /// … or in doubles.
  void (*products_wide)(const float* y, Index frames, Index lag, Index lags, double* sums);
  /// coarse[t] = y[2t] + y[2t + 1], t in [0, frames).
  void (*coarsen)(const float* y, Index frames, float* coarse);
  /// sum[p] += Σ_t y[t, p], in floats first.
  void (*add_up)(const float* y, Index frames, double* sum);
  /// The largest Σ_t y[t, p]² of a pixel, rounded.
  float (*energy)(const float* y, Index frames);
};

enum class StripSet { baseline, avx2, avx512 };

/// The loops of one instruction set; nullptr where the processor has not got it.
[[nodiscard]] const StripKernels* strip_kernels(StripSet set);
/// The fastest that simd_level() allows.
[[nodiscard]] const StripKernels& strip_kernels();

} // namespace vitrum::correlate
