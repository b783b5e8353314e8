// The bias of C = <II'>/(<I><I'>) over a finite number of pixels: means in the denominator
// fluctuate together with the numerator. For fully developed speckle it is −(3f − f²)/pixels with f
// = C − 1; in a long series that exceeds the statistical error.
#pragma once
#include <span>

#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate {

/// The bias of C(t1,t2) for independent pixels, from δ and δ' of that pair of frames alone (in the
/// order of `groups`); noisy: average it over many pairs. Second order of the sampling error of the
/// means, per static bin of n pixels, averaged over static bins by their pixels, with c = <δδ'>:
///     plain, static-bin:  −[c + <δ²δ'> + <δδ'²> − c (c + <δ²> + <δ'²>)] / n
///     corrcoef:           [c (3 <δ⁴ + δ'⁴>/8 + <δ²δ'²>/4) − <δ³δ' + δδ'³>/2] / n
/// Photon noise drops out of the first. In static bins (or bins) of fewer than 1000 pixels, where
/// these moments are themselves biased, it is the delete-one jackknife over pixels.
[[nodiscard]] double pair_bias(std::span<const float> u,
                               std::span<const float> v,
                               const PixelGroups& groups,
                               Normalization normalization);

/// See BlockProducts; of one pair of frames.
[[nodiscard]] BlockProducts block_products(std::span<const float> u,
                                           std::span<const float> v,
                                           const PixelGroups& groups,
                                           Normalization normalization);

} // namespace vitrum::correlate
