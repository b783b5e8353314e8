#include "bitshuffle_events.hpp"

#include <cstring>

#include "bitshuffle_blocks.hpp"
#include "bitshuffle_gfni.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
// as in bitshuffle_gfni.cpp
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#define VITRUM_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#define VITRUM_AVX512                                                                              \
  __attribute__((target("avx512f,avx512bw,avx512vl,gfni,bmi,bmi2,popcnt,lzcnt")))
#endif
#define VITRUM_INLINE inline __attribute__((always_inline))

namespace vitrum::io {
namespace {

constexpr Index most_planes = 32;
constexpr Index words_at_once = 128; // of 64 elements: 8192 elements, a block of bytes

/// Nonzero elements of one element after the other.
template <class T>
VITRUM_INLINE Index scan_elements(const std::byte* elements,
                                  Index count,
                                  std::uint32_t first,
                                  std::uint32_t* at,
                                  std::uint32_t* value) {
  Index found = 0;
  for (Index i = 0; i < count; ++i) {
    T v;
    std::memcpy(&v, elements + i * static_cast<Index>(sizeof(T)), sizeof v);
    at[found] = first + static_cast<std::uint32_t>(i);
    value[found] = v;
    found += v != 0;
  }
  return found;
}

VITRUM_INLINE Index scan(const std::byte* elements,
                         Index count,
                         Index element_bytes,
                         std::uint32_t first,
                         std::uint32_t* at,
                         std::uint32_t* value) {
  if (element_bytes == 1)
    return scan_elements<std::uint8_t>(elements, count, first, at, value);
  if (element_bytes == 2)
    return scan_elements<std::uint16_t>(elements, count, first, at, value);
  return scan_elements<std::uint32_t>(elements, count, first, at, value);
}

VITRUM_INLINE bool all_zero(const std::byte* bytes, Index count) {
  std::uint64_t some = 0;
  Index i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes + i, sizeof word);
    some |= word;
  }
  for (; i < count; ++i)
    some |= std::to_integer<std::uint64_t>(bytes[i]);
  return some == 0;
}

/// The elements whose bit is set in any of the planes, their values gathered plane by plane. When
/// more than one in `dense` is set, `unpack` turns the block and the elements are looked at.
template <class Dense>
VITRUM_INLINE Index block_events(const std::byte* planes,
                                 Index count,
                                 Index element_bytes,
                                 std::uint32_t first,
                                 std::uint32_t* at,
                                 std::uint32_t* value,
                                 Index dense,
                                 const Dense& look_at_elements) {
  const Index plane_bytes = count / 8;
  const Index plane_count = 8 * element_bytes;
  Index found = 0;
  for (Index begin = 0; begin < plane_bytes; begin += 8 * words_at_once) {
    const Index bytes = std::min(plane_bytes - begin, 8 * words_at_once);
    const Index words = (bytes + 7) / 8;
    alignas(64) std::uint64_t any[words_at_once];
    alignas(64) std::uint64_t plane[most_planes][words_at_once];
    int number[most_planes]; // of the planes that are not zero
    Index used = 0;
    for (Index i = 0; i < words; ++i)
      any[i] = 0;
    for (Index k = 0; k < plane_count; ++k) {
      const std::byte* from = planes + k * plane_bytes + begin;
      if (all_zero(from, bytes))
        continue;
      std::uint64_t* row = plane[used];
      row[words - 1] = 0; // of which the plane may fill a part
      std::memcpy(row, from, static_cast<std::size_t>(bytes));
      for (Index i = 0; i < words; ++i)
        any[i] |= row[i];
      number[used++] = static_cast<int>(k);
    }
    if (used == 0)
      continue;
    Index set = 0;
    for (Index i = 0; i < words; ++i)
      set += __builtin_popcountll(any[i]);
    if (set * dense > count && plane_bytes <= 8 * words_at_once)
      return look_at_elements();
    std::uint32_t* to = at + found;
    for (Index i = 0; i < words; ++i) {
      std::uint64_t bits = any[i];
      const auto base = first + static_cast<std::uint32_t>(8 * begin + 64 * i);
      std::uint32_t* next = to + __builtin_popcountll(bits);
      // two are written whether they are there or not: which of them are is hard to predict
      to[0] = base + static_cast<std::uint32_t>(__builtin_ctzll(bits | 1ULL << 63));
      bits &= bits - 1;
      to[1] = base + static_cast<std::uint32_t>(__builtin_ctzll(bits | 1ULL << 63));
      bits &= bits - 1;
      for (to += 2; to < next; ++to) {
        *to = base + static_cast<std::uint32_t>(__builtin_ctzll(bits));
        bits &= bits - 1;
      }
      to = next;
    }
    const auto origin = first + static_cast<std::uint32_t>(8 * begin);
    if (used == 1) {
      for (Index e = found; e < found + set; ++e)
        value[e] = 1U << number[0];
    } else {
      for (Index e = found; e < found + set; ++e) {
        const std::uint32_t i = at[e] - origin;
        std::uint32_t v = 0;
        for (Index k = 0; k < used; ++k)
          v |= static_cast<std::uint32_t>(plane[k][i / 64] >> (i % 64) & 1) << number[k];
        value[e] = v;
      }
    }
    found += set;
  }
  return found;
}

std::byte* unshuffled(const std::byte* planes, Index count, Index element_bytes) {
  thread_local std::vector<std::byte> elements;
  elements.resize(static_cast<std::size_t>(count * element_bytes) + 64);
  bit_unshuffle(planes, elements.data(), count, element_bytes);
  return elements.data();
}

Index events_plain(const std::byte* planes,
                   Index count,
                   Index element_bytes,
                   std::uint32_t first,
                   std::uint32_t* at,
                   std::uint32_t* value) {
  return block_events(planes, count, element_bytes, first, at, value, 8, [&] {
    return scan(unshuffled(planes, count, element_bytes), count, element_bytes, first, at, value);
  });
}

#if defined(__x86_64__)

VITRUM_AVX2 Index events_avx2(const std::byte* planes,
                              Index count,
                              Index element_bytes,
                              std::uint32_t first,
                              std::uint32_t* at,
                              std::uint32_t* value) {
  return block_events(planes, count, element_bytes, first, at, value, 8, [&] {
    return scan(unshuffled(planes, count, element_bytes), count, element_bytes, first, at, value);
  });
}

/// Sixteen elements at a time; reads up to 15 elements behind the last.
VITRUM_AVX512 Index compress_elements(const std::byte* elements,
                                      Index count,
                                      Index element_bytes,
                                      std::uint32_t first,
                                      std::uint32_t* at,
                                      std::uint32_t* value) {
  const __m512i step = _mm512_set1_epi32(16);
  __m512i index =
      _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first)),
                       _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  Index found = 0;
  for (Index i = 0; i < count; i += 16) {
    const std::byte* from = elements + i * element_bytes;
    __m512i v;
    if (element_bytes == 1)
      v = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    else if (element_bytes == 2)
      v = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    else
      v = _mm512_loadu_si512(from);
    __mmask16 set = _mm512_test_epi32_mask(v, v);
    if (count - i < 16)
      set &= static_cast<__mmask16>((1U << (count - i)) - 1);
    _mm512_storeu_si512(at + found, _mm512_maskz_compress_epi32(set, index));
    _mm512_storeu_si512(value + found, _mm512_maskz_compress_epi32(set, v));
    found += __builtin_popcount(set);
    index = _mm512_add_epi32(index, step);
  }
  return found;
}

VITRUM_AVX512 Index events_avx512(const std::byte* planes,
                                  Index count,
                                  Index element_bytes,
                                  std::uint32_t first,
                                  std::uint32_t* at,
                                  std::uint32_t* value) {
  return block_events(planes, count, element_bytes, first, at, value, 24, [&] {
    return compress_elements(
        unshuffled(planes, count, element_bytes), count, element_bytes, first, at, value);
  });
}

#endif

void append(std::span<const std::uint32_t> at,
            std::span<const std::uint32_t> value,
            ElementList& out) {
  out.at.insert(out.at.end(), at.begin(), at.end());
  out.value.insert(out.value.end(), value.begin(), value.end());
}

struct Scratch {
  std::vector<std::byte> planes;
  std::vector<std::uint32_t> at, value;
  std::vector<std::byte> zero; // the packed bytes of a block of zeros
  Index zero_count = 0;        // of its elements
};

} // namespace

std::span<const EventKernel> event_kernels() {
#if defined(__x86_64__)
  static constexpr EventKernel all[] = {{"scalar", SimdLevel::baseline, events_plain},
                                        {"avx2", SimdLevel::avx2, events_avx2},
                                        {"avx512-gfni", SimdLevel::avx512, events_avx512}};
  static const std::size_t usable =
      has_gfni() && __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("bmi2") != 0
          ? 3
      : __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0 ? 2
                                                                                   : 1;
#else
  static constexpr EventKernel all[] = {{"scalar", SimdLevel::baseline, events_plain}};
  static const std::size_t usable = 1;
#endif
  return std::span(all).first(usable);
}

void append_nonzero(std::span<const std::byte> elements, Index element_bytes, ElementList& out) {
  const Index count = static_cast<Index>(elements.size()) / element_bytes;
  thread_local Scratch s;
  s.at.resize(static_cast<std::size_t>(count) + 16);
  s.value.resize(s.at.size());
  const auto found = static_cast<std::size_t>(
      scan(elements.data(), count, element_bytes, 0, s.at.data(), s.value.data()));
  append(std::span(s.at).first(found), std::span(s.value).first(found), out);
}

void decode_bitshuffle_events(std::span<const std::byte> in,
                              Index elements,
                              Index element_bytes,
                              Packing packing,
                              ElementList& out) {
  static const auto run = best_kernel(event_kernels(), simd_level()).run;
  thread_local Scratch s;
  s.zero_count = 0;
  const Index at = for_each_packed_block(
      in,
      elements,
      element_bytes,
      [&](std::span<const std::byte> packed, Index first, Index count) {
        // blocks of zeros are all packed into the same bytes
        if (count == s.zero_count && packed.size() == s.zero.size() &&
            std::memcmp(packed.data(), s.zero.data(), packed.size()) == 0)
          return;
        const auto bytes = static_cast<std::size_t>(count * element_bytes);
        if (s.planes.size() < bytes)
          s.planes.resize(bytes);
        if (s.at.size() < static_cast<std::size_t>(count) + 16) {
          s.at.resize(static_cast<std::size_t>(count) + 16);
          s.value.resize(s.at.size());
        }
        unpack_block(packed,
                     s.planes.data(),
                     static_cast<Index>(bytes),
                     packing,
                     packed.data() - in.data() - 4);
        const auto found = static_cast<std::size_t>(run(s.planes.data(),
                                                        count,
                                                        element_bytes,
                                                        static_cast<std::uint32_t>(first),
                                                        s.at.data(),
                                                        s.value.data()));
        if (found == 0) {
          s.zero.assign(packed.begin(), packed.end());
          s.zero_count = count;
        } else {
          append(std::span(s.at).first(found), std::span(s.value).first(found), out);
        }
      });
  const auto left = in.subspan(static_cast<std::size_t>(at));
  const auto first =
      static_cast<std::uint32_t>(elements - static_cast<Index>(left.size()) / element_bytes);
  const auto found = out.at.size();
  append_nonzero(left, element_bytes, out);
  for (std::size_t i = found; i < out.at.size(); ++i)
    out.at[i] += first;
}

} // namespace vitrum::io
