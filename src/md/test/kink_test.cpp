#include "vitrum/md/kink.hpp"

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

// A liquid that is curved, as energies and pressures are: lines through all points meet too low.
TEST(GlassTransition, IsFoundUnderACurvedLiquid) {
  Random random(4);
  double mean = 0, naive = 0;
  constexpr int seeds = 20;
  for (int seed = 0; seed < seeds; ++seed) {
    std::vector<double> x, y;
    for (int i = 0; i < 100; ++i) {
      const double t = 1.19 - 0.011 * i, over = t - 0.47;
      x.push_back(t);
      y.push_back(1.5 * t + (over > 0 ? 0.5 * over - 0.25 * over * over : 0) +
                  0.003 * random.normal());
    }
    const auto found = fit_glass_transition(x, y);
    mean += found.at / seeds;
    naive += fit_kink(x, y).at / seeds;
    EXPECT_NEAR(found.slope_below, 1.5, 0.1);
  }
  // a line through u = 0.09 to 0.35 of 0.5 u - 0.25 u² is zero at u = -0.03
  EXPECT_NEAR(mean, 0.44, 0.01);
  EXPECT_LT(std::abs(mean - 0.47), 0.7 * std::abs(naive - 0.47));
  const std::vector<double> few{0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3};
  std::vector<double> bent;
  for (const double t : few)
    bent.push_back(t < 0.7 ? t : 2 * t - 0.7);
  EXPECT_THROW((void)fit_glass_transition(few, bent), DataError);
}

} // namespace
} // namespace vitrum::md
