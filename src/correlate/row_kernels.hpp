// Sums over rows of tiles, in the widest instruction set of the machine.
#pragma once
#include <cstdint>

#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

void add_row(const float* from, float* to, Index count); // to += from
/// Each row of `from` to a row of `to`; rows of the two do not overlap.
void add_rows(
    const float* from, Index from_stride, float* to, Index to_stride, Index row_count, Index count);
void add_row(const float* from, double* to, Index count); // to += from
void add_row_skipping_nan(const float* from, double* to, Index count);

[[nodiscard]] double row_sum(const float* row, Index count);
/// Σ (x − mean)²
[[nodiscard]] double row_square_sum(const float* row, Index count, double mean);
/// Σ x and Σ x² of at most 65536 counts; of words below 5793, at most 4096.
struct CountSums {
  std::int32_t sum = 0;
  std::uint64_t square = 0;
};
[[nodiscard]] CountSums count_sums(const std::uint8_t* row, Index count);
[[nodiscard]] CountSums count_sums(const std::uint16_t* row, Index count);
/// x · scale − shift, rounded once
void scale_row(float* row, Index count, double scale, double shift);
void scale_row(float* row, Index count, const double* scale, double shift);

/// Sums over pixels of products of powers of two rows.
struct PairMoments {
  double uv = 0, u2 = 0, v2 = 0, u2v = 0, uv2 = 0;   // always
  double u4 = 0, v4 = 0, u2v2 = 0, u3v = 0, uv3 = 0; // when asked for
  PairMoments& operator+=(const PairMoments& other);
};

[[nodiscard]] PairMoments pair_moments(const float* u, const float* v, Index count, bool fourth);

} // namespace vitrum::correlate
