#include "vitrum/correlate/tile_kernel.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/bias.hpp"

namespace vitrum::correlate {
namespace {

/// Calls visit(i, δ, δ') for every pair i.
template <class Visit>
void each_pair(const TileKernel& kernel, std::span<const FramePair> pairs, Visit&& visit) {
  for (const FramePair pair : pairs)
    for (const Index frame : {pair.t1, pair.t2})
      if (frame < 0 || frame >= kernel.frames() || kernel.valid()[frame] == 0)
        throw DataError(fmt::format("bias of a pair with frame {}, which is a gap", frame));
  const auto pixels = static_cast<std::size_t>(kernel.pixels());
  parallel_for(0, static_cast<Index>(pairs.size()), 4, [&](Index begin, Index end) {
    std::vector<float> u(pixels), v(pixels);
    for (Index i = begin; i < end; ++i) {
      kernel.fluctuations(pairs[i].t1, u);
      kernel.fluctuations(pairs[i].t2, v);
      visit(i, u, v);
    }
  });
}

} // namespace

bool TileKernel::has_gaps() const {
  const auto frames = valid();
  return std::find(frames.begin(), frames.end(), std::uint8_t{0}) != frames.end();
}

void TileKernel::product_in_parts(Index group,
                                  Index row0,
                                  Index rows,
                                  Index col0,
                                  Index cols,
                                  float* work,
                                  Index stride,
                                  ProductParts& parts) const {
  product(group, row0, rows, col0, cols, work, stride);
  parts.finished(row0, rows, col0, cols, work, stride);
}

std::vector<double> TileKernel::pair_bias(std::span<const FramePair> pairs) const {
  std::vector<double> biases(pairs.size());
  each_pair(*this, pairs, [&](Index i, std::span<const float> u, std::span<const float> v) {
    biases[i] = correlate::pair_bias(u, v, groups(), normalization());
  });
  return biases;
}

BlockProducts TileKernel::block_products(std::span<const FramePair> pairs) const {
  std::vector<BlockProducts> products(pairs.size());
  each_pair(*this, pairs, [&](Index i, std::span<const float> u, std::span<const float> v) {
    products[i] = correlate::block_products(u, v, groups(), normalization());
  });
  BlockProducts sum;
  for (const BlockProducts& pair : products) { // in their order, whatever the number of threads
    sum.observed += pair.observed;
    sum.independent += pair.independent;
  }
  return sum;
}

} // namespace vitrum::correlate
