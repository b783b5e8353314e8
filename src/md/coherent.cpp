#include "vitrum/md/coherent.hpp"

#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {
namespace {

struct Sums {
  double field = 0, norm = 0, product = 0, first = 0, second = 0;
};

} // namespace

Coherent coherent_scattering(std::span<const std::complex<float>> density,
                             Index frames,
                             Index per_decade,
                             Index blocks) {
  const Index vectors = frames > 0 ? static_cast<Index>(density.size()) / frames : 0;
  if (frames < 2 || vectors < blocks)
    throw DataError(fmt::format("{} frames of {} reciprocal vectors, a scattering function needs "
                                "2 of {}",
                                frames,
                                vectors,
                                blocks));
  Coherent out;
  out.lags = log_lags(frames - 1, per_decade);
  const auto count = static_cast<Index>(out.lags.size());
  std::vector<double> field(static_cast<std::size_t>(count * blocks)), product(field.size());
  parallel_for(0, count * blocks, 1, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      const Index lag = out.lags[static_cast<std::size_t>(k / blocks)], block = k % blocks;
      const Index from = block * vectors / blocks, to = (block + 1) * vectors / blocks;
      Sums all;
      double ratio = 0;
      for (Index t = 0; t + lag < frames; ++t) {
        const auto* a = density.data() + t * vectors;
        const auto* b = density.data() + (t + lag) * vectors;
        Sums s;
        for (Index q = from; q < to; ++q) {
          const std::complex<double> x(a[q]), y(b[q]);
          s.field += std::real(y * std::conj(x));
          s.product += std::norm(x) * std::norm(y);
          s.first += std::norm(x);
          s.second += std::norm(y);
        }
        all.field += s.field;
        all.norm += 0.5 * (s.first + s.second);
        // the product of means over n vectors holds n of n² products of one vector with itself
        ratio += s.product / (s.first * s.second);
      }
      field[static_cast<std::size_t>(k)] = all.field / all.norm;
      product[static_cast<std::size_t>(k)] =
          static_cast<double>(to - from) * ratio / static_cast<double>(frames - lag) - 1;
    }
  });
  for (Index l = 0; l < count; ++l) {
    Moments f, g;
    for (Index b = 0; b < blocks; ++b) {
      f.add(field[static_cast<std::size_t>(l * blocks + b)]);
      g.add(product[static_cast<std::size_t>(l * blocks + b)]);
    }
    out.field.value.push_back(f.mean);
    out.field.error.push_back(f.error());
    out.intensity.value.push_back(g.mean);
    out.intensity.error.push_back(g.error());
  }
  return out;
}

} // namespace vitrum::md
