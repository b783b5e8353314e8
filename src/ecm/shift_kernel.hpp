// The inner loops of moving frames by fractions of a pixel.
#pragma once
#include "vitrum/core/index.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::ecm {

inline constexpr Index shift_taps = 12;

struct ShiftKernel {
  /// out[k] = Σ_i weights[i]·rows[i][k] for k < n, `count` rows.
  void (*blend)(const float* const* rows, const float* weights, Index count, float* out, Index n) =
      nullptr;
  /// out[k] = Σ_i weights[i]·line[k + i] for k < n, shift_taps weights.
  void (*convolve)(const float* line, const float* weights, float* out, Index n) = nullptr;
};
[[nodiscard]] ShiftKernel shift_kernel(SimdLevel level);

/// Numbers of any type of pixel as floats.
template <class T>
void to_floats(const T* from, Index n, float* out, SimdLevel level);

} // namespace vitrum::ecm
