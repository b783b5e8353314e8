// The scale of the statistic of events: on normal noise whose width follows the relaxation, what is
// scaled by it is as improbable as it says, at the ends of a series too.
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "../drop_statistic.hpp"
#include "../excursions.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::aging {
namespace {

/// Normal noise with the correlation that differences of neighbouring blocks have. Its variance is
/// 1 + L(t)/0.056 and L falls from 0.1 by a factor e², as where τ grows from 50 to 370 frames.
DropStatistic normal_statistic(Index frames, Index block, std::uint64_t seed) {
  Random random(seed, 41);
  std::vector<double> white(static_cast<std::size_t>(frames + 2 * block));
  for (double& x : white)
    x = random.normal();
  const std::vector<double> none(static_cast<std::size_t>(frames),
                                 std::numeric_limits<double>::quiet_NaN());
  DropStatistic s{block, none, none, none, none};
  for (Index t = 2 * block; t + 2 * block <= frames; ++t) {
    double sum = 0;
    for (Index k = -block; k < block; ++k)
      sum += (k < 0 ? 1 : -1) * white[static_cast<std::size_t>(t + block + k)];
    const auto i = static_cast<std::size_t>(t);
    const double loss = 0.1 * std::exp(-2 * double(t) / double(frames));
    s.drop[i] = 0.01 * std::sqrt((1 + loss / 0.056) / double(2 * block)) * sum;
    s.loss[i] = loss;
    s.around[i] = 0.9;
    s.across[i] = 0.9;
  }
  return s;
}

TEST(DropStatistic, IsAsImprobableAsItSaysEverywhere) {
  constexpr Index frames = 800, series = 1000;
  for (const Index block : {Index{2}, Index{8}}) {
    double above[2] = {}, judged[2] = {}; // in the outer quarters, and between
    for (std::uint64_t seed = 1; seed <= series; ++seed) {
      const auto scaled = scale(normal_statistic(frames, block, seed));
      for (Index t = 0; t < frames; ++t) {
        const double z = scaled.z[static_cast<std::size_t>(t)];
        if (std::isnan(z))
          continue;
        const int inside = t > frames / 4 && t < 3 * frames / 4 ? 1 : 0;
        judged[inside] += 1;
        above[inside] += std::abs(z) > 3 ? 1 : 0;
      }
    }
    for (const int inside : {0, 1}) {
      const double expected = judged[inside] * 2 * normal_survival(3);
      std::printf("block %d, %s: %.0f of %.0f values beyond 3, %.0f expected\n",
                  int(block),
                  inside == 1 ? "inside" : "at the ends",
                  above[inside],
                  judged[inside],
                  expected);
      // neighbours pass together: three standard deviations of runs of a third of a block
      const double error = std::sqrt(expected * std::max(1.0, double(block) / 3));
      EXPECT_LT(above[inside], expected + 3 * error);
      // at the ends a large value pulls b/a towards itself, and is judged a little too mildly
      EXPECT_GT(above[inside], (inside == 1 ? 1 : 2.0 / 3) * expected - 3 * error);
    }
  }
}

TEST(DropStatistic, KnowsTheWidthFromAsManyValuesAsThereAre) {
  constexpr Index frames = 4000;
  for (const Index block : {Index{2}, Index{8}}) {
    // of the difference of two neighbouring means: falls by 3 over a block, then rises to 0
    double squares = 1;
    for (Index k = 1; k < 2 * block; ++k) {
      const double x = double(k) / double(block);
      squares += 2 * std::pow(x < 1 ? 1 - 1.5 * x : x / 2 - 1, 2);
    }
    const double values = double(frames - 4 * block);
    EXPECT_NEAR(scale(normal_statistic(frames, block, 7)).degrees * squares / values, 1, 0.15);
  }
}

} // namespace
} // namespace vitrum::aging
