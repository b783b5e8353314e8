// Which instruction set the kernels run: the best of this processor, or the one that the
// environment variable VITRUM_SIMD names. Results may differ between sets in the last digits.
#pragma once
#include <string_view>
#include <vector>

/// Ends the target of a kernel whose loops are to fill registers of 512 bits; clang needs no word.
#if defined(__clang__)
#define VITRUM_WIDE ""
#else
#define VITRUM_WIDE ",prefer-vector-width=512"
#endif

namespace vitrum {

/// Each holds all before it. vnni: AVX-512 with products of bytes (VNNI) and population counts.
enum class SimdLevel { baseline, avx2, avx512, vnni };

[[nodiscard]] std::string_view name_of(SimdLevel level); // "baseline", "avx2", "avx512", "vnni"

/// What this processor can run, in ascending order.
[[nodiscard]] std::vector<SimdLevel> simd_levels();

/// The level that VITRUM_SIMD names, else the best. Throws OptionError when the name is unknown or
/// the processor lacks that set.
[[nodiscard]] SimdLevel simd_level();

/// The same for a given value of the variable; null: the best.
[[nodiscard]] SimdLevel parse_simd_level(const char* name);

} // namespace vitrum
