// The inner loop of measure_series: one frame of one tile of pixels into the sums.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::frames {

/// Exact where 64-bit integers hold the sum of any series.
template <class T>
using SumOf = std::conditional_t<std::is_integral_v<T> && sizeof(T) <= 4, std::int64_t, double>;
template <class T>
using SquaresOf = std::conditional_t<std::is_integral_v<T> && sizeof(T) <= 2, std::int64_t, double>;

/// The value marks invalid pixels only if the type can hold it.
template <class T>
bool can_hold(double value) {
  if (std::isnan(value))
    return false; // NaN values are counted as not finite anyway
  if constexpr (std::is_integral_v<T>)
    return value == std::floor(value) &&
           value >= static_cast<double>(std::numeric_limits<T>::lowest()) &&
           value < std::ldexp(1.0, std::numeric_limits<T>::digits);
  else
    return true;
}

/// The hash of a pixel is Σ value · frame_word(frame) over the good frames, modulo 2^32: frames in
/// which it holds nothing add nothing.
[[nodiscard]] inline std::uint32_t frame_word(Index frame) {
  auto word = static_cast<std::uint64_t>(frame + 1) * 0x9E3779B97F4A7C15U;
  word = (word ^ (word >> 32)) * 0xD6E8FEB86659FD93U;
  return static_cast<std::uint32_t>(word >> 32) | 1U;
}

/// Where the sums of a tile's pixels lie.
template <class T>
struct TotalsView {
  SumOf<T>* sum;
  SquaresOf<T>* squares;
  T* maximum;
  std::uint32_t* invalid;
  std::uint32_t* hash;
  const T* shift; // floats only
  std::uint32_t frame_word;
};

template <class T>
struct PixelTotals {
  explicit PixelTotals(Index pixels)
      : sum(static_cast<std::size_t>(pixels)), squares(sum.size()),
        maximum(sum.size(), std::numeric_limits<T>::lowest()), invalid(sum.size()),
        hash(sum.size()) {}

  /// Sums of floats are taken about the first frame, so that the variance keeps its digits.
  void start(const T* first_frame) {
    if constexpr (std::is_floating_point_v<T>) {
      shift.assign(first_frame, first_frame + sum.size());
      for (T& value : shift)
        value = std::isfinite(value) ? value : T{};
    }
  }
  [[nodiscard]] T shift_of(std::size_t pixel) const { return shift.empty() ? T{} : shift[pixel]; }

  TotalsView<T> at(Index pixel, Index frame) {
    return {sum.data() + pixel,
            squares.data() + pixel,
            maximum.data() + pixel,
            invalid.data() + pixel,
            hash.data() + pixel,
            shift.empty() ? nullptr : shift.data() + pixel,
            frame_word(frame)};
  }

  std::vector<SumOf<T>> sum;
  std::vector<SquaresOf<T>> squares;
  std::vector<T> maximum;
  std::vector<std::uint32_t> invalid;
  std::vector<std::uint32_t> hash;
  std::vector<T> shift;
};

/// What one frame adds to the numbers per frame, over the pixels in use.
template <class T>
struct FramePart {
  SumOf<T> sum = 0;
  Index used = 0;
  T minimum = std::numeric_limits<T>::max();
  T maximum = std::numeric_limits<T>::lowest();
  Index nonfinite = 0; // of all pixels
  Index first_nonfinite = -1;
};

/// Adds `size` values of one frame; `invalid` may be null.
template <class T>
void add_frame(const T* values,
               const std::uint8_t* use,
               Index size,
               const T* invalid,
               bool good,
               TotalsView<T> totals,
               FramePart<T>& part);

} // namespace vitrum::frames
