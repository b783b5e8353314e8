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

} // namespace
} // namespace vitrum::md
