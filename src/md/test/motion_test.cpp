#include "vitrum/md/motion.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {
namespace {

/// Brownian atoms: steps of `sigma` along each axis, the second species twice as far.
MotionResult brownian(
    std::uint64_t seed, Index frames, double sigma, const MotionOptions& options, int atoms = 200) {
  std::vector<std::int32_t> species;
  for (int i = 0; i < atoms; ++i)
    species.push_back(i % 2);
  MotionCounter counter(options, species, {"A", "B"}, frames);
  Random random(seed);
  atoms::Configuration c;
  c.unwrapped = true;
  c.species = species;
  for (std::size_t i = 0; i < species.size(); ++i) // in a box of edge 1
    c.positions.push_back({random.uniform(), random.uniform(), random.uniform()});
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

/// Pulls of the mean square displacement at short, middle and long lags, of F_s, α2 and the
/// exponent, over `runs` runs.
void expect_pulls(std::uint64_t runs, Index frames, double mean, double width) {
  std::map<std::string, Moments> pulls;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    const auto m = brownian(1000 + seed, frames, 0.1, {.q = 3}, 800);
    const auto at = [&](double share) {
      return static_cast<std::size_t>(
          std::lower_bound(m.lags.begin(), m.lags.end(), share * static_cast<double>(frames)) -
          m.lags.begin());
    };
    for (const auto& [name, share] : {std::pair("short", 0.02), {"middle", 0.1}, {"long", 0.5}}) {
      const std::size_t l = at(share);
      const double s2 = 0.01 * static_cast<double>(m.lags[l]);
      const auto& one = m.sets[1];
      pulls[std::string("msd, ") + name].add((one.msd.value[l] - 3 * s2) / one.msd.error[l]);
      pulls[std::string("F_s, ") + name].add((one.self.value[l] - std::exp(-4.5 * s2)) /
                                             one.self.error[l]);
      pulls[std::string("alpha2, ") + name].add(one.alpha2.value[l] / one.alpha2.error[l]);
    }
    const double longest = m.times.back() / 3;
    const auto slope = fit_slope(m.times, m.sets[1].msd, longest / 10, longest);
    pulls["exponent"].add((slope.exponent - 1) / slope.error);
  }
  for (const auto& [name, pull] : pulls) {
    std::printf("%-16s pulls %+.2f +- %.2f\n", name.c_str(), pull.mean, pull.deviation());
    EXPECT_LT(std::abs(pull.mean), mean) << name;
    EXPECT_NEAR(pull.deviation(), 1, width) << name;
  }
}

TEST(Motion, ErrorsHoldAtLagsThatOriginsShare) {
  expect_pulls(40, 120, 0.6, 0.5);
}

TEST(MotionCalibration, ErrorsHoldAtLagsThatOriginsShare) {
  expect_pulls(300, 240, 0.35, 0.2);
  expect_pulls(100, 1000, 0.4, 0.25);
}

} // namespace
} // namespace vitrum::md
