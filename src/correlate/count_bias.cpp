// The bias of products of counts, and products of blocks, from exact sums over rows.
#include <algorithm>
#include <functional>

#include "bias_batch.hpp"
#include "count_state.hpp"
#include "row_kernels.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index piece_cells = 128; // of all frames: their rows stay near the second-level cache

/// Calls visit(thread, rows, first cell, cells) for `used` cells of the frames, piece by piece.
/// What a thread sums up must come out the same in any order.
template <class Visit>
void each_piece(const PanelKernels& kernels,
                const detail::PanelPlace& panel,
                Index used,
                std::span<const Index> frames,
                Visit&& visit) {
  const Index threads = thread_count();
  parallel_for(0, threads, 1, [&](Index thread, Index) {
    detail::CellRows rows(frames, piece_cells);
    for (Index first = thread * piece_cells; first < used; first += threads * piece_cells) {
      const Index cells = std::min(piece_cells, used - first);
      rows.read(kernels, panel, first, cells);
      visit(thread, rows, first, cells);
    }
  });
}

/// A segment of pixels, or a part of it, that is contiguous in the row.
struct SegmentPart {
  Index segment, place, count;
};

std::vector<SegmentPart> parts_of_segments(const PixelGroups& groups,
                                           const detail::CountLayout& layout) {
  std::vector<SegmentPart> parts;
  auto span = layout.spans.begin();
  for (Index s = 0; s < groups.segments(); ++s)
    for (Index pixel = groups.segment_begin[s]; pixel < groups.segment_begin[s + 1];) {
      while (pixel >= span->from + span->count)
        ++span;
      const Index count = std::min(groups.segment_begin[s + 1], span->from + span->count) - pixel;
      parts.push_back({s, span->to + pixel - span->from, count});
      pixel += count;
    }
  return parts;
}

} // namespace

/// Σ xy, Σ x²y and Σ xy² of each pair of the frames.
std::vector<detail::PairCounts>
CountKernel::State::sum_pairs(std::span<const Index> frames,
                              std::span<const FramePair> places) const {
  const detail::CountRows& kernels = detail::count_rows(level);
  const std::size_t pairs = places.size();
  const auto threads = static_cast<std::size_t>(thread_count());
  std::vector<detail::PairCounts> sums(threads * pairs);
  const auto sum_piece = [&](Index thread, const detail::CellRows& rows, Index, Index cells) {
    detail::PairCounts* to = sums.data() + static_cast<std::size_t>(thread) * pairs;
    for (const FramePair pair : places) {
      const std::uint32_t* x = rows.row(pair.t1);
      const std::uint32_t* y = rows.row(pair.t2);
      if (bits) {
        const std::uint64_t both = kernels.common_bits(x, y, cells);
        *to++ += {both, both, both};
      } else if (counts.wide()) {
        *to++ += kernels.word_pairs(reinterpret_cast<const std::uint16_t*>(x),
                                    reinterpret_cast<const std::uint16_t*>(y),
                                    2 * cells);
      } else {
        *to++ += kernels.byte_pairs(reinterpret_cast<const std::uint8_t*>(x),
                                    reinterpret_cast<const std::uint8_t*>(y),
                                    4 * cells);
      }
    }
  };
  each_piece(panel_kernels(level), panel_place(), layout.slots / per_cell(), frames, sum_piece);
  for (std::size_t thread = 1; thread < threads; ++thread)
    for (std::size_t i = 0; i < pairs; ++i)
      sums[i] += sums[thread * pairs + i];
  sums.resize(pairs);
  if (bits)
    for (std::size_t i = 0; i < pairs; ++i)
      sums[i] += bits->excess_of_pair(frames[places[i].t1], frames[places[i].t2]);
  return sums;
}

/// Σ x over the segments of each of the frames, [frame, segment].
std::vector<std::uint64_t> CountKernel::State::sum_segments(std::span<const Index> frames) const {
  const Index segments = counts.groups.segments();
  const detail::CountRows& kernels = detail::count_rows(level);
  const std::vector<SegmentPart> parts = parts_of_segments(counts.groups, layout);
  const std::size_t size = frames.size() * static_cast<std::size_t>(segments);
  const auto threads = static_cast<std::size_t>(thread_count());
  std::vector<std::uint64_t> sums(threads * size, 0);
  const auto sum_piece = [&](Index thread,
                             const detail::CellRows& rows,
                             Index first_cell,
                             Index cells) {
    const Index first = first_cell * per_cell(), last = (first_cell + cells) * per_cell();
    const auto begin =
        std::partition_point(parts.begin(), parts.end(), [first](const SegmentPart& part) {
          return part.place + part.count <= first;
        });
    for (Index i = 0; i < rows.size(); ++i) {
      const std::uint32_t* row = rows.row(i);
      std::uint64_t* to = sums.data() + static_cast<std::size_t>(thread) * size +
                          static_cast<std::size_t>(i * segments);
      for (auto part = begin; part != parts.end() && part->place < last; ++part) {
        const Index from = std::max(part->place, first);
        const Index count = std::min(part->place + part->count, last) - from;
        if (bits) {
          to[part->segment] += kernels.bits_between(row, from - first, count);
          continue;
        }
        to[part->segment] += static_cast<std::uint64_t>(
            counts.wide()
                ? count_sums(reinterpret_cast<const std::uint16_t*>(row) + from - first, count).sum
                : count_sums(reinterpret_cast<const std::uint8_t*>(row) + from - first, count).sum);
      }
      if (!bits || !bits->any_excess())
        continue;
      auto part = begin; // of the count at hand; both ascend
      bits->each_excess(frames[i], first, last - first, [&](Index place, std::uint32_t excess) {
        while (part->place + part->count <= place)
          ++part;
        to[part->segment] += excess;
      });
    }
  };
  each_piece(panel_kernels(level), panel_place(), layout.slots / per_cell(), frames, sum_piece);
  for (std::size_t thread = 1; thread < threads; ++thread)
    for (std::size_t i = 0; i < size; ++i)
      sums[i] += sums[thread * size + i];
  sums.resize(size);
  return sums;
}

std::vector<double> CountKernel::State::bias_of_pairs(std::span<const FramePair> pairs) const {
  const PairFrames f(pairs, counts.valid);
  const std::vector<detail::PairCounts> sums = sum_pairs(f.frames, f.places);
  const auto n = static_cast<double>(counts.pixels());
  std::vector<double> biases(pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    // u = f1 x − 1 and v = f2 y − 1, of mean 0
    const auto [t1, t2] = pairs[i];
    const double f1 = factor[t1], f2 = factor[t2];
    const auto xy = f1 * f2 * static_cast<double>(sums[i].xy);
    const auto xxy = f1 * f1 * f2 * static_cast<double>(sums[i].xxy);
    const auto xyy = f1 * f2 * f2 * static_cast<double>(sums[i].xyy);
    const double xx = f1 * f1 * square[t1], yy = f2 * f2 * square[t2];
    PairMoments moments;
    moments.uv = xy - n;
    moments.u2 = xx - n;
    moments.v2 = yy - n;
    moments.u2v = xxy - xx - 2 * (xy - n);
    moments.uv2 = xyy - yy - 2 * (xy - n);
    biases[i] = bias_of_moments(moments, n, normalization);
  }
  return biases;
}

BlockProducts CountKernel::State::blocks_of_pairs(std::span<const FramePair> pairs) const {
  const PairFrames f(pairs, counts.valid);
  const std::vector<detail::PairCounts> sums = sum_pairs(f.frames, f.places);
  const std::vector<std::uint64_t> segments = sum_segments(f.frames);
  const PixelGroups& groups = counts.groups;
  const auto n = static_cast<double>(counts.pixels());
  double squares = 0; // Σ n_j²
  for (Index s = 0; s < groups.segments(); ++s) {
    const auto of_segment =
        static_cast<double>(groups.segment_begin[s + 1] - groups.segment_begin[s]);
    squares += of_segment * of_segment;
  }
  const auto shifts = [&](Index i) { // Σ δ over the segments of a frame
    std::vector<double> shift(static_cast<std::size_t>(groups.segments()));
    for (Index s = 0; s < groups.segments(); ++s)
      shift[s] = factor[f.frames[i]] * static_cast<double>(segments[i * groups.segments() + s]) -
                 offset[f.frames[i]] *
                     static_cast<double>(groups.segment_begin[s + 1] - groups.segment_begin[s]);
    return shift;
  };
  std::vector<std::vector<double>> shift;
  for (Index i = 0; i < static_cast<Index>(f.frames.size()); ++i)
    shift.push_back(shifts(i));
  BlockProducts result;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto [t1, t2] = pairs[i];
    const std::vector<double>& left = shift[f.places[i].t1];
    const std::vector<double>& right = shift[f.places[i].t2];
    double observed = 0;
    for (Index s = 0; s < groups.segments(); ++s)
      observed += left[s] * right[s];
    result.observed += observed;
    const double product = factor[t1] * factor[t2] * static_cast<double>(sums[i].xy) -
                           factor[t1] * offset[t2] * total[t1] -
                           factor[t2] * offset[t1] * total[t2] + n * offset[t1] * offset[t2];
    // δ sums to zero over the bin, which takes n_j²/n from each block of n_j pixels.
    result.independent += product * (1 - squares / (n * n));
  }
  return result;
}

} // namespace vitrum::correlate
