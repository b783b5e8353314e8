#include "bitshuffle_gfni.hpp"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the deliberately undefined operand inside its own intrinsics for a mistake (bug
// 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#define VITRUM_GFNI __attribute__((target("avx512f,avx512bw,gfni")))
#endif

namespace vitrum::io {

#if defined(__x86_64__)

namespace {

/// Byte j of 512 elements from 64 columns of its eight rows: lane l of out[m] holds the elements
/// 128 l + 16 m … + 15. False, and nothing in `out`, when all are zero.
VITRUM_GFNI bool unshuffle_plane(const std::byte* in, Index rows_of, __m512i (&out)[8]) {
  __m512i v[8];
  __m512i w[8];
  __m512i any = _mm512_setzero_si512();
  for (int b = 0; b < 8; ++b) { // last row first: the product counts rows from the top byte down
    v[b] = _mm512_loadu_si512(in + (7 - b) * rows_of);
    any = _mm512_or_si512(any, v[b]);
  }
  if (_mm512_test_epi64_mask(any, any) == 0)
    return false;
  for (int h = 0; h < 4; ++h) {
    w[h] = _mm512_unpacklo_epi8(v[2 * h], v[2 * h + 1]);
    w[4 + h] = _mm512_unpackhi_epi8(v[2 * h], v[2 * h + 1]);
  }
  for (int h = 0; h < 2; ++h)
    for (int g = 0; g < 2; ++g) {
      v[4 * h + g] = _mm512_unpacklo_epi16(w[4 * h + 2 * g], w[4 * h + 2 * g + 1]);
      v[4 * h + 2 + g] = _mm512_unpackhi_epi16(w[4 * h + 2 * g], w[4 * h + 2 * g + 1]);
    }
  // unit vectors times a matrix are its columns: the transpose
  const __m512i units = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201ULL));
  for (int q = 0; q < 4; ++q) {
    out[2 * q] =
        _mm512_gf2p8affine_epi64_epi8(units, _mm512_unpacklo_epi32(v[2 * q], v[2 * q + 1]), 0);
    out[2 * q + 1] =
        _mm512_gf2p8affine_epi64_epi8(units, _mm512_unpackhi_epi32(v[2 * q], v[2 * q + 1]), 0);
  }
  return true;
}

/// Four lanes to places `stride` bytes apart.
VITRUM_GFNI inline void store_lanes(std::byte* to, Index stride, __m512i v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_castsi512_si128(v));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to + stride), _mm512_extracti32x4_epi32(v, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * stride), _mm512_extracti32x4_epi32(v, 2));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 3 * stride), _mm512_extracti32x4_epi32(v, 3));
}

template <int bytes>
VITRUM_GFNI void interleave(const __m512i (&planes)[bytes][8], std::byte* out) {
  constexpr Index stride = 128 * bytes;
  for (int m = 0; m < 8; ++m) {
    std::byte* to = out + 16 * bytes * m;
    if constexpr (bytes == 1) {
      store_lanes(to, stride, planes[0][m]);
    } else if constexpr (bytes == 2) {
      store_lanes(to, stride, _mm512_unpacklo_epi8(planes[0][m], planes[1][m]));
      store_lanes(to + 16, stride, _mm512_unpackhi_epi8(planes[0][m], planes[1][m]));
    } else {
      __m512i pair[bytes];
      for (int j = 0; j < bytes / 2; ++j) {
        pair[j] = _mm512_unpacklo_epi8(planes[2 * j][m], planes[2 * j + 1][m]);
        pair[bytes / 2 + j] = _mm512_unpackhi_epi8(planes[2 * j][m], planes[2 * j + 1][m]);
      }
      for (int h = 0; h < 2; ++h) {
        const __m512i* half = pair + h * (bytes / 2);
        std::byte* at = to + 8 * bytes * h;
        const __m512i a = _mm512_unpacklo_epi16(half[0], half[1]);
        const __m512i b = _mm512_unpackhi_epi16(half[0], half[1]);
        if constexpr (bytes == 4) {
          store_lanes(at, stride, a);
          store_lanes(at + 16, stride, b);
        } else {
          const __m512i c = _mm512_unpacklo_epi16(half[2], half[3]);
          const __m512i d = _mm512_unpackhi_epi16(half[2], half[3]);
          store_lanes(at, stride, _mm512_unpacklo_epi32(a, c));
          store_lanes(at + 16, stride, _mm512_unpackhi_epi32(a, c));
          store_lanes(at + 32, stride, _mm512_unpacklo_epi32(b, d));
          store_lanes(at + 48, stride, _mm512_unpackhi_epi32(b, d));
        }
      }
    }
  }
}

template <int bytes>
VITRUM_GFNI Index columns(const std::byte* in, std::byte* out, Index rows_of) {
  const Index end = rows_of / 64 * 64;
  for (Index i = 0; i < end; i += 64) {
    __m512i planes[bytes][8];
    bool any = false;
    for (int j = 0; j < bytes; ++j)
      if (unshuffle_plane(in + 8 * j * rows_of + i, rows_of, planes[j]))
        any = true;
      else
        for (__m512i& v : planes[j])
          v = _mm512_setzero_si512();
    if (any)
      interleave<bytes>(planes, out + 8 * i * bytes);
    else
      std::memset(out + 8 * i * bytes, 0, 512 * bytes);
  }
  return end;
}

} // namespace

bool has_gfni() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("gfni") != 0;
}

Index unshuffle_columns_gfni(const std::byte* in,
                             std::byte* out,
                             Index count,
                             Index element_bytes) {
  switch (element_bytes) {
  case 1:
    return columns<1>(in, out, count / 8);
  case 2:
    return columns<2>(in, out, count / 8);
  case 4:
    return columns<4>(in, out, count / 8);
  case 8:
    return columns<8>(in, out, count / 8);
  default:
    return 0;
  }
}

#else

bool has_gfni() {
  return false;
}

Index unshuffle_columns_gfni(const std::byte*, std::byte*, Index, Index) {
  return 0;
}

#endif

} // namespace vitrum::io
