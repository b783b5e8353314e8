// Statistics against hand numbers and closed forms.
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "vitrum/core/statistics.hpp"

namespace vitrum {
namespace {

TEST(Statistics, MomentsByHand) {
  const std::vector<double> values{2, 4, 4, 4, 5, 5, 7, 9};
  const auto m = moments(values);
  EXPECT_DOUBLE_EQ(m.mean, 40.0 / 8);
  EXPECT_DOUBLE_EQ(m.variance(), (9.0 + 1 + 1 + 1 + 0 + 0 + 4 + 16) / 7);
  EXPECT_DOUBLE_EQ(m.error(), std::sqrt(32.0 / 7 / 8));
  EXPECT_TRUE(std::isnan(moments(std::vector<double>{1}).variance()));
}

TEST(Statistics, QuantilesInterpolateAndSkipNan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values{4, nan, 1, 3, 2};
  EXPECT_DOUBLE_EQ(median(values), 2.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 4);
  EXPECT_DOUBLE_EQ(quantile(values, 0.1), 1 + 0.3);
  EXPECT_TRUE(std::isnan(median(std::vector<double>{nan})));
  // |x − 2.5| = 1.5, 0.5, 0.5, 1.5 → median 1
  EXPECT_DOUBLE_EQ(robust_deviation(std::vector<double>{1, 2, 3, 4}), 1.4826);
}

TEST(Statistics, UpperGammaMeetsClosedForms) {
  for (const double x : {1e-3, 0.1, 1.0, 3.0, 20.0, 300.0}) {
    EXPECT_NEAR(upper_gamma(1, x) / std::exp(-x), 1, 1e-12) << x;
    EXPECT_NEAR(upper_gamma(0.5, x) / std::erfc(std::sqrt(x)), 1, 1e-11) << x;
    EXPECT_NEAR(upper_gamma(3, x) / (std::exp(-x) * (1 + x + x * x / 2)), 1, 1e-12) << x;
  }
  EXPECT_DOUBLE_EQ(upper_gamma(2, 0), 1);
  EXPECT_NEAR(chi2_survival(3.841458820694124, 1), 0.05, 1e-12);
  EXPECT_NEAR(chi2_survival(100, 100), 0.4812, 1e-4); // printed tables
}

} // namespace
} // namespace vitrum
