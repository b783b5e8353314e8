// Random numbers in bulk: the same counter-based generator as Random, made sixteen counters at a
// time with vector instructions. The bits do not depend on the instruction set.
#pragma once
#include <cstdint>
#include <span>

#include "vitrum/core/index.hpp"

namespace vitrum {

/// Value i of a stream is a function of (seed, stream, i). Numbers are made in chunks of this many.
inline constexpr Index random_chunk = 64;

/// Words first … first + size − 1 of the stream. `first` must be a multiple of random_chunk (throws
/// OptionError). The stream numbers are not those of Random: the two never share numbers.
void fill_words(std::uint64_t seed,
                std::uint64_t stream,
                Index first,
                std::span<std::uint32_t> out);

/// Normal numbers of mean 0 and variance 1 by the Box–Muller transform of fill_words, in single
/// precision (error 1e-6 |x|, or 2e-7/radius of the pair where that is more; |x| ≤ 6.8).
void fill_normal(std::uint64_t seed, std::uint64_t stream, Index first, std::span<float> out);

} // namespace vitrum
