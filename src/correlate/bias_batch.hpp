// The bias of many pairs of frames at once: each frame that occurs is unpacked once, a few hundred
// pixels at a time, so that packed frames are read in the order in which they are stored.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "row_kernels.hpp"
#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate {

/// The frames of some pairs, ascending, each once. Throws DataError for a frame that is a gap.
struct PairFrames {
  std::vector<Index> frames;
  std::vector<FramePair> places; // of the pairs, in `frames`

  PairFrames(std::span<const FramePair> pairs, std::span<const std::uint8_t> valid);
};

/// δ of pixels [first, first + count) of the frames (ascending), [frame, count], to `out`.
using UnpackPixels =
    std::function<void(std::span<const Index> frames, Index first, Index count, float* out)>;

/// Moments over fewer pixels are themselves biased: their own bias is about 10/pixels.
inline constexpr Index enough_pixels_for_moments = 1000;

/// The bias of C from the sums of one pair over all pixels of the bin.
[[nodiscard]] double
bias_of_moments(const PairMoments& sums, double pixels, Normalization normalization);

/// Whether the bias needs nothing but moments over all pixels of the bin.
[[nodiscard]] bool bias_from_moments(const PixelGroups& groups, Normalization normalization);

/// As TileKernel::pair_bias, for bins of which bias_from_moments is true.
[[nodiscard]] std::vector<double>
batch_pair_bias(const TileKernel& kernel, std::span<const FramePair> pairs, const UnpackPixels&);

/// Whether the segments are so short that whole ones of many frames can be held at once.
[[nodiscard]] bool short_segments(const PixelGroups& groups);

/// As TileKernel::block_products, for short segments.
[[nodiscard]] BlockProducts batch_block_products(const TileKernel& kernel,
                                                 std::span<const FramePair> pairs,
                                                 const UnpackPixels&);

} // namespace vitrum::correlate
