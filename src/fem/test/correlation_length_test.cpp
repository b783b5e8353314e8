#include "vitrum/fem/correlation_length.hpp"

#include <cmath>
#include <cstdio>
#include <numbers>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

TEST(PairPersistence, OfTheLinesPrintedByVaerst2025) {
  EXPECT_NEAR(persistence_length(5.64, 0.074, 0, 0, 0).value, 1.389, 5e-4);
  EXPECT_NEAR(persistence_length(5.45, 0.076, 0, 0, 0).value, 1.348, 5e-4);
}

double law(double probe, double length) {
  const double q2 = std::pow(0.61 / probe, 2);
  const double rise = 4 * std::numbers::pi * std::numbers::pi * length * length;
  return 20 * q2 / (1 + rise * q2) * std::min(1.0, std::pow(probe / length, 2));
}

std::vector<SizedPeak> series(double length, double relative, std::uint64_t seed) {
  std::vector<SizedPeak> peaks;
  Random random(seed);
  for (const double r : {0.8, 0.95, 1.1, 1.3, 1.55, 1.9, 2.4, 3.1, 4.0, 5.0}) {
    const double v = law(r, length);
    peaks.push_back({r, v * (1 + relative * random.normal()), v * relative});
  }
  return peaks;
}

TEST(CorrelationLength, OfASeriesByBothWays) {
  Moments persistence, maximum;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto peaks = series(1.3, 0.03, seed);
    const auto sv = find_stratton_voyles(peaks, seed);
    ASSERT_EQ(sv.status, "maximum");
    maximum.add((sv.length_nm.value - 1.3) / sv.length_nm.error);
    const auto pp = find_pair_persistence(peaks, 1.3);
    persistence.add((pp.length_nm.value - 1.3) / pp.length_nm.error);
  }
  std::printf("pulls: Stratton-Voyles %.3f, width %.3f; pair persistence %.3f, width %.3f\n",
              maximum.mean,
              maximum.deviation(),
              persistence.mean,
              persistence.deviation());
  EXPECT_NEAR(persistence.mean, 0, 0.25);
  EXPECT_NEAR(persistence.deviation(), 1, 0.25);
  EXPECT_LT(std::abs(maximum.mean), 1); // a parabola is not the law: the spacing is in the error
}

TEST(CorrelationLength, SaysWhenThereIsNoMaximum) {
  auto peaks = series(0.5, 0.01, 1);
  EXPECT_EQ(find_stratton_voyles(peaks).status,
            "the largest V is at the smallest probe size, 0.8 nm: no maximum inside the series");
  EXPECT_TRUE(std::isnan(find_stratton_voyles(peaks).length_nm.value));
  peaks.resize(3);
  EXPECT_EQ(find_stratton_voyles(peaks).status, "3 probe sizes, need 4 for a maximum");
  EXPECT_EQ(find_pair_persistence(peaks, 1).status, "1 probe sizes of 1 nm and more, need 3");
  peaks[1].probe_size_nm = 0.8;
  EXPECT_THROW((void)find_stratton_voyles(peaks), DataError);
}

TEST(Comparison, OfTwoStates) {
  const auto same = compare({1.39, 0.05}, {1.35, 0.12});
  EXPECT_NEAR(same.difference.value, -0.04, 1e-12);
  EXPECT_NEAR(same.difference.error, 0.13, 1e-12);
  EXPECT_GT(same.p, 0.7);
  const std::vector<Value> a{{0.10, 0.002}, {0.12, 0.002}}, b{{0.104, 0.002}, {0.1248, 0.002}};
  const auto change = relative_change(a, b);
  EXPECT_NEAR(change.value, 0.04, 1e-6);
  EXPECT_NEAR(change.error, 0.0179, 1e-3);
}

} // namespace
} // namespace vitrum::fem
