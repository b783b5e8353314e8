#include "bias_batch.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/bias.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index batch = 1024;      // pairs, of at most twice as many frames
constexpr Index some_pixels = 256; // of all these frames: they fit the second-level cache
constexpr Index lanes = 16; // parts of the pixels that are summed apart, whatever the threads

void bias_of_batch(const TileKernel& kernel,
                   std::span<const FramePair> pairs,
                   const UnpackPixels& unpack,
                   double* biases) {
  std::vector<Index> frames;
  for (const FramePair pair : pairs)
    for (const Index frame : {pair.t1, pair.t2}) {
      if (frame < 0 || frame >= kernel.frames() || kernel.valid()[frame] == 0)
        throw DataError(fmt::format("bias of a pair with frame {}, which is a gap", frame));
      frames.push_back(frame);
    }
  std::sort(frames.begin(), frames.end());
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  const auto place = [&](Index frame) {
    return std::lower_bound(frames.begin(), frames.end(), frame) - frames.begin();
  };
  std::vector<FramePair> places;
  for (const FramePair pair : pairs)
    places.push_back({place(pair.t1), place(pair.t2)});

  const bool fourth = kernel.normalization() == Normalization::corrcoef;
  const Index pixels = kernel.pixels();
  std::vector<PairMoments> sums(static_cast<std::size_t>(lanes) * pairs.size());
  parallel_for(0, lanes, 1, [&](Index lane, Index) {
    Buffer<float> rows(static_cast<Index>(frames.size()) * some_pixels);
    for (Index first = lane * some_pixels; first < pixels; first += lanes * some_pixels) {
      const Index count = std::min(some_pixels, pixels - first);
      unpack(frames, first, count, rows.data());
      for (std::size_t i = 0; i < pairs.size(); ++i)
        sums[static_cast<std::size_t>(lane) * pairs.size() + i] += pair_moments(
            rows.data() + places[i].t1 * count, rows.data() + places[i].t2 * count, count, fourth);
    }
  });
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    PairMoments sum;
    for (Index lane = 0; lane < lanes; ++lane)
      sum += sums[static_cast<std::size_t>(lane) * pairs.size() + i];
    biases[i] = bias_of_moments(sum, static_cast<double>(pixels), kernel.normalization());
  }
}

} // namespace

bool bias_from_moments(const PixelGroups& groups, Normalization normalization) {
  return (normalization != Normalization::static_bin || groups.static_bins == 1) &&
         groups.pixels() >= enough_pixels_for_moments;
}

std::vector<double> batch_pair_bias(const TileKernel& kernel,
                                    std::span<const FramePair> pairs,
                                    const UnpackPixels& unpack) {
  std::vector<double> biases(pairs.size());
  for (std::size_t first = 0; first < pairs.size(); first += batch)
    bias_of_batch(kernel,
                  pairs.subspan(first, std::min<std::size_t>(batch, pairs.size() - first)),
                  unpack,
                  biases.data() + first);
  return biases;
}

} // namespace vitrum::correlate
