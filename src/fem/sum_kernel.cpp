#include "sum_kernel.hpp"

#include <algorithm>
#include <type_traits>

namespace vitrum::fem {
namespace {

constexpr Index tile = 1024; // pixels whose sums stay in the innermost cache

/// Sums of a tile in 32 bits (values of 16 bits, at most 32768 of them), squares in 64.
template <class T>
[[gnu::always_inline]] inline void integer_tile(const T* __restrict patterns,
                                                Index stride,
                                                Index count,
                                                Index pixels,
                                                Index* __restrict sum,
                                                Index* __restrict squares) {
  using Narrow = std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>;
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
[[gnu::always_inline]] inline void real_tile(const T* __restrict patterns,
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
any_tile(const T* patterns, Index stride, Index count, Index pixels, Sum* sum, Sum* squares) {
  if constexpr (std::is_same_v<Sum, Index>)
    integer_tile(patterns, stride, count, pixels, sum, squares);
  else
    real_tile(patterns, stride, count, pixels, sum, squares);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_SUM(isa) [[gnu::target(isa), gnu::optimize("O3", "fp-contract=off")]]
template <class T, class Sum>
VITRUM_SUM("avx512f,avx512bw,avx512vl,avx512dq")
void tile_avx512(const T* a, Index b, Index c, Index d, Sum* e, Sum* f) {
  any_tile(a, b, c, d, e, f);
}
template <class T, class Sum>
VITRUM_SUM("avx2")
void tile_avx2(const T* a, Index b, Index c, Index d, Sum* e, Sum* f) {
  any_tile(a, b, c, d, e, f);
}
template <class T, class Sum>
void best_tile(const T* a, Index b, Index c, Index d, Sum* e, Sum* f) {
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return tile_avx512(a, b, c, d, e, f);
  if (__builtin_cpu_supports("avx2"))
    return tile_avx2(a, b, c, d, e, f);
  any_tile(a, b, c, d, e, f);
}
#else
template <class T, class Sum>
void best_tile(const T* a, Index b, Index c, Index d, Sum* e, Sum* f) {
  any_tile(a, b, c, d, e, f);
}
#endif

} // namespace

template <class T, class Sum>
void add_to_pixels(
    const T* patterns, Index stride, Index count, Index first, Index last, Sum* sum, Sum* squares) {
  constexpr Index most = 32768; // patterns whose sums fit 32 bits
  for (Index p = first; p < last; p += tile)
    for (Index f = 0; f < count; f += most)
      best_tile(patterns + f * stride + p,
                stride,
                std::min(most, count - f),
                std::min(tile, last - p),
                sum + p,
                squares + p);
}

template <class T, class Sum>
void add_to_rings(const T* pattern, const PolarMap& map, Sum* sum, Sum* squares) {
  constexpr Sum all = PolarMap::pieces;
  for (Index r = 0; r < map.rings; ++r) {
    const auto ring = static_cast<std::size_t>(r);
    Sum s{0}, q{0};
    for (Index i = map.whole.start[ring]; i < map.whole.start[ring + 1]; ++i) {
      const auto v = static_cast<Sum>(pattern[map.whole.pixel[static_cast<std::size_t>(i)]]);
      s += v;
      q += v * v;
    }
    s *= all;
    q *= all;
    Sum s_here{0}, q_here{0}, s_both{0}, q_both{0};
    for (Index i = map.shared.start[ring]; i < map.shared.start[ring + 1]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const auto v = static_cast<Sum>(pattern[map.shared.pixel[k]]);
      const auto part = static_cast<Sum>(map.shared.share[k]) * v;
      s_both += v;
      q_both += v * v;
      s_here += part;
      q_here += part * v;
    }
    for (Index i = map.rest.start[ring]; i < map.rest.start[ring + 1]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const auto v = static_cast<Sum>(pattern[map.rest.pixel[k]]);
      const auto part = static_cast<Sum>(map.rest.share[k]) * v;
      s += part;
      q += part * v;
    }
    sum[r] += s + s_here;
    squares[r] += q + q_here;
    if (r + 1 < map.rings) {
      sum[r + 1] += all * s_both - s_here;
      squares[r + 1] += all * q_both - q_here;
    }
  }
}

#define VITRUM_BOTH(T, Sum)                                                                        \
  template void add_to_pixels(const T*, Index, Index, Index, Index, Sum*, Sum*);                   \
  template void add_to_rings(const T*, const PolarMap&, Sum*, Sum*);
VITRUM_BOTH(std::uint8_t, Index)
VITRUM_BOTH(std::int8_t, Index)
VITRUM_BOTH(std::uint16_t, Index)
VITRUM_BOTH(std::int16_t, Index)
VITRUM_BOTH(std::uint32_t, double)
VITRUM_BOTH(std::int32_t, double)
VITRUM_BOTH(std::uint64_t, double)
VITRUM_BOTH(std::int64_t, double)
VITRUM_BOTH(float, double)
VITRUM_BOTH(double, double)

} // namespace vitrum::fem
