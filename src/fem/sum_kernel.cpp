#include "sum_kernel.hpp"
#include "vitrum/core/simd.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace vitrum::fem {
namespace {

constexpr Index tile = PolarMap::tile;

/// Sums of a tile in 32 bits, squares in 64.
template <class T>
[[gnu::always_inline]] inline void integer_loop(const T* __restrict patterns,
                                                Index stride,
                                                Index count,
                                                Index pixels,
                                                Index* __restrict sum,
                                                Index* __restrict squares) {
  using Narrow = std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>;
  if (count == 1) {
    for (Index p = 0; p < pixels; ++p) {
      const auto v = static_cast<Narrow>(patterns[p]);
      sum[p] += static_cast<Index>(v);
      squares[p] +=
          static_cast<Index>(static_cast<std::uint32_t>(v) * static_cast<std::uint32_t>(v));
    }
    return;
  }
  Narrow s[tile];
  std::uint64_t q[tile];
  std::fill(s, s + pixels, Narrow{0});
  std::fill(q, q + pixels, std::uint64_t{0});
  for (Index f = 0; f < count; ++f) {
    const T* __restrict row = patterns + f * stride;
    for (Index p = 0; p < pixels; ++p) {
      const auto v = static_cast<Narrow>(row[p]);
      s[p] += v;
      // the square of 16 bits fits 32 unsigned ones
      q[p] += static_cast<std::uint32_t>(v) * static_cast<std::uint32_t>(v);
    }
  }
  for (Index p = 0; p < pixels; ++p) {
    sum[p] += static_cast<Index>(s[p]);
    squares[p] += static_cast<Index>(q[p]);
  }
}

template <class T>
[[gnu::always_inline]] inline void real_loop(const T* __restrict patterns,
                                             Index stride,
                                             Index count,
                                             Index pixels,
                                             double* __restrict sum,
                                             double* __restrict squares) {
  for (Index f = 0; f < count; ++f) {
    const T* __restrict row = patterns + f * stride;
    for (Index p = 0; p < pixels; ++p) {
      const auto v = static_cast<double>(row[p]);
      sum[p] += v;
      squares[p] += v * v;
    }
  }
}

template <class T, class Sum>
[[gnu::always_inline]] inline void
pixel_loop(const T* patterns, Index stride, Index count, Index pixels, Sum* sum, Sum* squares) {
  if constexpr (std::is_same_v<Sum, Index>)
    integer_loop(patterns, stride, count, pixels, sum, squares);
  else
    real_loop(patterns, stride, count, pixels, sum, squares);
}

// One value of each pattern. The compiler makes them of what registers there are.
using Halves [[gnu::vector_size(2 * lanes)]] = std::uint16_t;
using SignedHalves [[gnu::vector_size(2 * lanes)]] = std::int16_t;
using Words [[gnu::vector_size(4 * lanes)]] = std::uint32_t;
using SignedWords [[gnu::vector_size(4 * lanes)]] = std::int32_t;

/// Adds 32-bit sums: of values, and of the low and the high half of their squares.
template <bool is_signed>
[[gnu::always_inline]] inline void store_sums(const Words& sum,
                                              const Words& low,
                                              const Words& high,
                                              Index* __restrict to,
                                              Index* __restrict to_squares) {
  for (Index i = 0; i < lanes; ++i) {
    if constexpr (is_signed)
      to[i] += static_cast<std::int32_t>(sum[i]);
    else
      to[i] += static_cast<Index>(sum[i]);
    to_squares[i] += static_cast<Index>(low[i]) + (static_cast<Index>(high[i]) << 16U);
  }
}

/// `values` [pixel of the tile, lane]. No sum leaves 32 bits: a ring has at most 1024 pixels of a
/// tile, each with 64 pieces of a value, or of half of its square, below 2^16.
template <bool is_signed>
[[gnu::always_inline]] inline void ring_loop(const std::uint16_t* __restrict values,
                                             const PolarMap::Run* first,
                                             const PolarMap::Run* last,
                                             const PolarMap::Entry* __restrict entries,
                                             Index* __restrict sum,
                                             Index* __restrict squares) {
  constexpr std::uint32_t half = 0xffff, all = PolarMap::pieces;
  for (const auto* run = first; run != last; ++run) {
    Words whole{}, whole_low{}, whole_high{}, both{}, both_low{}, both_high{}, here{}, here_low{},
        here_high{};
    const auto read = [&](std::uint32_t i, Words& value, Words& low, Words& high) {
      if constexpr (is_signed) {
        SignedHalves narrow;
        std::memcpy(&narrow, values + entries[i].place * lanes, sizeof narrow);
        const auto wide = __builtin_convertvector(narrow, SignedWords);
        std::memcpy(&value, &wide, sizeof value);
      } else {
        Halves narrow;
        std::memcpy(&narrow, values + entries[i].place * lanes, sizeof narrow);
        value = __builtin_convertvector(narrow, Words);
      }
      const Words square = value * value;
      low = square & half;
      high = square >> 16U;
    };
    Words v, low, high;
    for (auto i = run->first; i < run->whole_end; ++i) {
      read(i, v, low, high);
      whole += v;
      whole_low += low;
      whole_high += high;
    }
    for (auto i = run->whole_end; i < run->shared_end; ++i) {
      read(i, v, low, high);
      const std::uint32_t share = entries[i].share;
      both += v;
      both_low += low;
      both_high += high;
      here += share * v;
      here_low += share * low;
      here_high += share * high;
    }
    const Words next = all * both - here, next_low = all * both_low - here_low,
                next_high = all * both_high - here_high;
    for (auto i = run->shared_end; i < run->end; ++i) {
      read(i, v, low, high);
      const std::uint32_t share = entries[i].share;
      here += share * v;
      here_low += share * low;
      here_high += share * high;
    }
    here += all * whole;
    here_low += all * whole_low;
    here_high += all * whole_high;
    Index* to = sum + run->ring * lanes;
    Index* to_squares = squares + run->ring * lanes;
    store_sums<is_signed>(here, here_low, here_high, to, to_squares);
    if (run->shared_end > run->whole_end)
      store_sums<is_signed>(next, next_low, next_high, to + lanes, to_squares + lanes);
  }
}

template <class Sum>
[[gnu::always_inline]] inline void center_loop(const Sum* __restrict sum,
                                               const Sum* __restrict squares,
                                               const double* __restrict center,
                                               Index pixels,
                                               double n,
                                               float* __restrict centered,
                                               float* __restrict centered_squares) {
  for (Index p = 0; p < pixels; ++p) {
    const auto s = static_cast<double>(sum[p]), q = static_cast<double>(squares[p]);
    const double c = center[p];
    centered[p] = static_cast<float>(s - n * c);
    centered_squares[p] = static_cast<float>(q - 2 * c * s + n * c * c);
  }
}

/// Transposes a tile to [pixel, lane]; lanes without a pattern are 0.
template <class T>
void transpose(const T* patterns, Index stride, Index count, Index pixels, std::uint16_t* out) {
  Index done = 0;
#if defined(__SSE2__)
  if constexpr (sizeof(T) == 2) {
    alignas(16) static constexpr std::uint16_t zeros[8]{};
    constexpr Index step = 8;
    for (; done + step <= pixels; done += step)
      for (Index half = 0; half < lanes; half += step) {
        __m128i row[step], pair[step], four[step];
        for (Index f = 0; f < step; ++f)
          row[f] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(
              half + f < count ? static_cast<const void*>(patterns + (half + f) * stride + done)
                               : static_cast<const void*>(zeros)));
        for (Index f = 0; f < step; f += 2) {
          pair[f] = _mm_unpacklo_epi16(row[f], row[f + 1]);
          pair[f + 1] = _mm_unpackhi_epi16(row[f], row[f + 1]);
        }
        for (Index f = 0; f < step; f += 4)
          for (Index side = 0; side < 2; ++side) {
            four[f + 2 * side] = _mm_unpacklo_epi32(pair[f + side], pair[f + 2 + side]);
            four[f + 2 * side + 1] = _mm_unpackhi_epi32(pair[f + side], pair[f + 2 + side]);
          }
        for (Index p = 0; p < step; ++p)
          _mm_storeu_si128(reinterpret_cast<__m128i*>(out + (done + p) * lanes + half),
                           p % 2 == 0 ? _mm_unpacklo_epi64(four[p / 2], four[p / 2 + 4])
                                      : _mm_unpackhi_epi64(four[p / 2], four[p / 2 + 4]));
      }
  }
#endif
  for (Index f = 0; f < lanes; ++f)
    for (Index p = done; p < pixels; ++p)
      out[p * lanes + f] =
          f < count ? static_cast<std::uint16_t>(patterns[f * stride + p]) : std::uint16_t{0};
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_SUM(isa) [[gnu::target(isa), gnu::optimize("O3", "fp-contract=off")]]
#define VITRUM_AVX512 "avx512f,avx512bw,avx512vl,avx512dq" VITRUM_WIDE

template <class T, class Sum>
VITRUM_SUM(VITRUM_AVX512)
void pixels_avx512(const T* a, Index b, Index c, Index d, Sum* e, Sum* f) {
  pixel_loop(a, b, c, d, e, f);
}
template <class T, class Sum>
VITRUM_SUM("avx2")
void pixels_avx2(const T* a, Index b, Index c, Index d, Sum* e, Sum* f) {
  pixel_loop(a, b, c, d, e, f);
}
template <bool s>
VITRUM_SUM(VITRUM_AVX512)
void rings_avx512(const std::uint16_t* a,
                  const PolarMap::Run* b,
                  const PolarMap::Run* c,
                  const PolarMap::Entry* d,
                  Index* e,
                  Index* f) {
  ring_loop<s>(a, b, c, d, e, f);
}
template <bool s>
VITRUM_SUM("avx2")
void rings_avx2(const std::uint16_t* a,
                const PolarMap::Run* b,
                const PolarMap::Run* c,
                const PolarMap::Entry* d,
                Index* e,
                Index* f) {
  ring_loop<s>(a, b, c, d, e, f);
}
template <class Sum>
VITRUM_SUM(VITRUM_AVX512)
void center_avx512(
    const Sum* a, const Sum* b, const double* c, Index d, double e, float* f, float* g) {
  center_loop(a, b, c, d, e, f, g);
}
template <class Sum>
VITRUM_SUM("avx2")
void center_avx2(
    const Sum* a, const Sum* b, const double* c, Index d, double e, float* f, float* g) {
  center_loop(a, b, c, d, e, f, g);
}

bool has_avx512() {
  return simd_level() >= SimdLevel::avx512;
}
bool has_avx2() {
  return simd_level() >= SimdLevel::avx2;
}
#endif

template <class T, class Sum>
void best_pixels(const T* a, Index b, Index c, Index d, Sum* e, Sum* f) {
#if defined(VITRUM_AVX512)
  if (has_avx512())
    return pixels_avx512(a, b, c, d, e, f);
  if (has_avx2())
    return pixels_avx2(a, b, c, d, e, f);
#endif
  pixel_loop(a, b, c, d, e, f);
}

template <bool s>
void best_rings(const std::uint16_t* a,
                const PolarMap::Run* b,
                const PolarMap::Run* c,
                const PolarMap::Entry* d,
                Index* e,
                Index* f) {
#if defined(VITRUM_AVX512)
  if (has_avx512())
    return rings_avx512<s>(a, b, c, d, e, f);
  if (has_avx2())
    return rings_avx2<s>(a, b, c, d, e, f);
#endif
  ring_loop<s>(a, b, c, d, e, f);
}

} // namespace

template <class T, class Sum>
void add_to_pixels(
    const T* patterns, Index stride, Index count, Index pixels, Sum* sum, Sum* squares) {
  best_pixels(patterns, stride, count, pixels, sum, squares);
}

template <class T>
void add_to_rings(const T* patterns,
                  Index stride,
                  Index count,
                  const PolarMap& map,
                  Index number,
                  Index* sum,
                  Index* squares) {
  alignas(64) std::uint16_t values[tile * lanes];
  const Index first = number * tile;
  const Index pixels = std::min(tile, static_cast<Index>(map.pixels.size()) - first);
  const auto n = static_cast<std::size_t>(number);
  const auto* runs = map.runs.data();
  if (map.tile_runs[n] == map.tile_runs[n + 1])
    return;
  transpose(patterns + first, stride, count, pixels, values);
  best_rings<std::is_signed_v<T>>(values,
                                  runs + map.tile_runs[n],
                                  runs + map.tile_runs[n + 1],
                                  map.entries.data(),
                                  sum,
                                  squares);
}

template <class T>
void add_to_rings(const T* pattern, const PolarMap& map, double* sum, double* squares) {
  constexpr double all = PolarMap::pieces;
  for (std::size_t t = 0; t + 1 < map.tile_runs.size(); ++t) {
    const T* values = pattern + static_cast<Index>(t) * tile;
    for (Index k = map.tile_runs[t]; k < map.tile_runs[t + 1]; ++k) {
      const auto& run = map.runs[static_cast<std::size_t>(k)];
      double s = 0, q = 0, next = 0, next_squares = 0;
      for (auto i = run.first; i < run.whole_end; ++i) {
        const auto v = static_cast<double>(values[map.entries[i].place]);
        s += v;
        q += v * v;
      }
      s *= all;
      q *= all;
      for (auto i = run.whole_end; i < run.end; ++i) {
        const auto v = static_cast<double>(values[map.entries[i].place]);
        const double share = map.entries[i].share;
        s += share * v;
        q += share * v * v;
        if (i < run.shared_end) {
          next += (all - share) * v;
          next_squares += (all - share) * v * v;
        }
      }
      sum[run.ring] += s;
      squares[run.ring] += q;
      if (run.shared_end > run.whole_end) {
        sum[run.ring + 1] += next;
        squares[run.ring + 1] += next_squares;
      }
    }
  }
}

template <class Sum>
void center_sums(
    const Sum* a, const Sum* b, const double* c, Index d, double e, float* f, float* g) {
#if defined(VITRUM_AVX512)
  if (has_avx512())
    return center_avx512(a, b, c, d, e, f, g);
  if (has_avx2())
    return center_avx2(a, b, c, d, e, f, g);
#endif
  center_loop(a, b, c, d, e, f, g);
}

template void center_sums(const Index*, const Index*, const double*, Index, double, float*, float*);
template void
center_sums(const double*, const double*, const double*, Index, double, float*, float*);

#define VITRUM_EXACT(T)                                                                            \
  template void add_to_pixels(const T*, Index, Index, Index, Index*, Index*);                      \
  template void add_to_rings(const T*, Index, Index, const PolarMap&, Index, Index*, Index*);
VITRUM_EXACT(std::uint8_t)
VITRUM_EXACT(std::int8_t)
VITRUM_EXACT(std::uint16_t)
VITRUM_EXACT(std::int16_t)
#define VITRUM_REAL(T)                                                                             \
  template void add_to_pixels(const T*, Index, Index, Index, double*, double*);                    \
  template void add_to_rings(const T*, const PolarMap&, double*, double*);
VITRUM_REAL(std::uint32_t)
VITRUM_REAL(std::int32_t)
VITRUM_REAL(std::uint64_t)
VITRUM_REAL(std::int64_t)
VITRUM_REAL(float)
VITRUM_REAL(double)

} // namespace vitrum::fem
