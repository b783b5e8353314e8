#include "vitrum/fem/pattern_flags.hpp"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::fem {
namespace {

constexpr Index size = 48, rows = 10, columns = 10, patterns = rows * columns;

struct Sample {
  PolarMap map;
  PatternSums sums;
  std::vector<double> local;
};

/// Counted speckle whose mean, and whose variance, are functions of the pattern.
Sample make(const std::function<double(Index)>& mean,
            const std::function<double(Index)>& variance,
            std::vector<Index> crystals = {}) {
  Random random(5, 3);
  std::vector<std::uint16_t> values;
  for (Index i = 0; i < patterns; ++i)
    for (Index p = 0; p < size * size; ++p) {
      const double v = variance(i);
      values.push_back(
          static_cast<std::uint16_t>(random.poisson(mean(i) * v * random.gamma(1 / v))));
    }
  for (const Index i : crystals) // a sharp spot
    for (Index p = 0; p < 3; ++p)
      values[static_cast<std::size_t>(i * size * size + 10 * size + 24 + p)] = 400;
  Sample out;
  PolarOptions rings;
  rings.ring_width = 2;
  rings.k_max = 22;
  out.map = make_polar_map(test::centered(23.5, 23.5), {}, frames::make_mask(size, size), rings);
  auto source = frames::make_memory_source(std::move(values), patterns, size, size);
  out.sums = sum_patterns(*source, out.map, std::vector<double>(size * size, 50));
  out.local = local_variance(out.sums, out.map, {.gain = 1}, 4, 9);
  return out;
}

PatternFlags flags_of(const Sample& s, Index in_row = columns) {
  return flag_patterns(s.sums, s.map, {.gain = 1}, s.local, in_row);
}

double constant(Index) {
  return 50;
}
double usual(Index) {
  return 0.1;
}
Index count(const std::vector<std::uint8_t>& flag) {
  return std::count(flag.begin(), flag.end(), 1);
}

TEST(PatternFlags, NothingIsFoundInPatternsThatAreAlike) {
  const auto found = flags_of(make(constant, usual));
  EXPECT_EQ(count(found.outlier), 0);
  EXPECT_EQ(count(found.crystalline), 0);
  EXPECT_FALSE(found.thickness_gradient);
  EXPECT_FALSE(found.damaged);
  EXPECT_NEAR(found.intensity[7], 50, 1.5);
}

TEST(PatternFlags, AGradientIsFoundAlongItsAxis) {
  const auto sample = make(
      [](Index i) { return 50 * (1 + 0.2 * (static_cast<double>(i % columns) / 9 - 0.5)); }, usual);
  const auto found = flags_of(sample);
  EXPECT_TRUE(found.thickness_gradient);
  EXPECT_NEAR(found.gradient_x.value, 0.2, 4 * found.gradient_x.error);
  EXPECT_NEAR(found.gradient_y.value, 0, 4 * found.gradient_y.error);
  EXPECT_LT(found.gradient_x.error, 0.02);
}

TEST(PatternFlags, ATrendInPatternsInNoScan) {
  const auto sample =
      make([](Index i) { return 50 * (1 + 0.1 * (static_cast<double>(i) / 99 - 0.5)); }, usual);
  const auto found = flags_of(sample, 0);
  EXPECT_TRUE(found.thickness_gradient);
  EXPECT_TRUE(std::isnan(found.gradient_x.value));
  EXPECT_NEAR(found.intensity_trend.value, 0.1, 4 * found.intensity_trend.error);
}

TEST(PatternFlags, OutliersAndCrystalsAreNamed) {
  const auto sample = make([](Index i) { return i == 17 ? 80.0 : 50.0; }, usual, {31, 64});
  const auto found = flags_of(sample);
  EXPECT_EQ(count(found.outlier), 1);
  EXPECT_EQ(found.outlier[17], 1);
  EXPECT_GE(found.crystalline[31] + found.crystalline[64], 2);
  EXPECT_EQ(count(found.crystalline), 2);
}

TEST(PatternFlags, DamageIsAChangeOfTheLocalVariance) {
  const auto sample =
      make(constant, [](Index i) { return 0.1 * (1 + 0.6 * (static_cast<double>(i) / 99 - 0.5)); });
  const auto found = flags_of(sample);
  EXPECT_TRUE(found.damaged);
  EXPECT_NEAR(found.damage.value, 0.6, 4 * found.damage.error);
  EXPECT_FALSE(found.thickness_gradient);
}

} // namespace
} // namespace vitrum::fem
