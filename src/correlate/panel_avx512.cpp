// Panels with AVX-512, and with its products of bytes and population counts.
#include "panel_rescale.hpp"
#include "vitrum/core/simd.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the deliberately undefined operand inside its own intrinsics for a mistake (bug
// 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace vitrum::correlate {
namespace {

#define VITRUM_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define VITRUM_VNNI                                                                                \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")))

constexpr int lanes = 16;
constexpr int vectors = 3;      // of a panel
constexpr Index ahead = 8 * 48; // cells that are fetched before they are needed

// The 8 × 3 vectors of sums stay in registers: one macro, so that every loop over them unrolls.
#define VITRUM_FOR_ROWS _Pragma("GCC unroll 8") for (int i = 0; i < 8; ++i)
#define VITRUM_FOR_VECTORS _Pragma("GCC unroll 3") for (int v = 0; v < vectors; ++v)

VITRUM_AVX512 __attribute__((always_inline)) inline void fetch(const void* rows, const void* cols) {
  const auto* a = static_cast<const char*>(rows) + 4 * ahead;
  const auto* b = static_cast<const char*>(cols) + 4 * ahead;
  _mm_prefetch(a, _MM_HINT_T0);
  _mm_prefetch(b, _MM_HINT_T0);
  _mm_prefetch(b + 64, _MM_HINT_T0);
  _mm_prefetch(b + 128, _MM_HINT_T0);
}

VITRUM_AVX512 void
floats(const float* rows, const float* cols, Index depth, float* out, Index stride, bool add) {
  __m512 sum[8][vectors];
  VITRUM_FOR_ROWS VITRUM_FOR_VECTORS sum[i][v] = _mm512_setzero_ps();
  for (Index k = 0; k < depth; ++k, rows += panel_frames, cols += panel_frames) {
    __m512 b[vectors];
    VITRUM_FOR_VECTORS b[v] = _mm512_loadu_ps(cols + v * lanes);
    fetch(rows, cols);
    VITRUM_FOR_ROWS {
      const __m512 x = _mm512_set1_ps(rows[i]);
      VITRUM_FOR_VECTORS sum[i][v] = _mm512_fmadd_ps(x, b[v], sum[i][v]);
    }
  }
  VITRUM_FOR_ROWS VITRUM_FOR_VECTORS {
    float* to = out + i * stride + v * lanes;
    _mm512_storeu_ps(to, add ? _mm512_add_ps(sum[i][v], _mm512_loadu_ps(to)) : sum[i][v]);
  }
}

#define VITRUM_DEFINE_INTEGERS(name, isa, step)                                                    \
  isa void name(                                                                                   \
      const std::uint32_t* rows, const std::uint32_t* cols, Index depth, std::int32_t* out) {      \
    __m512i sum[8][vectors];                                                                       \
    VITRUM_FOR_ROWS VITRUM_FOR_VECTORS sum[i][v] = _mm512_setzero_si512();                         \
    for (Index k = 0; k < depth; ++k, rows += panel_frames, cols += panel_frames) {                \
      __m512i b[vectors];                                                                          \
      VITRUM_FOR_VECTORS b[v] = _mm512_loadu_si512(cols + v * lanes);                              \
      fetch(rows, cols);                                                                           \
      VITRUM_FOR_ROWS {                                                                            \
        const __m512i x = _mm512_set1_epi32(static_cast<int>(rows[i]));                            \
        VITRUM_FOR_VECTORS sum[i][v] = step(sum[i][v], b[v], x);                                   \
      }                                                                                            \
    }                                                                                              \
    VITRUM_FOR_ROWS VITRUM_FOR_VECTORS _mm512_storeu_si512(out + i * panel_frames + v * lanes,     \
                                                           sum[i][v]);                             \
  }

#define VITRUM_STEP(isa) isa __attribute__((always_inline)) inline __m512i

/// Counts below 128: pairs of products stay below 2 · 127² < 32768, so nothing saturates.
VITRUM_STEP(VITRUM_AVX512) add_bytes(__m512i sum, __m512i x, __m512i y) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_maddubs_epi16(x, y), _mm512_set1_epi16(1)));
}
VITRUM_STEP(VITRUM_AVX512) add_words(__m512i sum, __m512i x, __m512i y) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(x, y));
}
/// Bits of each byte from a table of sixteen, then the four bytes of each cell added.
VITRUM_STEP(VITRUM_AVX512) add_bits(__m512i sum, __m512i x, __m512i y) {
  const __m512i table =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m512i low = _mm512_set1_epi8(15);
  const __m512i z = _mm512_and_si512(x, y);
  const __m512i bits =
      _mm512_add_epi8(_mm512_shuffle_epi8(table, _mm512_and_si512(z, low)),
                      _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(z, 4), low)));
  return _mm512_add_epi32(
      sum,
      _mm512_madd_epi16(_mm512_maddubs_epi16(bits, _mm512_set1_epi8(1)), _mm512_set1_epi16(1)));
}
// GCC 12 copies sums through memory when these two are intrinsics.
VITRUM_STEP(VITRUM_VNNI) add_bytes_vnni(__m512i sum, __m512i x, __m512i y) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
  return sum;
}
VITRUM_STEP(VITRUM_VNNI) add_words_vnni(__m512i sum, __m512i x, __m512i y) {
  asm("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
  return sum;
}
VITRUM_STEP(VITRUM_VNNI) add_bits_popcnt(__m512i sum, __m512i x, __m512i y) {
  return _mm512_add_epi32(sum, _mm512_popcnt_epi32(_mm512_and_si512(x, y)));
}

VITRUM_DEFINE_INTEGERS(bytes, VITRUM_AVX512, add_bytes)
VITRUM_DEFINE_INTEGERS(words, VITRUM_AVX512, add_words)
VITRUM_DEFINE_INTEGERS(bits, VITRUM_AVX512, add_bits)
VITRUM_DEFINE_INTEGERS(bytes_vnni, VITRUM_VNNI, add_bytes_vnni)
VITRUM_DEFINE_INTEGERS(words_vnni, VITRUM_VNNI, add_words_vnni)
VITRUM_DEFINE_INTEGERS(bits_popcnt, VITRUM_VNNI, add_bits_popcnt)
VITRUM_DEFINE_RESCALE(rescale, "avx512f,avx512bw,avx512dq,avx512vl" VITRUM_WIDE)

template <bool past>
VITRUM_AVX512 __attribute__((always_inline)) inline void store_line(std::uint32_t* to, __m512i x) {
  if constexpr (past)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), x);
  else
    _mm512_storeu_si512(to, x);
}

/// Rows in x become columns, 16 to a step of the panel. `past`: past the caches.
template <bool past>
VITRUM_AVX512 __attribute__((always_inline)) inline void
transpose_registers(__m512i (&x)[16], std::uint32_t* to, Index to_stride) {
  __m512i y[16];
#pragma GCC unroll 8
  for (int f = 0; f < 16; f += 2) {
    y[f] = _mm512_unpacklo_epi32(x[f], x[f + 1]);
    y[f + 1] = _mm512_unpackhi_epi32(x[f], x[f + 1]);
  }
#pragma GCC unroll 4
  for (int f = 0; f < 16; f += 4) { // x[f + c]: lane l holds column 4 l + c of rows f … f + 3
    x[f] = _mm512_unpacklo_epi64(y[f], y[f + 2]);
    x[f + 1] = _mm512_unpackhi_epi64(y[f], y[f + 2]);
    x[f + 2] = _mm512_unpacklo_epi64(y[f + 1], y[f + 3]);
    x[f + 3] = _mm512_unpackhi_epi64(y[f + 1], y[f + 3]);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const __m512i even_top = _mm512_shuffle_i32x4(x[c], x[4 + c], 0x88);
    const __m512i odd_top = _mm512_shuffle_i32x4(x[c], x[4 + c], 0xdd);
    const __m512i even_low = _mm512_shuffle_i32x4(x[8 + c], x[12 + c], 0x88);
    const __m512i odd_low = _mm512_shuffle_i32x4(x[8 + c], x[12 + c], 0xdd);
    std::uint32_t* const step = to + c * to_stride;
    store_line<past>(step + 0 * to_stride, _mm512_shuffle_i32x4(even_top, even_low, 0x88));
    store_line<past>(step + 8 * to_stride, _mm512_shuffle_i32x4(even_top, even_low, 0xdd));
    store_line<past>(step + 4 * to_stride, _mm512_shuffle_i32x4(odd_top, odd_low, 0x88));
    store_line<past>(step + 12 * to_stride, _mm512_shuffle_i32x4(odd_top, odd_low, 0xdd));
  }
}

VITRUM_AVX512 void
transpose(const std::uint32_t* from, Index stride, std::uint32_t* to, Index to_stride) {
  __m512i x[16];
#pragma GCC unroll 16
  for (int f = 0; f < 16; ++f)
    x[f] = _mm512_loadu_si512(from + f * stride);
  transpose_registers<false>(x, to, to_stride);
}

VITRUM_AVX512 void
transpose_scaled(const float* from, Index stride, const RowScale* scales, float* panel) {
  __m512i x[16];
#pragma GCC unroll 16
  for (int f = 0; f < 16; ++f) {
    const __m512 row = _mm512_loadu_ps(from + f * stride);
    const RowScale& s = scales[f];
    const __m512 rough = _mm512_fmsub_ps(row, _mm512_set1_ps(s.scale), _mm512_set1_ps(s.shift));
    const __m512 rest =
        _mm512_fmsub_ps(row, _mm512_set1_ps(s.scale_rest), _mm512_set1_ps(s.shift_rest));
    x[f] = _mm512_castps_si512(_mm512_add_ps(rough, rest));
  }
  transpose_registers<true>(x, reinterpret_cast<std::uint32_t*>(panel), panel_frames);
}

} // namespace

const PanelKernels detail::panels_avx512{
    floats, bytes, words, bits, rescale, transpose, transpose_scaled};
const PanelKernels detail::panels_vnni{
    floats, bytes_vnni, words_vnni, bits_popcnt, rescale, transpose, transpose_scaled};

} // namespace vitrum::correlate
#endif
