// The inner loops of packing frames, in vectors where the processor has them.
#pragma once
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "vitrum/core/index.hpp"

namespace vitrum::frames {

/// The value that detectors put where there is no data, which a byte of 255 stands for.
template <class T>
constexpr T no_data_mark() {
  return std::is_signed_v<T> ? static_cast<T>(-1) : std::numeric_limits<T>::max();
}

/// What the values of a frame need.
struct Census {
  Index events = 0;         // values that are not zero
  bool marked_bytes = true; // all below 255 or the mark
  bool words = true;        // all below 2^16
  bool counts_8 = true;     // all below 2^8
  bool counts_32 = true;    // none negative or beyond 2^32
};

template <class T>
struct CensusBits {
  std::make_unsigned_t<T> unmarked = 0, all = 0; // largest value but the mark, and of all
  Index zeros = 0, values = 0;
};

/// Adds `count` values; negative ones count as large.
template <class T>
void take_census(const T* values, Index count, CensusBits<T>& bits);

template <class T>
Census census_of(const CensusBits<T>& bits) {
  using Wide = std::make_unsigned_t<T>;
  Census census;
  const auto largest = static_cast<std::uint64_t>(bits.all);
  census.events = bits.values - bits.zeros;
  census.marked_bytes = static_cast<std::uint64_t>(bits.unmarked) < 255;
  const bool negative =
      std::is_signed_v<T> && bits.all > static_cast<Wide>(std::numeric_limits<T>::max());
  census.counts_8 = !negative && largest < 256;
  census.words = !negative && largest < 65536;
  census.counts_32 = !negative && largest <= std::numeric_limits<std::uint32_t>::max();
  return census;
}

/// Low bytes of each value.
template <class T, class To>
void narrow(const T* from, Index count, To* to);

template <class T>
void widen(const std::uint16_t* from, Index count, T* to);
/// 255 becomes the mark.
template <class T>
void widen_marked(const std::uint8_t* from, Index count, T* to);

/// Calls use(p) for the values of [begin, begin + count) that are not zero, of nearly empty frames.
template <class T, class Use>
void each_nonzero(const T* values, Index begin, Index count, Use&& use) {
  constexpr Index step = 64 / static_cast<Index>(sizeof(T)); // looked at in one go
  for (Index first = begin; first < begin + count; first += step) {
    const Index last = first + step < begin + count ? first + step : begin + count;
    if (last - first == step) {
      std::uint64_t words[8];
      std::memcpy(words, values + first, sizeof words);
      std::uint64_t any = 0;
      for (const std::uint64_t word : words)
        any |= word;
      if (any == 0)
        continue;
    }
    for (Index p = first; p < last; ++p)
      if (values[p] != T{0})
        use(p);
  }
}

} // namespace vitrum::frames
