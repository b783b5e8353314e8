// The bit transposition. A block of n elements of e bytes is stored as 8e rows of n/8 bytes; bit k
// of byte i of row 8j + b is bit b of byte j of element 8i + k.
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "bitshuffle.hpp"
#include "bitshuffle_gfni.hpp"

namespace vitrum::io {
namespace {

/// Transposes an 8 × 8 matrix of bits, row r in byte r (Warren, Hacker's Delight, 7-3).
constexpr std::uint64_t transpose_bits(std::uint64_t x) {
  std::uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAULL;
  x ^= t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCULL;
  x ^= t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0ULL;
  return x ^ t ^ (t << 28);
}

/// Groups of eight elements [begin, end), any element size.
void unshuffle_groups(
    const std::byte* in, std::byte* out, Index rows_of, Index begin, Index end, Index bytes) {
  for (Index i = begin; i < end; ++i)
    for (Index j = 0; j < bytes; ++j) {
      std::uint64_t word = 0;
      for (Index b = 0; b < 8; ++b)
        word |= std::to_integer<std::uint64_t>(in[(8 * j + b) * rows_of + i]) << (8 * b);
      word = transpose_bits(word);
      for (Index k = 0; k < 8; ++k)
        out[(8 * i + k) * bytes + j] = static_cast<std::byte>(word >> (8 * k));
    }
}

void shuffle_groups(
    const std::byte* in, std::byte* out, Index rows_of, Index begin, Index end, Index bytes) {
  for (Index i = begin; i < end; ++i)
    for (Index j = 0; j < bytes; ++j) {
      std::uint64_t word = 0;
      for (Index k = 0; k < 8; ++k)
        word |= std::to_integer<std::uint64_t>(in[(8 * i + k) * bytes + j]) << (8 * k);
      word = transpose_bits(word);
      for (Index b = 0; b < 8; ++b)
        out[(8 * j + b) * rows_of + i] = static_cast<std::byte>(word >> (8 * b));
    }
}

#if defined(__x86_64__)

__m128i load(const void* p) {
  return _mm_loadu_si128(static_cast<const __m128i*>(p));
}
void store(void* p, __m128i v) {
  _mm_storeu_si128(static_cast<__m128i*>(p), v);
}

__m128i swap_bits(__m128i x, int shift, __m128i mask) {
  const __m128i t = _mm_and_si128(_mm_xor_si128(x, _mm_srli_epi64(x, shift)), mask);
  return _mm_xor_si128(x, _mm_xor_si128(t, _mm_slli_epi64(t, shift)));
}

__m128i transpose_bits(__m128i x) {
  x = swap_bits(x, 7, _mm_set1_epi64x(0x00AA00AA00AA00AALL));
  x = swap_bits(x, 14, _mm_set1_epi64x(0x0000CCCC0000CCCCLL));
  return swap_bits(x, 28, _mm_set1_epi64x(0x00000000F0F0F0F0LL));
}

/// Byte j of 128 elements from 16 columns of its eight rows; false when all are zero.
bool unshuffle_plane(const std::byte* in, Index rows_of, __m128i out[8]) {
  __m128i v[8], w[8];
  for (int b = 0; b < 8; ++b)
    v[b] = load(in + b * rows_of);
  const __m128i any =
      _mm_or_si128(_mm_or_si128(_mm_or_si128(v[0], v[1]), _mm_or_si128(v[2], v[3])),
                   _mm_or_si128(_mm_or_si128(v[4], v[5]), _mm_or_si128(v[6], v[7])));
  if (_mm_movemask_epi8(_mm_cmpeq_epi8(any, _mm_setzero_si128())) == 0xFFFF)
    return false;
  for (int h = 0; h < 4; ++h) {
    w[h] = _mm_unpacklo_epi8(v[2 * h], v[2 * h + 1]);
    w[4 + h] = _mm_unpackhi_epi8(v[2 * h], v[2 * h + 1]);
  }
  for (int h = 0; h < 2; ++h)
    for (int g = 0; g < 2; ++g) {
      v[4 * h + g] = _mm_unpacklo_epi16(w[4 * h + 2 * g], w[4 * h + 2 * g + 1]);
      v[4 * h + 2 + g] = _mm_unpackhi_epi16(w[4 * h + 2 * g], w[4 * h + 2 * g + 1]);
    }
  for (int q = 0; q < 4; ++q) {
    out[2 * q] = transpose_bits(_mm_unpacklo_epi32(v[2 * q], v[2 * q + 1]));
    out[2 * q + 1] = transpose_bits(_mm_unpackhi_epi32(v[2 * q], v[2 * q + 1]));
  }
  return true;
}

/// planes[j][v]: byte j of elements 16v … 16v + 15, to elements of `bytes` bytes.
template <int bytes>
void interleave(__m128i (&planes)[bytes][8], std::byte* out) {
  for (int v = 0; v < 8; ++v) {
    if constexpr (bytes == 1) {
      store(out + 16 * v, planes[0][v]);
    } else if constexpr (bytes == 2) {
      store(out + 32 * v, _mm_unpacklo_epi8(planes[0][v], planes[1][v]));
      store(out + 32 * v + 16, _mm_unpackhi_epi8(planes[0][v], planes[1][v]));
    } else {
      __m128i pair[bytes];
      for (int j = 0; j < bytes / 2; ++j) {
        pair[j] = _mm_unpacklo_epi8(planes[2 * j][v], planes[2 * j + 1][v]);
        pair[bytes / 2 + j] = _mm_unpackhi_epi8(planes[2 * j][v], planes[2 * j + 1][v]);
      }
      for (int h = 0; h < 2; ++h) {
        const __m128i* half = pair + h * (bytes / 2);
        std::byte* to = out + 16 * bytes * v + 8 * bytes * h;
        if constexpr (bytes == 4) {
          store(to, _mm_unpacklo_epi16(half[0], half[1]));
          store(to + 16, _mm_unpackhi_epi16(half[0], half[1]));
        } else {
          const __m128i a = _mm_unpacklo_epi16(half[0], half[1]);
          const __m128i b = _mm_unpackhi_epi16(half[0], half[1]);
          const __m128i c = _mm_unpacklo_epi16(half[2], half[3]);
          const __m128i d = _mm_unpackhi_epi16(half[2], half[3]);
          store(to, _mm_unpacklo_epi32(a, c));
          store(to + 16, _mm_unpackhi_epi32(a, c));
          store(to + 32, _mm_unpacklo_epi32(b, d));
          store(to + 48, _mm_unpackhi_epi32(b, d));
        }
      }
    }
  }
}

template <int bytes>
void unshuffle_wide(const std::byte* in, std::byte* out, Index rows_of, Index begin, Index end) {
  for (Index i = begin; i < end; i += 16) {
    __m128i planes[bytes][8];
    bool any = false;
    for (int j = 0; j < bytes; ++j)
      if (unshuffle_plane(in + 8 * j * rows_of + i, rows_of, planes[j]))
        any = true;
      else
        for (__m128i& v : planes[j])
          v = _mm_setzero_si128();
    if (any)
      interleave<bytes>(planes, out + 8 * i * bytes);
    else
      std::memset(out + 8 * i * bytes, 0, 128 * bytes);
  }
}

/// Sixteen elements a step: the top bits of sixteen bytes are one move.
template <int bytes>
void shuffle_wide(const std::byte* in, std::byte* out, Index rows_of, Index end) {
  for (Index i = 0; i < end; i += 2) {
    std::byte plane[bytes][16];
    for (int k = 0; k < 16; ++k)
      for (int j = 0; j < bytes; ++j)
        plane[j][k] = in[(8 * i + k) * bytes + j];
    for (int j = 0; j < bytes; ++j) {
      __m128i v = load(plane[j]);
      for (int b = 7; b >= 0; --b) {
        const auto bits = static_cast<std::uint16_t>(_mm_movemask_epi8(v));
        std::memcpy(out + (8 * j + b) * rows_of + i, &bits, 2);
        v = _mm_add_epi8(v, v);
      }
    }
  }
}

#endif

void unshuffle_scalar(const std::byte* in, std::byte* out, Index count, Index element_bytes) {
  unshuffle_groups(in, out, count / 8, 0, count / 8, element_bytes);
}

/// Groups from `done` on.
void unshuffle_rest(
    const std::byte* in, std::byte* out, Index count, Index element_bytes, Index done) {
  const Index rows_of = count / 8;
#if defined(__x86_64__)
  const Index end = done + (rows_of - done) / 16 * 16;
  switch (element_bytes) {
  case 1:
    unshuffle_wide<1>(in, out, rows_of, done, end);
    done = end;
    break;
  case 2:
    unshuffle_wide<2>(in, out, rows_of, done, end);
    done = end;
    break;
  case 4:
    unshuffle_wide<4>(in, out, rows_of, done, end);
    done = end;
    break;
  case 8:
    unshuffle_wide<8>(in, out, rows_of, done, end);
    done = end;
    break;
  default:
    break;
  }
#endif
  unshuffle_groups(in, out, rows_of, done, rows_of, element_bytes);
}

void unshuffle_sse2(const std::byte* in, std::byte* out, Index count, Index element_bytes) {
  unshuffle_rest(in, out, count, element_bytes, 0);
}

void unshuffle_gfni(const std::byte* in, std::byte* out, Index count, Index element_bytes) {
  unshuffle_rest(
      in, out, count, element_bytes, unshuffle_columns_gfni(in, out, count, element_bytes));
}

} // namespace

std::span<const UnshuffleKernel> unshuffle_kernels() {
  static constexpr UnshuffleKernel all[] = {{"scalar", SimdLevel::baseline, unshuffle_scalar},
                                            {"sse2", SimdLevel::baseline, unshuffle_sse2},
                                            {"avx512-gfni", SimdLevel::avx512, unshuffle_gfni}};
#if defined(__x86_64__)
  static const std::size_t usable = has_gfni() ? 3 : 2;
#else
  static const std::size_t usable = 1;
#endif
  return std::span(all).first(usable);
}

void bit_unshuffle(const std::byte* in, std::byte* out, Index count, Index element_bytes) {
  static const auto run = best_kernel(unshuffle_kernels(), simd_level()).run;
  run(in, out, count, element_bytes);
}

void bit_shuffle(const std::byte* in, std::byte* out, Index count, Index element_bytes) {
  const Index rows_of = count / 8;
  Index done = 0;
#if defined(__x86_64__)
  done = rows_of / 2 * 2;
  switch (element_bytes) {
  case 1:
    shuffle_wide<1>(in, out, rows_of, done);
    break;
  case 2:
    shuffle_wide<2>(in, out, rows_of, done);
    break;
  case 4:
    shuffle_wide<4>(in, out, rows_of, done);
    break;
  case 8:
    shuffle_wide<8>(in, out, rows_of, done);
    break;
  default:
    done = 0;
  }
#endif
  shuffle_groups(in, out, rows_of, done, rows_of, element_bytes);
}

} // namespace vitrum::io
