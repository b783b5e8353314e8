#include "resample_kernel.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::fem {
namespace {

[[gnu::always_inline]] inline void combine_loop(const float* __restrict group_sum,
                                                const float* __restrict group_squares,
                                                Index stride,
                                                Index pixels,
                                                const float* __restrict weights,
                                                Index groups,
                                                Index samples,
                                                float* __restrict sum,
                                                float* __restrict squares,
                                                Index out_stride) {
  for (Index s = 0; s < samples; ++s) {
    float* __restrict to_sum = sum + s * out_stride;
    float* __restrict to_squares = squares + s * out_stride;
    for (Index p = 0; p < pixels; ++p)
      to_sum[p] = to_squares[p] = 0;
    for (Index g = 0; g < groups; ++g) {
      const float w = weights[s * groups + g];
      if (w == 0.0F)
        continue;
      const float* __restrict from_sum = group_sum + g * stride;
      const float* __restrict from_squares = group_squares + g * stride;
      for (Index p = 0; p < pixels; ++p) {
        to_sum[p] += w * from_sum[p];
        to_squares[p] += w * from_squares[p];
      }
    }
  }
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target("avx512f,avx512bw,avx512vl,avx512dq"), gnu::optimize("O3", "fp-contract=off")]] void
combine_avx512(const float* a,
               const float* b,
               Index c,
               Index d,
               const float* e,
               Index f,
               Index g,
               float* h,
               float* i,
               Index j) {
  combine_loop(a, b, c, d, e, f, g, h, i, j);
}
[[gnu::target("avx2"), gnu::optimize("O3", "fp-contract=off")]] void combine_avx2(const float* a,
                                                                                  const float* b,
                                                                                  Index c,
                                                                                  Index d,
                                                                                  const float* e,
                                                                                  Index f,
                                                                                  Index g,
                                                                                  float* h,
                                                                                  float* i,
                                                                                  Index j) {
  combine_loop(a, b, c, d, e, f, g, h, i, j);
}
#endif

} // namespace

void combine_groups(const float* group_sum,
                    const float* group_squares,
                    Index stride,
                    Index pixels,
                    const float* weights,
                    Index groups,
                    Index samples,
                    float* sum,
                    float* squares,
                    Index out_stride) {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  if (simd_level() >= SimdLevel::avx512)
    return combine_avx512(group_sum,
                          group_squares,
                          stride,
                          pixels,
                          weights,
                          groups,
                          samples,
                          sum,
                          squares,
                          out_stride);
  if (simd_level() >= SimdLevel::avx2)
    return combine_avx2(group_sum,
                        group_squares,
                        stride,
                        pixels,
                        weights,
                        groups,
                        samples,
                        sum,
                        squares,
                        out_stride);
#endif
  combine_loop(
      group_sum, group_squares, stride, pixels, weights, groups, samples, sum, squares, out_stride);
}

void add_moments(const float* sum,
                 const float* squares,
                 const double* center,
                 const PolarMap::Pixel* pixels,
                 Index count,
                 double patterns,
                 PixelMoments* moments) {
  for (Index p = 0; p < count; ++p) {
    if (pixels[p].first_ring < 0)
      continue;
    const double shift = static_cast<double>(sum[p]) / patterns;
    add_pixel(pixels[p],
              center[p] + shift,
              static_cast<double>(squares[p]) / patterns - shift * shift,
              moments);
  }
}

} // namespace vitrum::fem
