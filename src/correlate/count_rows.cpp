#include "count_rows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "vitrum/core/simd.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The loops are plain; the attributes ask for the vector code that -O2 does not give.
#if defined(__x86_64__)
#define VITRUM_LOOP(isa) __attribute__((target(isa), optimize("O3")))
#else
#define VITRUM_LOOP(isa)
#endif

namespace vitrum::correlate::detail {
namespace {

/// One bit for each of eight bytes that is not zero.
std::uint32_t nonzero_bytes(std::uint64_t x) {
  constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t top = (((x & low) + low) | x) & ~low; // the highest bit of each
  return static_cast<std::uint32_t>((top >> 7) * 0x0102040810204080 >> 56);
}

FoundBits find_bits_base(const std::uint8_t* row,
                         Index cells,
                         std::uint32_t* above_zero,
                         std::uint32_t* above_one) {
  constexpr std::uint64_t not_one = 0xfefefefefefefefe;
  FoundBits found;
  for (Index k = 0; k < cells; ++k) {
    above_zero[k] = above_one[k] = 0;
    for (Index i = 0; i < 32; i += 8) {
      std::uint64_t x = 0;
      for (Index byte = 0; byte < 8; ++byte)
        x |= std::uint64_t{row[32 * k + i + byte]} << (8 * byte);
      above_zero[k] |= nonzero_bytes(x) << i;
      above_one[k] |= nonzero_bytes(x & not_one) << i;
    }
    found.count += std::popcount(above_zero[k]);
    found.any_above_one = found.any_above_one || above_one[k] != 0;
  }
  return found;
}

#if defined(__x86_64__)
__attribute__((target("avx2,popcnt"))) FoundBits find_bits_avx2(const std::uint8_t* row,
                                                                Index cells,
                                                                std::uint32_t* above_zero,
                                                                std::uint32_t* above_one) {
  FoundBits found;
  std::uint32_t any = 0;
  const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi8(1);
  for (Index k = 0; k < cells; ++k) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 32 * k));
    const auto is_zero =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, zero)));
    const auto is_one = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, one)));
    above_zero[k] = ~is_zero;
    above_one[k] = ~(is_zero | is_one);
    found.count += std::popcount(above_zero[k]);
    any |= above_one[k];
  }
  found.any_above_one = any != 0;
  return found;
}

__attribute__((target("avx512f,avx512bw,avx512vl,popcnt"))) FoundBits find_bits_avx512(
    const std::uint8_t* row, Index cells, std::uint32_t* above_zero, std::uint32_t* above_one) {
  FoundBits found;
  std::uint64_t any = 0;
  const __m512i one = _mm512_set1_epi8(1);
  for (Index k = 0; k + 2 <= cells; k += 2) {
    const __m512i x = _mm512_loadu_si512(row + 32 * k);
    const std::uint64_t bits = _mm512_test_epi8_mask(x, x);
    const std::uint64_t more = _mm512_cmpgt_epu8_mask(x, one);
    std::memcpy(above_zero + k, &bits, sizeof bits);
    std::memcpy(above_one + k, &more, sizeof more);
    found.count += std::popcount(bits);
    any |= more;
  }
  found.any_above_one = any != 0;
  if (cells % 2 != 0) {
    const FoundBits last =
        find_bits_base(row + 32 * (cells - 1), 1, above_zero + cells - 1, above_one + cells - 1);
    found.count += last.count;
    found.any_above_one = found.any_above_one || last.any_above_one;
  }
  return found;
}

__attribute__((target("avx512f,avx512bw,avx512vl"))) void add_where_avx512(
    const std::uint64_t* words, Index count, std::int32_t excess, std::int32_t* row, Index step) {
  const __m512i e = _mm512_set1_epi32(excess);
  for (Index w = 0; w < count; ++w, row += step)
    for (int third = 0; third < 3; ++third) {
      const auto bits = static_cast<__mmask16>(words[w] >> (16 * third));
      const __m512i x = _mm512_loadu_si512(row + 16 * third);
      _mm512_storeu_si512(row + 16 * third, _mm512_mask_add_epi32(x, bits, x, e));
    }
}
#endif

alignas(64) constexpr std::int32_t single_bits[16]{1,
                                                   1 << 1,
                                                   1 << 2,
                                                   1 << 3,
                                                   1 << 4,
                                                   1 << 5,
                                                   1 << 6,
                                                   1 << 7,
                                                   1 << 8,
                                                   1 << 9,
                                                   1 << 10,
                                                   1 << 11,
                                                   1 << 12,
                                                   1 << 13,
                                                   1 << 14,
                                                   1 << 15};

// Products of two counts below 128 fit 15 bits, and sums over 1024 pixels of three of them 32.
#define VITRUM_DEFINE_COUNT_ROWS(suffix, isa)                                                      \
  VITRUM_LOOP(isa)                                                                                 \
  PairCounts byte_pairs_##suffix(                                                                  \
      const std::uint8_t* __restrict x, const std::uint8_t* __restrict y, Index count) {           \
    std::int32_t xy = 0, xxy = 0, xyy = 0;                                                         \
    for (int i = 0; i < static_cast<int>(count); ++i) {                                            \
      const auto a = static_cast<std::int16_t>(x[i]), b = static_cast<std::int16_t>(y[i]);         \
      const auto ab = static_cast<std::int16_t>(a * b);                                            \
      xy += ab;                                                                                    \
      xxy += a * ab;                                                                               \
      xyy += b * ab;                                                                               \
    }                                                                                              \
    return {static_cast<std::uint64_t>(xy),                                                        \
            static_cast<std::uint64_t>(xxy),                                                       \
            static_cast<std::uint64_t>(xyy)};                                                      \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  PairCounts word_pairs_##suffix(                                                                  \
      const std::uint16_t* __restrict x, const std::uint16_t* __restrict y, Index count) {         \
    std::uint64_t xy = 0, xxy = 0, xyy = 0;                                                        \
    for (int i = 0; i < static_cast<int>(count); ++i) {                                            \
      const std::uint32_t a = x[i], b = y[i];                                                      \
      const std::uint32_t ab = a * b;                                                              \
      xy += ab;                                                                                    \
      xxy += std::uint64_t{a} * std::uint64_t{ab};                                                 \
      xyy += std::uint64_t{b} * std::uint64_t{ab};                                                 \
    }                                                                                              \
    return {xy, xxy, xyy};                                                                         \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  std::uint64_t common_bits_##suffix(                                                              \
      const std::uint32_t* __restrict x, const std::uint32_t* __restrict y, Index cells) {         \
    std::uint64_t sum = 0;                                                                         \
    for (Index k = 0; k < cells; ++k)                                                              \
      sum += static_cast<std::uint64_t>(std::popcount(x[k] & y[k]));                               \
    return sum;                                                                                    \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  std::uint64_t bits_between_##suffix(const std::uint32_t* row, Index first, Index count) {        \
    std::uint64_t found = 0;                                                                       \
    for (const Index end = first + count; first < end;) {                                          \
      const Index skipped = first % 32, here = std::min(end - first, 32 - skipped);                \
      const std::uint64_t mask = ((std::uint64_t{1} << here) - 1) << skipped;                      \
      found += static_cast<std::uint64_t>(std::popcount(row[first / 32] & mask));                  \
      first += here;                                                                               \
    }                                                                                              \
    return found;                                                                                  \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void expand_bits_##suffix(                                                                       \
      const std::uint32_t* __restrict cells, Index count, std::uint16_t* __restrict row) {         \
    for (Index k = 0; k < count; ++k)                                                              \
      for (unsigned i = 0; i < 32; ++i)                                                            \
        row[32 * k + i] = static_cast<std::uint16_t>(cells[k] >> i & 1);                           \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void scale_bytes_##suffix(const std::uint8_t* __restrict row,                                    \
                            Index count,                                                           \
                            float a,                                                               \
                            float c,                                                               \
                            float v,                                                               \
                            float* __restrict out) {                                               \
    for (Index i = 0; i < count; ++i)                                                              \
      out[i] = a * (static_cast<float>(row[i]) - c) - v;                                           \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void scale_words_##suffix(const std::uint16_t* __restrict row,                                   \
                            Index count,                                                           \
                            float a,                                                               \
                            float c,                                                               \
                            float v,                                                               \
                            float* __restrict out) {                                               \
    for (Index i = 0; i < count; ++i)                                                              \
      out[i] = a * (static_cast<float>(row[i]) - c) - v;                                           \
  }

#define VITRUM_DEFINE_ADD_WHERE(suffix, isa)                                                       \
  VITRUM_LOOP(isa)                                                                                 \
  void add_where_##suffix(const std::uint64_t* __restrict words,                                   \
                          Index count,                                                             \
                          std::int32_t excess,                                                     \
                          std::int32_t* __restrict row,                                            \
                          Index step) {                                                            \
    for (Index w = 0; w < count; ++w, row += step)                                                 \
      for (int third = 0; third < 3; ++third) {                                                    \
        const auto bits = static_cast<std::int32_t>(words[w] >> (16 * third) & 0xffff);            \
        for (int i = 0; i < 16; ++i)                                                               \
          row[16 * third + i] += (bits & single_bits[i]) != 0 ? excess : 0;                        \
      }                                                                                            \
  }

VITRUM_DEFINE_COUNT_ROWS(base, "sse2")
VITRUM_DEFINE_ADD_WHERE(base, "sse2")
#if defined(__x86_64__)
VITRUM_DEFINE_COUNT_ROWS(avx2, "avx2,popcnt")
VITRUM_DEFINE_ADD_WHERE(avx2, "avx2")
VITRUM_DEFINE_COUNT_ROWS(avx512, "avx512f,avx512dq,avx512vl,avx512bw,popcnt" VITRUM_WIDE)
VITRUM_DEFINE_COUNT_ROWS(
    vnni, "avx512f,avx512dq,avx512vl,avx512bw,avx512vnni,avx512vpopcntdq" VITRUM_WIDE)
#endif

#define VITRUM_COUNT_ROWS(suffix, bits)                                                            \
  CountRows {                                                                                      \
    byte_pairs_##suffix, word_pairs_##suffix, common_bits_##suffix, bits_between_##suffix,         \
        find_bits_##bits, expand_bits_##suffix, add_where_##bits, scale_bytes_##suffix,            \
        scale_words_##suffix                                                                       \
  }

} // namespace

const CountRows& count_rows(SimdLevel level) {
  static const CountRows base = VITRUM_COUNT_ROWS(base, base);
#if defined(__x86_64__)
  static const CountRows avx2 = VITRUM_COUNT_ROWS(avx2, avx2);
  static const CountRows avx512 = VITRUM_COUNT_ROWS(avx512, avx512);
  static const CountRows vnni = VITRUM_COUNT_ROWS(vnni, avx512);
  switch (level) {
  case SimdLevel::baseline:
    break;
  case SimdLevel::avx2:
    return avx2;
  case SimdLevel::avx512:
    return avx512;
  case SimdLevel::vnni:
    return vnni;
  }
#else
  (void)level;
#endif
  return base;
}

} // namespace vitrum::correlate::detail
