// Σ y(t) y(t + lag) of sixteen pixels for a few lags at a time.
#pragma once
#include "vitrum/core/index.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::ecm {

inline constexpr Index lags_at_once = 6;

/// Adds the products of frames t in [0, frames − lag) of one strip to sums[lag][16], for lags[0] <
/// lags[1] < … (`count` of them).
using StripKernel =
    void (*)(const float* strip, Index frames, const Index* lags, Index count, double* sums);
[[nodiscard]] StripKernel strip_kernel(SimdLevel level);

} // namespace vitrum::ecm
