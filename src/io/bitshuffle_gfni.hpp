// The bit transposition by AVX-512 and its 8 × 8 bit-matrix product (GFNI).
#pragma once
#include <cstddef>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// True when this processor (and the system) can run it.
[[nodiscard]] bool has_gfni();

/// Undoes the shuffle of the first multiple of 64 columns (512 elements) of a block of `count`
/// elements; returns how many columns of count / 8 that were. 0 for odd element sizes.
[[nodiscard]] Index
unshuffle_columns_gfni(const std::byte* in, std::byte* out, Index count, Index element_bytes);

} // namespace vitrum::io
