// From movies of walkers the exponent of their waiting times is found again, from the aging map
// alone, and the exact formula describes the map within its errors.
#include <cmath>
#include <cstdio>
#include <vector>

#include <gtest/gtest.h>

#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/renewal_fit.hpp"
#include "vitrum/synth/ctrw.hpp"

namespace vitrum::synth {
namespace {

/// Maps of C of `groups` groups of pixels, the slow obvious way. Means of frames are taken over all
/// pixels; what the mean h of a group does to C is taken away to first order, −D (h + h').
std::vector<std::vector<float>> maps_of(const CtrwExperiment& experiment, Index groups) {
  const Index frames = experiment.info().frames, pixels = experiment.info().pixels();
  std::vector<float> delta(static_cast<std::size_t>(frames * pixels));
  experiment.generate([&](Index first, Index count, const std::byte* bytes) {
    const auto* counts = reinterpret_cast<const std::uint16_t*>(bytes);
    for (Index i = 0; i < count; ++i) {
      double mean = 0;
      for (Index p = 0; p < pixels; ++p)
        mean += counts[i * pixels + p];
      mean /= static_cast<double>(pixels);
      for (Index p = 0; p < pixels; ++p)
        delta[static_cast<std::size_t>((first + i) * pixels + p)] =
            static_cast<float>(counts[i * pixels + p] / mean - 1);
    }
  });
  const auto n = static_cast<std::size_t>(frames * frames);
  std::vector<std::vector<float>> maps(static_cast<std::size_t>(groups),
                                       std::vector<float>(n, NAN));
  std::vector<std::vector<float>> means(maps.size());
  std::vector<float> whole(n, 0);
  const Index size = pixels / groups;
  const auto row = [&](Index frame, Index g) {
    return &delta[static_cast<std::size_t>(frame * pixels + g * size)];
  };
  parallel_for(0, groups, 1, [&](Index g, Index) {
    auto& map = maps[static_cast<std::size_t>(g)];
    for (Index i = 0; i < frames; ++i) {
      float mean = 0;
      for (Index p = 0; p < size; ++p)
        mean += row(i, g)[p] / static_cast<float>(size);
      means[static_cast<std::size_t>(g)].push_back(mean);
      for (Index k = 0; k < i; ++k) {
        float sum = 0;
        for (Index p = 0; p < size; ++p)
          sum += row(i, g)[p] * row(k, g)[p];
        map[static_cast<std::size_t>(i * frames + k)] = sum / static_cast<float>(size);
      }
    }
  });
  for (const auto& map : maps)
    for (std::size_t i = 0; i < n; ++i)
      whole[i] += map[i] / static_cast<float>(groups);
  for (std::size_t g = 0; g < maps.size(); ++g)
    for (Index i = 0; i < frames; ++i)
      for (Index k = 0; k < i; ++k) {
        const auto at = static_cast<std::size_t>(i * frames + k);
        maps[g][at] += 1 - whole[at] * (means[g][static_cast<std::size_t>(i)] +
                                        means[g][static_cast<std::size_t>(k)]);
      }
  return maps;
}

TEST(CtrwCalibration, TheExponentIsFoundFromTheAgingMap) {
  Moments exponent, exponent_pull, tau_pull, cell_pull;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CtrwOptions o;
    o.frames = 300;
    o.height = o.width = 128;
    o.tau_s = 3;
    o.seed = seed;
    const CtrwExperiment experiment(o);
    const auto map = fit::aging_cells(maps_of(experiment, 64), o.frames, 1, 0, 6);
    const auto found = fit::fit_renewal(map);
    EXPECT_TRUE(found.converged);
    EXPECT_NEAR(found.exponent, 0.45, 0.02) << "seed " << seed;
    exponent.add(found.exponent);
    exponent_pull.add((found.exponent - 0.45) / found.exponent_error);
    tau_pull.add(std::log(found.tau_s / 3) / (found.tau_error_s / found.tau_s));
    for (std::size_t i = 0; i < map.value.size(); ++i) {
      const auto age = static_cast<Index>(std::lround(map.age_s[i]));
      const auto lag = static_cast<Index>(std::lround(map.lag_s[i]));
      // cells whose mean age and lag are whole frames, so that the formula is exact there
      if (std::abs(map.age_s[i] - static_cast<double>(age)) < 1e-6 &&
          std::abs(map.lag_s[i] - static_cast<double>(lag)) < 1e-6)
        cell_pull.add((map.value[i] - experiment.true_c(age, age + lag)) / map.sigma[i]);
    }
  }
  std::printf(
      "exponent %.4f ± %.4f (scatter %.4f), pulls: exponent %+.2f, width %.2f; ln tau %+.2f, "
      "width %.2f; %lld cells against the exact formula: %+.3f ± %.3f, width %.3f\n",
      exponent.mean,
      exponent.error(),
      exponent.deviation(),
      exponent_pull.mean,
      exponent_pull.deviation(),
      tau_pull.mean,
      tau_pull.deviation(),
      static_cast<long long>(cell_pull.count),
      cell_pull.mean,
      cell_pull.error(),
      cell_pull.deviation());
  EXPECT_NEAR(exponent.mean, 0.45, 0.01);
  EXPECT_LT(std::abs(exponent_pull.mean), 1.2); // 6 seeds: standard error 0.41
  EXPECT_NEAR(cell_pull.deviation(), 1, 0.25);  // neighbouring cells move together
  EXPECT_NEAR(cell_pull.mean, 0, 0.5);          // the bias of the means over 16,384 pixels is small
}

} // namespace
} // namespace vitrum::synth
