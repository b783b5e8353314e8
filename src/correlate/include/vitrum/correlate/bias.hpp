// The bias of C = <II'>/(<I><I'>) over a finite number of pixels: means in the denominator
// fluctuate together with the numerator. For fully developed speckle it is −(3f − f²)/pixels with f
// = C − 1; in a long series that exceeds the statistical error.
#pragma once
#include <cstdint>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/normalization.hpp"

namespace vitrum::correlate {

/// The bias of C(t1,t2), estimated from that pair of frames alone: the delete-one jackknife over
/// blocks of pixels (of unequal sizes: Busing, Meijer & van der Leeden, Stat. Comput. 9 (1999) 3),
/// per static bin, averaged over static bins by their pixels. Noisy: average it over many pairs of
/// frames.
[[nodiscard]] double pair_bias(const Fluctuations& fluctuations, Index t1, Index t2);

} // namespace vitrum::correlate
