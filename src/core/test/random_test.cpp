// Philox against published words; the distributions against their moments and tails.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum {
namespace {

// Known answers of Random123 (Salmon et al., SC'11), philox4x32 with ten rounds.
TEST(Random, PhiloxGivesThePublishedWords) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StreamsAreReproducibleAndDiffer) {
  Random a(7, 1);
  Random b(7, 1);
  Random c(7, 2);
  int same = 0;
  for (int i = 0; i < 100; ++i) {
    const auto word = a();
    EXPECT_EQ(word, b());
    same += word == c();
  }
  EXPECT_LE(same, 1);
}

// A mean of n draws lies within 5 standard errors, which one run in 1.7 million misses.
TEST(Random, MomentsOfTheDistributions) {
  constexpr int n = 200'000;
  Random random(1);
  Moments uniform, normal, exponential, gamma;
  double fourth = 0;
  for (int i = 0; i < n; ++i) {
    uniform.add(random.uniform());
    const double z = random.normal();
    normal.add(z);
    fourth += z * z * z * z / n;
    exponential.add(random.exponential());
    gamma.add(random.gamma(0.4));
  }
  EXPECT_NEAR(uniform.mean, 0.5, 5 * uniform.error());
  EXPECT_NEAR(uniform.variance(), 1.0 / 12, 5 * std::sqrt(1.0 / 180 / n));
  EXPECT_NEAR(normal.mean, 0, 5 * normal.error());
  EXPECT_NEAR(normal.variance(), 1, 5 * std::sqrt(2.0 / n));
  EXPECT_NEAR(fourth, 3, 5 * std::sqrt(96.0 / n));
  EXPECT_NEAR(exponential.mean, 1, 5 * exponential.error());
  EXPECT_NEAR(gamma.mean, 0.4, 5 * gamma.error());
  EXPECT_NEAR(gamma.variance(), 0.4, 0.02);
}

TEST(Random, PoissonHasTheRightProbabilities) {
  for (const double mean : {1e-3, 0.3, 4.0, 9.9, 10.1, 40.0, 1000.0}) {
    constexpr int n = 100'000;
    Random random(3, static_cast<std::uint64_t>(mean * 1000));
    std::vector<double> observed(3000);
    Moments counts;
    for (int i = 0; i < n; ++i) {
      const Index k = random.poisson(mean);
      counts.add(static_cast<double>(k));
      ++observed[static_cast<std::size_t>(k)];
    }
    EXPECT_NEAR(counts.mean, mean, 5 * std::sqrt(mean / n)) << mean;
    double chi2 = 0;
    double degrees = -1;
    for (std::size_t k = 0; k < observed.size(); ++k) {
      const double k_real = static_cast<double>(k);
      const double expected =
          n * std::exp(k_real * std::log(mean) - mean - std::lgamma(k_real + 1));
      if (expected < 10)
        continue; // chi² is not chi²-distributed in nearly empty cells
      chi2 += (observed[k] - expected) * (observed[k] - expected) / expected;
      ++degrees;
    }
    if (degrees > 0) {
      EXPECT_GT(chi2_survival(chi2, degrees), 1e-5) << mean;
    }
  }
}

TEST(Random, BelowIsUniform) {
  Random random(5);
  std::vector<double> hits(7);
  constexpr int n = 70'000;
  for (int i = 0; i < n; ++i)
    ++hits[static_cast<std::size_t>(random.below(7))];
  for (const double h : hits)
    EXPECT_NEAR(h, 10'000, 5 * std::sqrt(10'000.0));
}

} // namespace
} // namespace vitrum
