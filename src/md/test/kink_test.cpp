#include "vitrum/md/kink.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {
namespace {

struct Curve {
  std::vector<double> x, y;
};

Curve two_lines(double at, double noise, std::uint64_t seed) {
  Random random(seed);
  Curve c;
  for (int k = 0; k < 60; ++k) {
    c.x.push_back(1.2 - 0.018 * k); // cooling
    c.y.push_back(-7 + (c.x.back() < at ? 1.5 : 2.2) * (c.x.back() - at) + noise * random.normal());
  }
  return c;
}

TEST(Kink, IsWhereTheLinesMeet) {
  const auto c = two_lines(0.51, 0, 1);
  const auto kink = fit_kink(c.x, c.y);
  EXPECT_NEAR(kink.at, 0.51, 0.003);
  EXPECT_NEAR(kink.slope_below, 1.5, 0.02);
  EXPECT_NEAR(kink.slope_above, 2.2, 0.02);
}

TEST(Kink, RefusesAStraightLine) {
  Curve c = two_lines(0.5, 0.01, 2);
  for (std::size_t i = 0; i < c.x.size(); ++i)
    c.y[i] = 2 * c.x[i] + (i % 2 == 0 ? 0.01 : -0.01);
  EXPECT_NE(message_of([&] { (void)fit_kink(c.x, c.y); }).find("do not differ: no kink"),
            std::string::npos);
  EXPECT_EQ(message_of([] { (void)fit_kink({}, {}); }), "0 points, a kink needs 10");
}

TEST(KinkCalibration, PullsAreNormal) {
  Moments pull;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto c = two_lines(0.51, 0.01, 100 + seed);
    const auto kink = fit_kink(c.x, c.y);
    pull.add((kink.at - 0.51) / kink.error);
  }
  EXPECT_NEAR(pull.mean, 0, 0.25);
  EXPECT_NEAR(pull.deviation(), 1, 0.2);
}

/// Energies of a glass with Tg = 0.47 and a liquid of that curvature, cooled from 1.19.
Curve cooled(double curvature, double noise, Random& random) {
  Curve c;
  for (int i = 0; i < 100; ++i) {
    const double t = 1.19 - 0.011 * i, over = t - 0.47;
    c.x.push_back(t);
    c.y.push_back(1.5 * t + (over > 0 ? 0.5 * over - curvature * over * over : 0) +
                  noise * random.normal());
  }
  return c;
}

TEST(GlassTransition, OfStraightLinesIsWhereTheyMeet) {
  Random random(3);
  const auto c = cooled(0, 0, random);
  const auto found = fit_glass_transition(c.x, c.y);
  EXPECT_NEAR(found.at, 0.47, 1e-9);
  EXPECT_NEAR(found.lowest, 0.47, 1e-9);
  EXPECT_NEAR(found.highest, 0.47, 1e-9);
  EXPECT_NEAR(found.slope_below, 1.5, 1e-9);
  EXPECT_NEAR(found.slope_above, 2, 1e-9);
  EXPECT_NEAR(found.value, 1.5 * 0.47, 1e-9);
}

// A liquid that is curved, as energies and pressures are: lines through all points meet too low,
// and those away from the transition do, less.
TEST(GlassTransition, LiesBelowTheTransitionOfACurvedLiquid) {
  Random random(4);
  const auto c = cooled(0.25, 0, random);
  const auto found = fit_glass_transition(c.x, c.y);
  // least squares over a continuous range a to b make of u² the line (a + b) u − (a² + 4ab + b²)/6
  std::vector<double> expected;
  for (const double from : {1.2, 1.3, 1.4})
    for (const double to : {1.7, 1.9}) {
      const double a = from * found.at - 0.47, b = to * found.at - 0.47;
      const double offset = 0.25 * (a * a + 4 * a * b + b * b) / 6, slope = 0.5 - 0.25 * (a + b);
      expected.push_back(0.47 - offset / slope);
    }
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  EXPECT_NEAR(found.at, median(expected), 0.002);
  EXPECT_NEAR(found.lowest, *low, 0.002);
  EXPECT_NEAR(found.highest, *high, 0.002);
  EXPECT_LT(found.highest, 0.47);
  EXPECT_LT(0.47 - found.at, 0.1 * 0.47);
  EXPECT_LT(0.47 - found.at, 0.7 * (0.47 - fit_kink(c.x, c.y).at));
}

TEST(GlassTransition, SettlesInNoise) {
  Random random(5);
  const double straight = [&] {
    const auto c = cooled(0.25, 0, random);
    return fit_glass_transition(c.x, c.y).at;
  }();
  Moments mean;
  for (int seed = 0; seed < 200; ++seed) {
    const auto c = cooled(0.25, 0.003, random);
    try {
      const auto found = fit_glass_transition(c.x, c.y);
      mean.add(found.at);
      EXPECT_LE(found.lowest, found.at);
      EXPECT_GE(found.highest, found.at);
    } catch (const DataError& error) {
      ADD_FAILURE() << error.what();
    }
  }
  EXPECT_NEAR(mean.mean, straight, 4 * mean.error());
  EXPECT_LT(mean.deviation(), 0.02);
}

// In more noise ranges come and go, and Tg with them: what is given lies between what they give.
TEST(GlassTransition, LiesWithinItsRangesOrIsRefused) {
  Random random(7);
  int found = 0;
  for (int seed = 0; seed < 200; ++seed) {
    const auto c = cooled(0.25, 0.015, random);
    try {
      const auto one = fit_glass_transition(c.x, c.y);
      EXPECT_TRUE(one.lowest <= one.at && one.at <= one.highest);
      ++found;
    } catch (const DataError&) { // said, not silent
    }
  }
  EXPECT_GT(found, 180);
}

TEST(GlassTransition, NeedsPointsInItsRanges) {
  const std::vector<double> few{0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3};
  std::vector<double> bent;
  for (const double t : few)
    bent.push_back(t < 0.7 ? t : 2 * t - 0.7);
  EXPECT_EQ(message_of([&] { (void)fit_glass_transition(few, bent); }),
            "too few points below 0.7 or between 1.2 and 1.9 times 0.7: cool further, from higher, "
            "or more slowly");
}

} // namespace
} // namespace vitrum::md
