// Variance of C over age: noise taken away, shape by hand, nothing found in homogeneous dynamics.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "virtual_series.hpp"
#include "vitrum/aging/heterogeneity.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

/// A slow signal of variance 1e-4 shared by all groups, and noise of variance 9e-4 in each.
std::vector<std::vector<float>> shared_and_noise(int groups, double signal, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<float>> traces(static_cast<std::size_t>(groups));
  double x = random.normal();
  for (int t = 0; t < 4000; ++t) {
    x = 0.98 * x + std::sqrt(1 - 0.98 * 0.98) * random.normal();
    for (auto& trace : traces)
      trace.push_back(float(1.2 + signal * x + 0.03 * random.normal()));
  }
  return traces;
}

TEST(Heterogeneity, IsWhatIsLeftWithoutNoise) {
  const auto traces = shared_and_noise(8, 0.01, 1);
  const auto one = trace_heterogeneity(traces[0], 10);
  EXPECT_NEAR(one.variance, 1e-3, 1e-4);
  EXPECT_NEAR(one.heterogeneity, 1e-4, 4 * one.heterogeneity_error);
  EXPECT_NEAR(one.noise_variance, 9e-4, 1e-4);
  const auto all = group_heterogeneity(traces, 10);
  EXPECT_NEAR(all.heterogeneity, 1e-4, 4 * all.heterogeneity_error);
  EXPECT_LT(all.heterogeneity_error, 4e-5);
  EXPECT_NEAR(all.noise_variance, 9e-4 / 8, 2e-5);
  const auto none = group_heterogeneity(shared_and_noise(8, 0, 2), 10);
  EXPECT_NEAR(none.heterogeneity, 0, 4 * none.heterogeneity_error);
  EXPECT_LT(none.heterogeneity_error, 5e-6);
}

TEST(Heterogeneity, SkewnessAndKurtosisByHand) {
  std::vector<float> trace; // exponential variates: skewness 2, excess kurtosis 6
  Random random(3);
  for (int t = 0; t < 40000; ++t)
    trace.push_back(float(random.exponential()));
  const auto h = trace_heterogeneity(trace, 5);
  EXPECT_NEAR(h.skewness, 2, 4 * h.skewness_error);
  EXPECT_NEAR(h.kurtosis, 6, 4 * h.kurtosis_error);
  EXPECT_LT(h.skewness_error, 0.2);
}

TEST(Heterogeneity, HomogeneousSpeckleHasNone) {
  const testing::SeriesPlan plan{
      .frames = 1200, .height = 16, .width = 20, .tau = [](Index) { return 20.0; }};
  const testing::VirtualSeries series(plan, 4);
  constexpr Index groups = 8, lag = 5;
  std::vector<std::vector<float>> traces(groups);
  for (Index g = 0; g < groups; ++g)
    for (Index t = lag; t < plan.frames; ++t) {
      float c = 0;
      series.read_part(t, t - lag, g * 40, (g + 1) * 40, std::span(&c, 1));
      traces[std::size_t(g)].push_back(c);
    }
  const auto h = group_heterogeneity(traces, lag);
  EXPECT_NEAR(h.heterogeneity, 0, 4 * h.heterogeneity_error);
  EXPECT_LT(h.heterogeneity_error, 0.3 * h.variance);
  // from the map alone finite speckles stay in: it must be larger
  const Index lags[] = {lag};
  const auto map = map_heterogeneity(read_band(series, 8), lags);
  EXPECT_GT(map[0].heterogeneity, 3 * map[0].heterogeneity_error);
}

TEST(Heterogeneity, TrendsAndGaps) {
  std::vector<float> trace;
  Random random(5);
  for (int t = 0; t < 3000; ++t)
    trace.push_back(float(1 + 1e-4 * t + 0.01 * random.normal()));
  for (int t = 100; t < 200; ++t)
    trace[std::size_t(t)] = std::numeric_limits<float>::quiet_NaN();
  const auto with = trace_heterogeneity(trace, 9);
  EXPECT_EQ(with.pairs, 2900);
  EXPECT_NEAR(with.heterogeneity, std::pow(0.3, 2) / 12, 1e-3); // of a ramp from 0 to 0.3
  const auto without = trace_heterogeneity(trace, 9, {.trend_frames = 300});
  EXPECT_NEAR(without.heterogeneity, 0, 2e-5);
  const std::vector<float> few(20, 1.0F);
  EXPECT_EQ(trace_heterogeneity(few, 9).reason, "lag of 9 frames: 20 pairs, need at least 64");
  EXPECT_EQ(message_of([&] { (void)group_heterogeneity({few}, 9); }),
            "heterogeneity from subsets of pixels: 1 subsets, need at least 2");
}

} // namespace
} // namespace vitrum::aging
