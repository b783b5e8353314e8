#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/plot/ticks.hpp"

namespace vitrum::plot {
namespace {

using testing::ElementsAre;

std::vector<std::string> labels(const Ticks& ticks) {
  std::vector<std::string> texts;
  for (const Tick& tick : ticks.major)
    texts.push_back(tick.label);
  return texts;
}

TEST(LinearTicks, HandNumbers) {
  EXPECT_THAT(labels(linear_ticks(0, 10, 5)), ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_THAT(labels(linear_ticks(0, 1, 4)), ElementsAre("0.0", "0.5", "1.0"));
  EXPECT_THAT(labels(linear_ticks(-1.1, 1.1, 4)), ElementsAre("−1", "0", "1"));
  EXPECT_THAT(labels(linear_ticks(0.998, 1.081, 5)),
              ElementsAre("1.00", "1.02", "1.04", "1.06", "1.08"));
  EXPECT_THAT(labels(linear_ticks(1.00238, 1.00242, 4)),
              ElementsAre("1.00238", "1.00239", "1.00240", "1.00241", "1.00242"));
}

TEST(LinearTicks, MinorTicksDivideTheStep) {
  const Ticks twos = linear_ticks(0, 4, 2); // step 2 in four
  EXPECT_THAT(twos.minor, ElementsAre(0.5, 1.0, 1.5, 2.5, 3.0, 3.5));
  const Ticks ones = linear_ticks(0, 2, 2); // step 1 in five
  ASSERT_EQ(ones.minor.size(), 8U);
  EXPECT_DOUBLE_EQ(ones.minor[0], 0.2);
}

TEST(LinearTicks, TakesOutThousandsFromLongLabels) {
  const Ticks days = linear_ticks(0, 300000, 3);
  EXPECT_EQ(days.exponent, 3);
  EXPECT_THAT(labels(days), ElementsAre("0", "100", "200", "300"));
  EXPECT_DOUBLE_EQ(days.major[1].value, 100000);
  const Ticks small = linear_ticks(0, 2e-5, 2);
  EXPECT_EQ(small.exponent, -6);
  EXPECT_THAT(labels(small), ElementsAre("0", "10", "20"));
  EXPECT_EQ(linear_ticks(0, 90000, 3).exponent, 0);
  EXPECT_EQ(linear_ticks(0, 300000, 3, false).exponent, 0);
}

TEST(LinearTicks, LieInsideAndAreNeitherFewNorMany) {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    const double span = std::pow(10.0, 12 * random.uniform() - 6);
    const double lower = (random.uniform() - 0.5) * span * 3;
    const double upper = lower + span;
    const Index wanted = 2 + random.below(7);
    const Ticks ticks = linear_ticks(lower, upper, wanted);
    EXPECT_LE(static_cast<Index>(ticks.major.size()), wanted + 1);
    // a step is at most 2.5 times what was wanted (2 to 5)
    EXPECT_GE(static_cast<Index>(ticks.major.size()), wanted * 2 / 5);
    for (const Tick& tick : ticks.major) {
      EXPECT_GE(tick.value, lower - 1e-6 * span);
      EXPECT_LE(tick.value, upper + 1e-6 * span);
    }
    for (std::size_t k = 1; k < ticks.major.size(); ++k)
      EXPECT_NE(ticks.major[k].label, ticks.major[k - 1].label);
  }
}

TEST(LogTicks, PowersOfTen) {
  const Ticks ticks = log_ticks(0.05, 2000, 6);
  EXPECT_THAT(labels(ticks), ElementsAre("10⁻¹", "10⁰", "10¹", "10²", "10³"));
  EXPECT_DOUBLE_EQ(ticks.major[0].value, 0.1);
  EXPECT_NEAR(ticks.minor.front(), 0.05, 1e-12);
  EXPECT_NEAR(ticks.minor.back(), 2000, 1e-9);
}

TEST(LogTicks, LeavesOutDecadesWhenCrowded) {
  const Ticks ticks = log_ticks(1e-6, 1e6, 5); // 13 decades, every third
  EXPECT_THAT(labels(ticks), ElementsAre("10⁻⁶", "10⁻³", "10⁰", "10³", "10⁶"));
}

TEST(LogTicks, LessThanADecade) {
  EXPECT_THAT(labels(log_ticks(80, 600, 5)), ElementsAre("100", "200", "500"));
  EXPECT_THAT(labels(log_ticks(2.5, 2.75, 3)), ElementsAre("2.5", "2.6", "2.7"));
  EXPECT_THAT(labels(log_ticks(2e6, 1.1e7, 3)), ElementsAre("2×10⁶", "5×10⁶", "1×10⁷"));
}

TEST(Ticks, RefuseNonsense) {
  EXPECT_THROW((void)linear_ticks(1, 1, 4), DataError);
  EXPECT_THROW((void)linear_ticks(0, NAN, 4), DataError);
  EXPECT_THROW((void)log_ticks(0, 1, 4), DataError);
  EXPECT_THROW((void)log_ticks(2, 1, 4), DataError);
}

TEST(ShortNumber, HandNumbers) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(NAN), "–");
  EXPECT_EQ(short_number(-INFINITY), "−∞");
  EXPECT_EQ(short_number(2.6800), "2.68");
  EXPECT_EQ(short_number(-0.5), "−0.5");
  EXPECT_EQ(short_number(123456), "123456");
  EXPECT_EQ(short_number(1.5e7), "1.5×10⁷");
  EXPECT_EQ(short_number(1.5e-9, 2), "1.5×10⁻⁹");
  EXPECT_EQ(short_number(9.9996, 4), "10");
}

TEST(ScaledLabel, PutsThePowerBeforeTheUnit) {
  EXPECT_EQ(scaled_label("age (s)", 3), "age (10³ s)");
  EXPECT_EQ(scaled_label("counts", 6), "counts (10⁶)");
  EXPECT_EQ(scaled_label("age (s)", 0), "age (s)");
}

} // namespace
} // namespace vitrum::plot
