// Windows as long as the dynamics are stationary.
#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/aging/adaptive.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::aging {
namespace {

std::vector<correlate::AgeWindow> windows_of(Index count, Index length) {
  std::vector<correlate::AgeWindow> out;
  for (Index k = 0; k < count; ++k)
    out.push_back({k * length, (k + 1) * length});
  return out;
}

template <class Truth>
AgeSeries series_of(Truth&& truth, Index count, double error, std::uint64_t seed) {
  Random random(seed, 31);
  AgeSeries s;
  for (Index k = 0; k < count; ++k) {
    s.age_s.push_back(static_cast<double>(k) * 10 + 5);
    s.log_tau.push_back(truth(k) + error * random.normal());
    s.error.push_back(error);
  }
  return s;
}

TEST(AdaptiveWindows, AreAsLongAsTheDynamicsAreStationary) {
  const auto step = series_of([](Index k) { return k < 40 ? 3.0 : 4.0; }, 100, 0.1, 1);
  const auto joined = join_stationary(windows_of(100, 10), {&step, 1});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[0].first, 0);
  EXPECT_NEAR(double(joined[0].last), 400, 10);
  EXPECT_EQ(joined[1].first, joined[0].last);
  EXPECT_EQ(joined[1].last, 1000);
}

TEST(AdaptiveWindows, AreShorterTheFasterTheAging) {
  const auto slow = series_of([](Index k) { return 0.01 * double(k); }, 100, 0.1, 2);
  const auto fast = series_of([](Index k) { return 0.1 * double(k); }, 100, 0.1, 2);
  const auto few = join_stationary(windows_of(100, 10), {&slow, 1});
  const auto many = join_stationary(windows_of(100, 10), {&fast, 1});
  EXPECT_GE(few.size(), 2U);
  EXPECT_LE(few.size(), 6U);
  EXPECT_GT(many.size(), 2 * few.size());
  for (std::size_t k = 1; k < many.size(); ++k)
    EXPECT_EQ(many[k].first, many[k - 1].last);
}

TEST(AdaptiveWindows, EveryBinCounts) {
  const AgeSeries bins[] = {series_of([](Index) { return 3.0; }, 60, 0.1, 3),
                            series_of([](Index k) { return k < 30 ? 3.0 : 4.0; }, 60, 0.1, 4)};
  EXPECT_EQ(join_stationary(windows_of(60, 10), bins).size(), 2U);
  EXPECT_EQ(join_stationary(windows_of(60, 10), {bins, 1}).size(), 1U);
}

TEST(AdaptiveWindows, WindowsWithoutATimeJoinTheRunBefore) {
  auto step = series_of([](Index k) { return k < 30 ? 3.0 : 4.0; }, 60, 0.05, 5);
  for (const std::size_t k : {0U, 10U, 28U, 29U, 59U})
    step.log_tau[k] = NAN;
  const auto joined = join_stationary(windows_of(60, 10), {&step, 1});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[0].last, 300);
  EXPECT_EQ(joined[1].last, 600);
}

TEST(AdaptiveWindows, RefuseOverlapsAndOtherNumbers) {
  const auto series = series_of([](Index) { return 3.0; }, 3, 0.1, 6);
  std::vector<correlate::AgeWindow> overlapping{{0, 10}, {5, 15}, {10, 20}};
  EXPECT_EQ(message_of([&] {
              (void)join_stationary(overlapping, {&series, 1});
            }),
            "adaptive windows: window 2 begins at frame 5, the one before ends at 10: windows must "
            "be adjacent");
  EXPECT_EQ(message_of([&] {
              (void)join_stationary(windows_of(4, 10), {&series, 1});
            }),
            "adaptive windows: 4 windows, 3 values");
}

TEST(AdaptiveWindowsCalibration, StationarySeriesStayWhole) {
  for (const Index count : {30, 100}) {
    Index whole = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      const auto series = series_of([](Index) { return 3.0; }, count, 0.1, seed);
      whole += join_stationary(windows_of(count, 10), {&series, 1}).size() == 1;
    }
    std::printf("%lld stationary windows stay one in %lld of 200 series\n",
                static_cast<long long>(count),
                static_cast<long long>(whole));
    EXPECT_GE(whole, 190 - 6); // two standard deviations
  }
}

} // namespace
} // namespace vitrum::aging
