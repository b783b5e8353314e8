#include "packed_kernel.hpp"
#include "vitrum/core/simd.hpp"

#include <algorithm>
#include <cstdint>

namespace vitrum::frames {
namespace {

template <class T>
[[gnu::always_inline]] inline void
census_loop(const T* __restrict values, Index count, CensusBits<T>& bits) {
  using Wide = std::make_unsigned_t<T>;
  Wide unmarked = bits.unmarked, all = bits.all;
  constexpr Index piece = 255; // zeros of a piece are counted in one byte per lane
  Index zeros = 0;
  for (Index begin = 0; begin < count; begin += piece) {
    const Index end = std::min(begin + piece, count);
    Wide some = 0;
    for (Index i = begin; i < end; ++i) {
      const auto value = static_cast<Wide>(values[i]);
      const Wide seen = values[i] == no_data_mark<T>() ? Wide{0} : value;
      unmarked = std::max(unmarked, seen);
      all = std::max(all, value);
      some = static_cast<Wide>(some + (value == 0 ? 1 : 0));
    }
    zeros += static_cast<Index>(some);
  }
  bits.unmarked = unmarked;
  bits.all = all;
  bits.zeros += zeros;
  bits.values += count;
}

template <class From, class To>
[[gnu::always_inline]] inline void
convert_loop(const From* __restrict from, Index count, To* __restrict to) {
  for (Index i = 0; i < count; ++i)
    to[i] = static_cast<To>(from[i]);
}

template <class T>
[[gnu::always_inline]] inline void
marked_loop(const std::uint8_t* __restrict from, Index count, T* __restrict to) {
  for (Index i = 0; i < count; ++i)
    to[i] = from[i] == 255 ? no_data_mark<T>() : static_cast<T>(from[i]);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_PACK(isa) [[gnu::target(isa), gnu::optimize("O3")]]
#define VITRUM_BEST(name, ...)                                                                     \
  if (simd_level() >= SimdLevel::avx512)                                                           \
    return name##_avx512(__VA_ARGS__);                                                             \
  if (simd_level() >= SimdLevel::avx2)                                                             \
  return name##_avx2(__VA_ARGS__)
#define VITRUM_AVX512 "avx512f,avx512bw,avx512vl,avx512dq"

template <class T>
VITRUM_PACK(VITRUM_AVX512)
void census_avx512(const T* values, Index count, CensusBits<T>& bits) {
  census_loop(values, count, bits);
}
template <class T>
VITRUM_PACK("avx2")
void census_avx2(const T* values, Index count, CensusBits<T>& bits) {
  census_loop(values, count, bits);
}
template <class From, class To>
VITRUM_PACK(VITRUM_AVX512)
void convert_avx512(const From* from, Index count, To* to) {
  convert_loop(from, count, to);
}
template <class From, class To>
VITRUM_PACK("avx2")
void convert_avx2(const From* from, Index count, To* to) {
  convert_loop(from, count, to);
}
template <class T>
VITRUM_PACK(VITRUM_AVX512)
void marked_avx512(const std::uint8_t* from, Index count, T* to) {
  marked_loop(from, count, to);
}
template <class T>
VITRUM_PACK("avx2")
void marked_avx2(const std::uint8_t* from, Index count, T* to) {
  marked_loop(from, count, to);
}
#else
#define VITRUM_BEST(name, ...) static_cast<void>(0)
#endif

} // namespace

template <class T>
void take_census(const T* values, Index count, CensusBits<T>& bits) {
  VITRUM_BEST(census, values, count, bits);
  census_loop(values, count, bits);
}

template <class T, class To>
void narrow(const T* from, Index count, To* to) {
  VITRUM_BEST(convert, from, count, to);
  convert_loop(from, count, to);
}

template <class T>
void widen(const std::uint16_t* from, Index count, T* to) {
  VITRUM_BEST(convert, from, count, to);
  convert_loop(from, count, to);
}

template <class T>
void widen_marked(const std::uint8_t* from, Index count, T* to) {
  VITRUM_BEST(marked, from, count, to);
  marked_loop(from, count, to);
}

#define VITRUM_PACKED_TYPE(T)                                                                      \
  template void take_census<T>(const T*, Index, CensusBits<T>&);                                   \
  template void narrow<T, std::uint8_t>(const T*, Index, std::uint8_t*);                           \
  template void narrow<T, std::uint16_t>(const T*, Index, std::uint16_t*);                         \
  template void widen<T>(const std::uint16_t*, Index, T*);                                         \
  template void widen_marked<T>(const std::uint8_t*, Index, T*)
VITRUM_PACKED_TYPE(std::uint8_t);
VITRUM_PACKED_TYPE(std::uint16_t);
VITRUM_PACKED_TYPE(std::uint32_t);
VITRUM_PACKED_TYPE(std::uint64_t);
VITRUM_PACKED_TYPE(std::int8_t);
VITRUM_PACKED_TYPE(std::int16_t);
VITRUM_PACKED_TYPE(std::int32_t);
VITRUM_PACKED_TYPE(std::int64_t);

} // namespace vitrum::frames
