#include "vitrum/md/motion.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {
namespace {

/// Brownian atoms: steps of `sigma` along each axis, the second species twice as far.
MotionResult
brownian(std::uint64_t seed, Index frames, double sigma, const MotionOptions& options) {
  std::vector<std::int32_t> species;
  for (int i = 0; i < 200; ++i)
    species.push_back(i % 2);
  MotionCounter counter(options, species, {"A", "B"}, frames);
  Random random(seed);
  atoms::Configuration c;
  c.unwrapped = true;
  c.species = species;
  c.positions.assign(species.size(), {0, 0, 0});
  for (Index f = 0; f < frames; ++f) {
    counter.add(c);
    for (std::size_t i = 0; i < species.size(); ++i)
      for (double& x : c.positions[i])
        x += sigma * (1 + species[i]) * random.normal();
  }
  return counter.result();
}

TEST(Motion, OfBrownianAtomsIsKnown) {
  const double sigma = 0.1;
  const auto m = brownian(1, 300, sigma, {.q = 3, .overlap = 0.3});
  ASSERT_EQ(m.sets.size(), 3U);
  EXPECT_EQ(m.sets[1].atoms, 100);
  for (std::size_t l = 0; l < m.lags.size() && m.lags[l] < 60; ++l) {
    const auto t = static_cast<double>(m.lags[l]);
    for (const std::size_t set : {1U, 2U}) {
      const double s2 = sigma * sigma * (set == 1 ? 1 : 4) * t; // per axis
      const auto& one = m.sets[set];
      EXPECT_NEAR(one.msd.value[l] / (3 * s2), 1, 0.1) << m.lags[l];
      EXPECT_NEAR(one.self.value[l], std::exp(-0.5 * 9 * s2), 0.05);
      EXPECT_NEAR(one.alpha2.value[l], 0, 0.15);
      const double u = 0.3 / std::sqrt(2 * s2);
      EXPECT_NEAR(
          one.overlap.value[l], std::erf(u) - 2 / std::sqrt(M_PI) * u * std::exp(-u * u), 0.06);
      // independent atoms: the variance is binomial
      const double q = one.overlap.value[l];
      EXPECT_NEAR(one.chi4.value[l], q * (1 - q), 0.3);
    }
  }
  double sum = 0;
  for (const double d : m.van_hove.density[0])
    sum += d * 0.02;
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST(Motion, SlopeOfAPowerLaw) {
  std::vector<double> x;
  LagCurve y;
  for (int k = 1; k < 40; ++k) {
    x.push_back(k);
    y.value.push_back(2.5 * std::pow(k, 0.45));
    y.error.push_back(0.01 * y.value.back());
  }
  const auto fit = fit_slope(x, y, 3, 30);
  EXPECT_NEAR(fit.exponent, 0.45, 1e-10);
  EXPECT_NEAR(fit.prefactor, 2.5, 1e-9);
  EXPECT_TRUE(std::isnan(fit_slope(x, y, 3, 4).exponent));
}

TEST(Motion, LagsAreLogarithmicAndUnique) {
  EXPECT_EQ(log_lags(12, 4), (std::vector<Index>{1, 2, 3, 6, 10}));
}

TEST(Motion, RefusesWhatMakesNoSense) {
  const std::vector<std::int32_t> species{0};
  EXPECT_EQ(message_of([&] { MotionCounter({.q = -1}, species, {"A"}, 10); }),
            "q -1: must be positive");
  EXPECT_EQ(message_of([&] { MotionCounter({}, species, {"A"}, 1); }), "1 frames, motion needs 2");
  MotionCounter counter({}, species, {"A"}, 10);
  EXPECT_EQ(message_of([&] { counter.add({}); }), "motion needs unwrapped positions");
}

TEST(MotionCalibration, ErrorsByBlocksHaveTheSizeOfTheScatter) {
  // lags short against the distance of origins are independent: pulls of width 1, as far as six
  // blocks tell (t distribution of five degrees has a width of 1.29)
  Moments pull;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto m = brownian(1000 + seed, 240, 0.1, {.q = 3});
    const std::size_t l = 4;
    pull.add((m.sets[1].msd.value[l] - 0.03 * static_cast<double>(m.lags[l])) /
             m.sets[1].msd.error[l]);
  }
  EXPECT_NEAR(pull.mean, 0, 0.3);
  EXPECT_NEAR(pull.deviation(), 1.29, 0.2);
}

} // namespace
} // namespace vitrum::md
