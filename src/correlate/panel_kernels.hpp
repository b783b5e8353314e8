// Products of eight frames with 48 from packed panels, in every instruction set.
//
// A panel holds 48 frames side by side, [depth][48] cells of four bytes. A cell holds a float, four
// counts below 128 (bytes), two below 32768 (words), or for 32 pixels whether they hold a count
// (bits). Rows and columns of the products come from the same panels: each step in depth reads 48
// cells of the column panel as vectors and broadcasts eight of the row panel.
#pragma once
#include <cstdint>

#include "vitrum/core/index.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::correlate {

inline constexpr Index panel_frames = 48;
inline constexpr Index sliver_frames = 8;

/// What turns integer sums S over n pixels of 8 × 48 pairs of frames into sums of fluctuations
/// δ = a (x − c) − v, c an integer near the mean, s the sum of x:
///     Σ δδ' = a a' [S − c t' − s c'] + v w' − u v',    t = s − n c,  u = a t,  w = n v − u.
/// Nothing cancels in floats: what is large is subtracted in integers.
struct RescaleRows {
  const float *a, *v, *u;
  const std::int32_t *c, *s;
};
struct RescaleColumns {
  const float *a, *v, *w;
  const std::int32_t *c, *t;
};

/// x · scale − shift, each in two parts, so that it is rounded as if they were doubles.
struct RowScale {
  float scale = 0, scale_rest = 0, shift = 0, shift_rest = 0;

  RowScale() = default; // makes zeros
  RowScale(double a, double b)
      : scale(static_cast<float>(a)),
        scale_rest(static_cast<float>(a - static_cast<double>(scale))),
        shift(static_cast<float>(b)),
        shift_rest(static_cast<float>(b - static_cast<double>(shift))) {}
};

struct PanelKernels {
  /// out[i * stride + j] (+)= Σ_k rows[48 k + i] cols[48 k + j], i < 8, j < 48
  void (*floats)(
      const float* rows, const float* cols, Index depth, float* out, Index stride, bool add);
  /// The same in integers; `out` is [8][48].
  using Integers = void (*)(const std::uint32_t* rows,
                            const std::uint32_t* cols,
                            Index depth,
                            std::int32_t* out);
  Integers bytes, words, bits;
  /// `sums` is [8][48]; rows and columns start at its corner. `centred`: some c is not zero.
  void (*rescale)(const std::int32_t* sums,
                  Index rows,
                  Index cols,
                  const RescaleRows& r,
                  const RescaleColumns& q,
                  bool centred,
                  float* out,
                  Index stride,
                  bool add);
  /// to[k * to_stride + f] = from[f * stride + k] for 16 frames f and 16 cells k: rows to a panel,
  /// and a panel to rows.
  void (*transpose)(const std::uint32_t* from, Index stride, std::uint32_t* to, Index to_stride);
  /// Rows of floats to a panel, scaled on the way: one scale for each frame. `panel` is aligned to
  /// 64 bytes; it may be written past the caches, so a fence must come before others read it.
  void (*transpose_scaled)(const float* from, Index stride, const RowScale* scales, float* panel);
};

[[nodiscard]] const PanelKernels& panel_kernels(SimdLevel level);

namespace detail {
extern const PanelKernels panels_baseline, panels_avx2, panels_avx512, panels_vnni;
}

} // namespace vitrum::correlate
