// Correlation of a virtual experiment measured pixel by pixel with known means: the slow twin of
// what the analysis does, with honest errors, since pixels are independent.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "vitrum/core/statistics.hpp"
#include "vitrum/synth/xpcs.hpp"

namespace vitrum::synth {

inline std::vector<double> all_counts(const XpcsExperiment& experiment) {
  const auto& info = experiment.info();
  std::vector<double> values(static_cast<std::size_t>(info.frames * info.pixels()));
  experiment.generate([&](Index first, Index count, const std::byte* counts) {
    for (Index i = 0; i < count * info.pixels(); ++i)
      values[static_cast<std::size_t>(first * info.pixels() + i)] =
          info.type == frames::PixelType::u16
              ? static_cast<double>(reinterpret_cast<const std::uint16_t*>(counts)[i])
              : static_cast<double>(reinterpret_cast<const std::uint32_t*>(counts)[i]);
  });
  return values;
}

struct Measured {
  double value = 0, error = 0;
};

/// Mean over pixels of a bin of the mean over t in [first, last) of n(t) n(t + lag)/(µ(t) µ(t +
/// lag)); lag 0 takes n(n − 1). Hot and dead pixels are left out.
inline Measured correlation(const XpcsExperiment& experiment,
                            const std::vector<double>& counts,
                            Index bin,
                            Index lag,
                            Index first,
                            Index last) {
  const Index pixels = experiment.info().pixels();
  const auto& beam = experiment.beam_intensity();
  const auto listed = [](const std::vector<Index>& list, Index pixel) {
    return std::binary_search(list.begin(), list.end(), pixel);
  };
  Moments over_pixels;
  for (Index p = 0; p < pixels; ++p) {
    if (experiment.partition().dynamic_labels[static_cast<std::size_t>(p)] != bin ||
        listed(experiment.hot_pixels(), p) || listed(experiment.dead_pixels(), p))
      continue;
    const double mu = experiment.expected_counts(p);
    double sum = 0;
    for (Index t = first; t < last; ++t) {
      const double a = counts[static_cast<std::size_t>(t * pixels + p)];
      const double b = counts[static_cast<std::size_t>((t + lag) * pixels + p)];
      sum +=
          a * (lag == 0 ? b - 1 : b) /
          (mu * mu * beam[static_cast<std::size_t>(t)] * beam[static_cast<std::size_t>(t + lag)]);
    }
    over_pixels.add(sum / static_cast<double>(last - first));
  }
  return {over_pixels.mean, over_pixels.error()};
}

} // namespace vitrum::synth
