// The coherent intermediate scattering function from densities in reciprocal space, and the g2 of
// the intensities of the same q: g2 − 1 = |F|² (Siegert) when many atoms scatter.
#pragma once
#include <complex>
#include <span>

#include "vitrum/md/motion.hpp"

namespace vitrum::md {

struct Coherent {
  std::vector<Index> lags;
  LagCurve field;     // F(q, t) = Re <ρ(t0 + t) ρ*(t0)> / <|ρ|²>
  LagCurve intensity; // <I(t0 + t) I(t0)> / <I>² − 1, means over q of each frame
};

/// `density`: [frame][q], of vectors whose |q| differ little. Errors by blocks of q, which are
/// independent. Throws DataError for fewer than two frames or eight q.
[[nodiscard]] Coherent coherent_scattering(std::span<const std::complex<float>> density,
                                           Index frames,
                                           Index per_decade = 8,
                                           Index blocks = 8);

} // namespace vitrum::md
