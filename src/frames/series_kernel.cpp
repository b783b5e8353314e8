#include "series_kernel.hpp"
#include "vitrum/core/simd.hpp"

#include <bit>

namespace vitrum::frames {
namespace {

template <class T>
std::uint32_t word_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if constexpr (sizeof(T) == 4) { // the digits stand in the upper bits: bring them down
      const std::uint32_t bits = std::bit_cast<std::uint32_t>(value) * 0x9E3779B1U;
      return bits ^ (bits >> 16) ^ (bits >> 23);
    } else
      return word_of(std::bit_cast<std::uint64_t>(value));
  } else if constexpr (sizeof(T) == 8) {
    const auto bits = static_cast<std::uint64_t>(value);
    return static_cast<std::uint32_t>(bits) ^
           (static_cast<std::uint32_t>(bits >> 32) * 0x85EBCA6BU);
  } else {
    return static_cast<std::uint32_t>(value);
  }
}

// Branch-free, so that the compiler makes vectors of it.
template <class T>
[[gnu::always_inline]] inline void add_valid(const T* __restrict values,
                                             const std::uint8_t* __restrict use,
                                             Index size,
                                             bool good,
                                             TotalsView<T> totals,
                                             FramePart<T>& part) {
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  SumOf<T> sum = 0;
  Index used = 0;
  T low = part.minimum, high = part.maximum;
  for (Index i = 0; i < size; ++i) {
    const T value = values[i];
    sum += use[i] != 0 ? static_cast<SumOf<T>>(value) : SumOf<T>{0};
    used += use[i] != 0 ? 1 : 0;
    low = use[i] != 0 && value < low ? value : low;
    high = use[i] != 0 && value > high ? value : high;
  }
  part.sum += sum;
  part.used += used;
  part.minimum = low;
  part.maximum = high;
  if (!good)
    return;
  auto* __restrict sums = totals.sum;
  auto* __restrict squares = totals.squares;
  T* __restrict maximum = totals.maximum;
  std::uint32_t* __restrict hash = totals.hash;
  if constexpr (std::is_integral_v<T> && sizeof(T) <= 2) {
    for (Index i = 0; i < size; ++i) {
      const auto value = static_cast<std::int32_t>(values[i]);
      const auto wide = static_cast<std::uint32_t>(value) * static_cast<std::uint32_t>(value);
      sums[i] += value;
      squares[i] += wide; // at most (2^16 − 1)²: fits
    }
  } else {
    for (Index i = 0; i < size; ++i) {
      if constexpr (std::is_floating_point_v<T>) {
        const double value = static_cast<double>(values[i]) - static_cast<double>(totals.shift[i]);
        sums[i] += value;
        squares[i] += value * value;
      } else {
        const auto value = static_cast<double>(static_cast<Wide>(values[i]));
        sums[i] += static_cast<SumOf<T>>(values[i]);
        squares[i] += value * value;
      }
    }
  }
  for (Index i = 0; i < size; ++i)
    maximum[i] = values[i] > maximum[i] ? values[i] : maximum[i];
  for (Index i = 0; i < size; ++i)
    hash[i] += word_of(values[i]) * totals.frame_word;
}

// Value by value, for frames that hold values that are invalid or not finite.
template <class T>
void add_checked(const T* values,
                 const std::uint8_t* use,
                 Index size,
                 const T* invalid,
                 bool good,
                 TotalsView<T> totals,
                 FramePart<T>& part) {
  for (Index i = 0; i < size; ++i) {
    const T value = values[i];
    bool finite = true;
    if constexpr (std::is_floating_point_v<T>)
      finite = std::isfinite(value);
    if (good)
      totals.hash[i] += word_of(value) * totals.frame_word;
    if (!finite || (invalid != nullptr && value == *invalid)) {
      if (good) {
        ++totals.invalid[i];
        if (!finite && part.nonfinite++ == 0)
          part.first_nonfinite = i;
      }
      continue;
    }
    if (use[i] != 0) {
      part.sum += static_cast<SumOf<T>>(value);
      ++part.used;
      part.minimum = std::min(part.minimum, value);
      part.maximum = std::max(part.maximum, value);
    }
    if (!good)
      continue;
    if constexpr (std::is_floating_point_v<T>) {
      const double shifted = static_cast<double>(value) - static_cast<double>(totals.shift[i]);
      totals.sum[i] += shifted;
      totals.squares[i] += shifted * shifted;
    } else {
      totals.sum[i] += static_cast<SumOf<T>>(value);
      totals.squares[i] += static_cast<SquaresOf<T>>(value) * static_cast<SquaresOf<T>>(value);
    }
    totals.maximum[i] = std::max(totals.maximum[i], value);
  }
}

template <class T>
[[gnu::always_inline]] inline bool
all_valid(const T* __restrict values, Index size, const T* invalid) {
  bool bad = false;
  if (invalid != nullptr) {
    const T marker = *invalid;
    for (Index i = 0; i < size; ++i)
      bad |= values[i] == marker;
  }
  if constexpr (std::is_floating_point_v<T>) {
    constexpr T most = std::numeric_limits<T>::max();
    for (Index i = 0; i < size; ++i)
      bad |= !(values[i] >= -most && values[i] <= most);
  }
  return !bad;
}

template <class T>
[[gnu::always_inline]] inline bool add_if_valid(const T* values,
                                                const std::uint8_t* use,
                                                Index size,
                                                const T* invalid,
                                                bool good,
                                                TotalsView<T> totals,
                                                FramePart<T>& part) {
  if (!all_valid(values, size, invalid))
    return false;
  add_valid(values, use, size, good, totals, part);
  return true;
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
// No fused multiply-add in these: every path must give the same bits.
template <class T>
[[gnu::target("avx512f,avx512bw,avx512vl,avx512dq"), gnu::optimize("O3", "fp-contract=off")]] bool
add_avx512(const T* values,
           const std::uint8_t* use,
           Index size,
           const T* invalid,
           bool good,
           TotalsView<T> totals,
           FramePart<T>& part) {
  return add_if_valid(values, use, size, invalid, good, totals, part);
}
template <class T>
[[gnu::target("avx2"), gnu::optimize("O3", "fp-contract=off")]] bool
add_avx2(const T* values,
         const std::uint8_t* use,
         Index size,
         const T* invalid,
         bool good,
         TotalsView<T> totals,
         FramePart<T>& part) {
  return add_if_valid(values, use, size, invalid, good, totals, part);
}
#endif

template <class T>
bool add_plain(const T* values,
               const std::uint8_t* use,
               Index size,
               const T* invalid,
               bool good,
               TotalsView<T> totals,
               FramePart<T>& part) {
  return add_if_valid(values, use, size, invalid, good, totals, part);
}

template <class T>
auto best() {
#ifdef VITRUM_VECTORS
  if (simd_level() >= SimdLevel::avx512)
    return &add_avx512<T>;
  if (simd_level() >= SimdLevel::avx2)
    return &add_avx2<T>;
#endif
  return &add_plain<T>;
}

} // namespace

template <class T>
void add_frame(const T* values,
               const std::uint8_t* use,
               Index size,
               const T* invalid,
               bool good,
               TotalsView<T> totals,
               FramePart<T>& part) {
  static const auto add = best<T>();
  if (!add(values, use, size, invalid, good, totals, part))
    add_checked(values, use, size, invalid, good, totals, part);
}

#define VITRUM_ADD_FRAME(T)                                                                        \
  template void add_frame<T>(                                                                      \
      const T*, const std::uint8_t*, Index, const T*, bool, TotalsView<T>, FramePart<T>&)
VITRUM_ADD_FRAME(std::uint8_t);
VITRUM_ADD_FRAME(std::uint16_t);
VITRUM_ADD_FRAME(std::uint32_t);
VITRUM_ADD_FRAME(std::uint64_t);
VITRUM_ADD_FRAME(std::int8_t);
VITRUM_ADD_FRAME(std::int16_t);
VITRUM_ADD_FRAME(std::int32_t);
VITRUM_ADD_FRAME(std::int64_t);
VITRUM_ADD_FRAME(float);
VITRUM_ADD_FRAME(double);

} // namespace vitrum::frames
