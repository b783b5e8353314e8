// What a detector whose signal spreads over pixels does to counting noise.
#pragma once
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::fem {

/// Covariance of the counting noise of two pixels this far apart, over the variance that a pixel
/// would have if no signal spread: ∫∫ |MTF|² cos(2π f·d) over the square of frequencies up to half
/// a cycle per pixel. Beyond `reach` it is taken for 0.
struct NoiseCorrelation {
  Index reach = 0;
  std::vector<double> values{1}; // [|dy|, |dx|]

  [[nodiscard]] double at(Index dy, Index dx) const {
    return values[static_cast<std::size_t>((dy < 0 ? -dy : dy) * (reach + 1) +
                                           (dx < 0 ? -dx : dx))];
  }
};

/// From a table as below, over up to `reach` pixels.
[[nodiscard]] NoiseCorrelation noise_correlation_of_mtf(std::span<const double> frequency,
                                                        std::span<const double> mtf,
                                                        Index reach = 24);
/// The same where the signal of an electron spreads as a Gaussian of this standard deviation.
[[nodiscard]] NoiseCorrelation noise_correlation_of_spread(double sigma_px);

/// Share of the variance of white noise that is left in single pixels, ∫∫ |MTF|² over the square of
/// frequencies up to half a cycle per pixel. `frequency` in cycles per pixel, ascending from 0 or
/// more to 0.5 or more (what lies between is a straight line, below the first 1, beyond the last
/// the last); `mtf` from 1 down. Throws DataError that names the row.
[[nodiscard]] double noise_share_of_mtf(std::span<const double> frequency,
                                        std::span<const double> mtf);

/// The same where the signal of an electron spreads as a Gaussian of this standard deviation.
[[nodiscard]] double noise_share_of_spread(double sigma_px);

} // namespace vitrum::fem
