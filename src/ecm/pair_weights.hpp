// How much each frequency of the product of two frames tells about their displacement: what the
// joint likelihood of a window of frames makes of it, speckle that decorrelates in white noise.
#pragma once
#include <vector>

#include "tile_spectra.hpp"

namespace vitrum::ecm {

/// Lags at which frames are compared: close ones all, farther ones ever fewer, up to the window.
[[nodiscard]] std::vector<Index> compared_lags(Index window);

/// Correlation of the speckle alone between two frames, at lags 0 … window: exp(−(t/τ)^power),
/// power up to one, through what was measured at a few lags (0 where nothing was found).
[[nodiscard]] std::vector<double> speckle_coherence(const std::vector<Index>& lags,
                                                    const std::vector<double>& measured,
                                                    Index window);

/// Weights [row, column] for whitened spectra at each of the lags. Frames t of one frequency have
/// the covariance C(t, t') = s γ(|t − t'|) + (1 − s) δ, s the share of speckle; the logarithm of
/// their likelihood holds the product of frames t and t' with the factor −C⁻¹(t, t'), here of the
/// middle of a window; a lag also stands for those left out before it.
[[nodiscard]] std::vector<std::vector<float>> pair_weights(const TileTransform& transform,
                                                           const std::vector<double>& coherence,
                                                           const std::vector<Index>& lags);

} // namespace vitrum::ecm
