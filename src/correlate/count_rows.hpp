// Inner loops over rows of counts of single frames, in every instruction set.
#pragma once
#include <cstdint>

#include "vitrum/core/index.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::correlate::detail {

/// Sums over the pixels of two frames, exact.
struct PairCounts {
  std::uint64_t xy = 0, xxy = 0, xyy = 0;
  PairCounts& operator+=(const PairCounts& other) {
    xy += other.xy;
    xxy += other.xxy;
    xyy += other.xyy;
    return *this;
  }
};

struct FoundBits {
  std::int32_t count = 0; // counts above zero
  bool any_above_one = false;
};

struct CountRows {
  /// Of at most 1024 counts below 128.
  PairCounts (*byte_pairs)(const std::uint8_t* x, const std::uint8_t* y, Index count);
  /// Of counts below 5793.
  PairCounts (*word_pairs)(const std::uint16_t* x, const std::uint16_t* y, Index count);
  /// Bits that both have.
  std::uint64_t (*common_bits)(const std::uint32_t* x, const std::uint32_t* y, Index cells);
  /// Bits set among `count` of a row from the one at `first` on.
  std::uint64_t (*bits_between)(const std::uint32_t* row, Index first, Index count);
  /// Cells of 32 bits: which counts are above zero, and which above one.
  FoundBits (*find_bits)(const std::uint8_t* row,
                         Index cells,
                         std::uint32_t* above_zero,
                         std::uint32_t* above_one);
  /// The bits of the cells as counts.
  void (*expand_bits)(const std::uint32_t* cells, Index count, std::uint16_t* row);
  /// row[step · w + i] += excess where bit i < 48 of words[w] is set.
  void (*add_where)(
      const std::uint64_t* words, Index count, std::int32_t excess, std::int32_t* row, Index step);
  /// out = a (x − c) − v
  void (*scale_bytes)(const std::uint8_t* row, Index count, float a, float c, float v, float* out);
  void (*scale_words)(const std::uint16_t* row, Index count, float a, float c, float v, float* out);
};

[[nodiscard]] const CountRows& count_rows(SimdLevel level);

} // namespace vitrum::correlate::detail
