// A counting detector: Poisson counts of given rates, sixteen at a time.
#pragma once
#include <cstdint>
#include <span>

#include "vitrum/core/index.hpp"

namespace vitrum::synth {

/// counts[i] for a rate and a random word each; groups of 16. Rates below 12 by inversion of the
/// distribution function (exact to 2^−32), larger ones by Random::poisson with the stream of that
/// value, stream + i.
void draw_counts(std::span<const float> rates,
                 std::span<const std::uint32_t> words,
                 std::uint64_t seed,
                 std::uint64_t stream,
                 std::span<std::uint32_t> counts);

} // namespace vitrum::synth
