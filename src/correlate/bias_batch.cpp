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
constexpr Index some_pixels = 128; // of all these frames: they fit the second-level cache
constexpr Index lanes = 16; // parts of the pixels that are summed apart, whatever the threads

/// Where pieces of about `some_pixels` begin, and the end of the last.
std::vector<Index> even_pieces(Index pixels) {
  std::vector<Index> begins;
  for (Index first = 0; first < pixels; first += some_pixels)
    begins.push_back(first);
  begins.push_back(pixels);
  return begins;
}

/// The same of whole segments.
std::vector<Index> pieces_of_segments(const PixelGroups& groups) {
  std::vector<Index> begins{0};
  for (Index s = 0; s < groups.segments(); ++s)
    if (s + 1 == groups.segments() || groups.segment_begin[s + 2] - begins.back() > some_pixels)
      begins.push_back(groups.segment_begin[s + 1]);
  return begins;
}

/// Calls visit(lane, first pixel, pixels, rows) for pieces of the frames. `rows` is [frame,
/// pixels].
template <class Visit>
void each_piece(std::span<const Index> begins,
                std::span<const Index> frames,
                const UnpackPixels& unpack,
                Visit&& visit) {
  const auto pieces = static_cast<Index>(begins.size()) - 1;
  Index most = 0;
  for (Index piece = 0; piece < pieces; ++piece)
    most = std::max(most, begins[piece + 1] - begins[piece]);
  parallel_for(0, lanes, 1, [&](Index lane, Index) {
    Buffer<float> rows(static_cast<Index>(frames.size()) * most);
    for (Index piece = lane; piece < pieces; piece += lanes) {
      const Index count = begins[piece + 1] - begins[piece];
      unpack(frames, begins[piece], count, rows.data());
      visit(lane, begins[piece], count, rows.data());
    }
  });
}

/// Calls visit(first, pairs) for at most `batch` of the pairs at a time.
template <class Visit>
void each_batch(std::span<const FramePair> pairs, Visit&& visit) {
  for (std::size_t first = 0; first < pairs.size(); first += batch)
    visit(first, pairs.subspan(first, std::min<std::size_t>(batch, pairs.size() - first)));
}

void bias_of_batch(const TileKernel& kernel,
                   std::span<const FramePair> pairs,
                   const UnpackPixels& unpack,
                   double* biases) {
  const PairFrames f(pairs, kernel.valid());
  const bool fourth = kernel.normalization() == Normalization::corrcoef;
  std::vector<PairMoments> sums(static_cast<std::size_t>(lanes) * pairs.size());
  const auto add = [&](Index lane, Index, Index count, const float* rows) {
    PairMoments* to = sums.data() + static_cast<std::size_t>(lane) * pairs.size();
    for (const FramePair pair : f.places)
      *to++ += pair_moments(rows + pair.t1 * count, rows + pair.t2 * count, count, fourth);
  };
  each_piece(even_pieces(kernel.pixels()), f.frames, unpack, add);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    PairMoments sum;
    for (Index lane = 0; lane < lanes; ++lane)
      sum += sums[static_cast<std::size_t>(lane) * pairs.size() + i];
    biases[i] = bias_of_moments(sum, static_cast<double>(kernel.pixels()), kernel.normalization());
  }
}

/// Sums over the segments of one static bin.
struct SegmentSums {
  double product = 0, observed = 0; // Σ δδ', Σ_j (Σ_j δ)(Σ_j δ')
};

} // namespace

PairFrames::PairFrames(std::span<const FramePair> pairs, std::span<const std::uint8_t> valid) {
  for (const FramePair pair : pairs)
    for (const Index frame : {pair.t1, pair.t2}) {
      if (frame < 0 || frame >= static_cast<Index>(valid.size()) || valid[frame] == 0)
        throw DataError(fmt::format("bias of a pair with frame {}, which is a gap", frame));
      frames.push_back(frame);
    }
  std::sort(frames.begin(), frames.end());
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  const auto place = [&](Index frame) {
    return std::lower_bound(frames.begin(), frames.end(), frame) - frames.begin();
  };
  for (const FramePair pair : pairs)
    places.push_back({place(pair.t1), place(pair.t2)});
}

bool bias_from_moments(const PixelGroups& groups, Normalization normalization) {
  return (normalization != Normalization::static_bin || groups.static_bins == 1) &&
         groups.pixels() >= enough_pixels_for_moments;
}

std::vector<double> batch_pair_bias(const TileKernel& kernel,
                                    std::span<const FramePair> pairs,
                                    const UnpackPixels& unpack) {
  std::vector<double> biases(pairs.size());
  each_batch(pairs, [&](std::size_t first, std::span<const FramePair> some) {
    bias_of_batch(kernel, some, unpack, biases.data() + first);
  });
  return biases;
}

bool short_segments(const PixelGroups& groups) {
  for (Index s = 0; s < groups.segments(); ++s)
    if (groups.segment_begin[s + 1] - groups.segment_begin[s] > 4 * some_pixels)
      return false;
  return true;
}

BlockProducts batch_block_products(const TileKernel& kernel,
                                   std::span<const FramePair> pairs,
                                   const UnpackPixels& unpack) {
  const PixelGroups& groups = kernel.groups();
  const bool by_static = kernel.normalization() == Normalization::static_bin;
  const auto statics = by_static ? static_cast<std::size_t>(groups.static_bins) : 1;
  const auto bin_of = [&](Index segment) {
    return by_static ? static_cast<std::size_t>(groups.static_bin[groups.segment_begin[segment]])
                     : 0;
  };
  std::vector<SegmentSums> sums(static_cast<std::size_t>(lanes) * statics);
  const auto add = [&](std::span<const FramePair> places,
                       Index lane,
                       Index first,
                       Index count,
                       const float* rows) {
    const auto begin = static_cast<Index>(
        std::lower_bound(groups.segment_begin.begin(), groups.segment_begin.end(), first) -
        groups.segment_begin.begin());
    SegmentSums* const to = sums.data() + static_cast<std::size_t>(lane) * statics;
    for (const FramePair pair : places) {
      const float* const u = rows + pair.t1 * count - first;
      const float* const v = rows + pair.t2 * count - first;
      for (Index s = begin; groups.segment_begin[s] < first + count; ++s) {
        double left = 0, right = 0, product = 0;
        for (Index p = groups.segment_begin[s]; p < groups.segment_begin[s + 1]; ++p) {
          const auto x = static_cast<double>(u[p]), y = static_cast<double>(v[p]);
          left += x;
          right += y;
          product += x * y;
        }
        SegmentSums& bin = to[bin_of(s)];
        bin.product += product;
        bin.observed += left * right;
      }
    }
  };
  const std::vector<Index> pieces = pieces_of_segments(groups);
  each_batch(pairs, [&](std::size_t, std::span<const FramePair> some) {
    const PairFrames f(some, kernel.valid());
    each_piece(pieces, f.frames, unpack, [&](auto... piece) { add(f.places, piece...); });
  });

  std::vector<double> pixels(statics, 0.0), squares(statics, 0.0); // Σ n_j, Σ n_j²
  for (Index s = 0; s < groups.segments(); ++s) {
    const auto n = static_cast<double>(groups.segment_begin[s + 1] - groups.segment_begin[s]);
    pixels[bin_of(s)] += n;
    squares[bin_of(s)] += n * n;
  }
  BlockProducts result;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t bin = i % statics;
    result.observed += sums[i].observed;
    // δ sums to zero over the static bin, which takes n_j²/n from each block of n_j pixels.
    result.independent += sums[i].product * (1 - squares[bin] / (pixels[bin] * pixels[bin]));
  }
  return result;
}

} // namespace vitrum::correlate
