// Panels with AVX2 and FMA.
#include "panel_rescale.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace vitrum::correlate {
namespace {

#define VITRUM_AVX2 __attribute__((target("avx2,fma")))
#define VITRUM_AVX2_INLINE VITRUM_AVX2 __attribute__((always_inline)) inline

constexpr int lanes = 8;
constexpr int height = 4;        // rows at a time
constexpr int width = 2 * lanes; // columns at a time

VITRUM_AVX2 void
floats(const float* rows, const float* cols, Index depth, float* out, Index stride, bool add) {
  for (Index i0 = 0; i0 < sliver_frames; i0 += height)
    for (Index j0 = 0; j0 < panel_frames; j0 += width) {
      __m256 sum[height][2];
#pragma GCC unroll 4
      for (int i = 0; i < height; ++i)
        sum[i][0] = sum[i][1] = _mm256_setzero_ps();
      const float* a = rows + i0;
      const float* b = cols + j0;
      for (Index k = 0; k < depth; ++k, a += panel_frames, b += panel_frames) {
        const __m256 left = _mm256_loadu_ps(b);
        const __m256 right = _mm256_loadu_ps(b + lanes);
#pragma GCC unroll 4
        for (int i = 0; i < height; ++i) {
          const __m256 x = _mm256_set1_ps(a[i]);
          sum[i][0] = _mm256_fmadd_ps(x, left, sum[i][0]);
          sum[i][1] = _mm256_fmadd_ps(x, right, sum[i][1]);
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < height; ++i)
        for (int v = 0; v < 2; ++v) {
          float* to = out + (i0 + i) * stride + j0 + v * lanes;
          _mm256_storeu_ps(to, add ? _mm256_add_ps(sum[i][v], _mm256_loadu_ps(to)) : sum[i][v]);
        }
    }
}

VITRUM_AVX2_INLINE __m256i load_cells(const std::uint32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

/// Counts below 128: pairs of products stay below 2 · 127² < 32768, so nothing saturates.
VITRUM_AVX2_INLINE __m256i add_bytes(__m256i sum, __m256i x, __m256i y) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(x, y), _mm256_set1_epi16(1)));
}
VITRUM_AVX2_INLINE __m256i add_words(__m256i sum, __m256i x, __m256i y) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
}
/// Bits of each byte from a table of sixteen, then the four bytes of each cell added.
VITRUM_AVX2_INLINE __m256i add_bits(__m256i sum, __m256i x, __m256i y) {
  const __m256i table = _mm256_setr_epi8(0,
                                         1,
                                         1,
                                         2,
                                         1,
                                         2,
                                         2,
                                         3,
                                         1,
                                         2,
                                         2,
                                         3,
                                         2,
                                         3,
                                         3,
                                         4, //
                                         0,
                                         1,
                                         1,
                                         2,
                                         1,
                                         2,
                                         2,
                                         3,
                                         1,
                                         2,
                                         2,
                                         3,
                                         2,
                                         3,
                                         3,
                                         4);
  const __m256i low = _mm256_set1_epi8(15);
  const __m256i z = _mm256_and_si256(x, y);
  const __m256i bits =
      _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(z, low)),
                      _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(z, 4), low)));
  return _mm256_add_epi32(
      sum,
      _mm256_madd_epi16(_mm256_maddubs_epi16(bits, _mm256_set1_epi8(1)), _mm256_set1_epi16(1)));
}

#define VITRUM_DEFINE_INTEGERS(name, step)                                                         \
  VITRUM_AVX2 void name(                                                                           \
      const std::uint32_t* rows, const std::uint32_t* cols, Index depth, std::int32_t* out) {      \
    for (Index i0 = 0; i0 < sliver_frames; i0 += height)                                           \
      for (Index j0 = 0; j0 < panel_frames; j0 += width) {                                         \
        __m256i sum[height][2];                                                                    \
        _Pragma("GCC unroll 4") for (int i = 0; i < height; ++i) sum[i][0] = sum[i][1] =           \
            _mm256_setzero_si256();                                                                \
        const std::uint32_t* a = rows + i0;                                                        \
        const std::uint32_t* b = cols + j0;                                                        \
        for (Index k = 0; k < depth; ++k, a += panel_frames, b += panel_frames) {                  \
          const __m256i left = load_cells(b);                                                      \
          const __m256i right = load_cells(b + lanes);                                             \
          _Pragma("GCC unroll 4") for (int i = 0; i < height; ++i) {                               \
            const __m256i x = _mm256_set1_epi32(static_cast<int>(a[i]));                           \
            sum[i][0] = step(sum[i][0], left, x);                                                  \
            sum[i][1] = step(sum[i][1], right, x);                                                 \
          }                                                                                        \
        }                                                                                          \
        _Pragma("GCC unroll 4") for (int i = 0; i < height; ++i) for (int v = 0; v < 2; ++v)       \
            _mm256_storeu_si256(                                                                   \
                reinterpret_cast<__m256i*>(out + (i0 + i) * panel_frames + j0 + v * lanes),        \
                sum[i][v]);                                                                        \
      }                                                                                            \
  }

VITRUM_DEFINE_INTEGERS(bytes, add_bytes)
VITRUM_DEFINE_INTEGERS(words, add_words)
VITRUM_DEFINE_INTEGERS(bits, add_bits)
VITRUM_DEFINE_RESCALE(rescale, "avx2,fma")

} // namespace

const PanelKernels detail::panels_avx2{floats,
                                       bytes,
                                       words,
                                       bits,
                                       rescale,
                                       detail::panels_baseline.transpose,
                                       detail::panels_baseline.transpose_scaled};

} // namespace vitrum::correlate
#endif
