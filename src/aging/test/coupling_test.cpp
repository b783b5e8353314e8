// Coupling of two series: found where it is, and by chance as often as the significance says.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/aging/coupling.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::aging {
namespace {

struct Pair {
  std::vector<double> age, plateau, time;
};

/// Autoregressive series of correlation 0.7; sign of the coupling over three stretches of 100.
Pair make(int first, int second, int third, std::uint64_t seed) {
  Random random(seed);
  Pair p;
  double a = 0, b = 0;
  const int signs[] = {first, second, third};
  for (int k = 0; k < 300; ++k) {
    a = 0.7 * a + random.normal();
    b = 0.7 * b + random.normal();
    const int sign = signs[k / 100];
    p.age.push_back(1000.0 * k);
    p.time.push_back(1000 + 200 * a);
    p.plateau.push_back(1.2 + 1e-7 * p.age.back() +
                        0.01 * (sign != 0 ? sign * a + 0.4 * random.normal() : b));
  }
  return p;
}

TEST(Coupling, IsFoundWhereItIs) {
  const auto p = make(-1, 0, 1, 3);
  const auto c = find_coupling(
      p.age, p.plateau, p.time, {.window = 30, .slope_per_s = 1e-7, .surrogates = 300});
  ASSERT_EQ(c.ranges.size(), 2U);
  EXPECT_EQ(c.ranges[0].sign, -1);
  EXPECT_LT(c.ranges[0].probability, 0.01);
  EXPECT_NEAR(c.ranges[0].last_s, 100e3, 15e3); // half a rolling window
  EXPECT_EQ(c.ranges[1].sign, 1);
  EXPECT_NEAR(c.ranges[1].first_s, 200e3, 15e3);
  EXPECT_TRUE(std::isnan(c.correlation[0]));
  EXPECT_LT(c.probability[50], 0.05);
  EXPECT_GT(c.probability[150], 0.05);
  EXPECT_EQ(*std::min_element(c.plateau.begin(), c.plateau.end()), 0);
  EXPECT_EQ(*std::max_element(c.time.begin(), c.time.end()), 1);
}

TEST(Coupling, RemovesALineAndBridgesMissingWindows) {
  auto p = make(1, 1, 1, 5);
  for (std::size_t k = 0; k < 300; ++k)
    p.plateau[k] += 1e-5 * p.age[k];
  p.plateau[17] = p.time[200] = std::numeric_limits<double>::quiet_NaN();
  const auto c =
      find_coupling(p.age,
                    p.plateau,
                    p.time,
                    {.slope_per_s = std::numeric_limits<double>::quiet_NaN(), .surrogates = 100});
  EXPECT_NEAR(c.slope_per_s, 1e-5 + 1e-7, 1e-7);
  EXPECT_GT(c.overall, 0.8);
  EXPECT_LT(c.overall_probability, 0.02);
  ASSERT_EQ(c.ranges.size(), 1U);
}

TEST(Coupling, SaysWhatItCannotDo) {
  const std::vector<double> few(15, 1), none(50, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(find_coupling(few, few, few).reason,
            "15 windows: a rolling correlation over 10 needs at least 20");
  EXPECT_EQ(find_coupling(none, none, none).reason,
            "fewer than 2 windows have a plateau and a mean time");
  EXPECT_THROW((void)find_coupling(few, none, few), DataError);
  EXPECT_EQ(message_of([&] { (void)find_coupling(few, few, few, {.window = 3}); }),
            "window = 3: a rolling correlation needs at least 5");
}

TEST(CouplingCalibration, ChanceIsAsProbableAsItSays) {
  constexpr int series = 200;
  int overall = 0, with_range = 0;
  double positions = 0, below = 0;
  for (std::uint64_t seed = 1; seed <= series; ++seed) {
    const auto p = make(0, 0, 0, seed);
    const auto c = find_coupling(
        p.age, p.plateau, p.time, {.window = 30, .slope_per_s = 1e-7, .surrogates = 200});
    overall += c.overall_probability < 0.05 ? 1 : 0;
    with_range += c.ranges.empty() ? 0 : 1;
    for (const double x : c.probability)
      if (!std::isnan(x)) {
        positions += 1;
        below += x < 0.05 ? 1 : 0;
      }
  }
  fmt::print("no coupling, {} series: overall below 5 % in {}, a range below 5 % in {}, rolling "
             "values below 5 %: {:.3f}\n",
             series,
             overall,
             with_range,
             below / positions);
  std::fflush(stdout);
  EXPECT_NEAR(overall, 10, 9); // three standard deviations of the count
  EXPECT_NEAR(with_range, 10, 9);
  EXPECT_NEAR(below / positions, 0.05, 0.02);
}

/// As long as the stretch after the event of R24: time falls and rises again, the plateau does not
/// know.
TEST(CouplingCalibration, ChanceInAShortStretchIsUniform) {
  constexpr int series = 400;
  std::vector<double> p;
  for (std::uint64_t seed = 1; seed <= series; ++seed) {
    Random random(seed, 5);
    std::vector<double> age, plateau, time;
    double b = random.normal();
    for (int k = 0; k < 47; ++k) {
      b = 0.7 * b + std::sqrt(1 - 0.49) * random.normal();
      age.push_back(1000.0 * k);
      const double log_time = k < 21 ? 10 - 0.115 * k : 7.6 + 0.062 * (k - 21);
      time.push_back(std::exp(log_time + 0.06 * random.normal()));
      plateau.push_back(1.05 + 0.002 * b + 0.001 * random.normal());
    }
    p.push_back(find_coupling(age, plateau, time, {.slope_per_s = 0, .surrogates = 400})
                    .overall_probability);
  }
  std::sort(p.begin(), p.end());
  double distance = 0; // Kolmogorov's
  for (int i = 0; i < series; ++i)
    distance = std::max(distance, std::abs(p[std::size_t(i)] - (i + 0.5) / series));
  const auto below = std::lower_bound(p.begin(), p.end(), 0.05) - p.begin();
  fmt::print("no coupling in 47 windows, {} series: below 5 % in {}, largest distance from uniform "
             "{:.3f}\n",
             series,
             below,
             distance);
  std::fflush(stdout);
  EXPECT_NEAR(double(below), 20, 13);            // three standard deviations
  EXPECT_LT(distance, 1.63 / std::sqrt(series)); // 1 %
}

} // namespace
} // namespace vitrum::aging
