// What a detector whose signal spreads over pixels does to counting noise.
#pragma once
#include <span>

namespace vitrum::fem {

/// Share of the variance of white noise that is left in single pixels, ∫∫ |MTF|² over the square of
/// frequencies up to half a cycle per pixel. `frequency` in cycles per pixel, ascending from 0 or
/// more to 0.5 or more (what lies between is a straight line, below the first 1, beyond the last
/// the last); `mtf` from 1 down. Throws DataError that names the row.
[[nodiscard]] double noise_share_of_mtf(std::span<const double> frequency,
                                        std::span<const double> mtf);

/// The same where the signal of an electron spreads as a Gaussian of this standard deviation.
[[nodiscard]] double noise_share_of_spread(double sigma_px);

} // namespace vitrum::fem
