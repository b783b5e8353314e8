#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/ecm/duration.hpp"
#include "vitrum/ecm/pixel_noise.hpp"

namespace vitrum::ecm {
namespace {

// A stationary process of τ = 100 frames and exponent 0.7, seen for 2 to 20 τ: pixel means find τ
// to 5 % and the exponent to 0.03 at every duration; time means find what is predicted.
TEST(Duration, OfAStationaryProcess) {
  const Index frames = 2000;
  const std::vector<std::uint8_t> valid(static_cast<std::size_t>(frames), 1);
  DurationSums sums({200, 500, 1000, 2000});
  VirtualPixels pixels;
  pixels.contrast = 0.03; // time means are ratios: biased further at high contrast
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    pixels.seed = seed;
    sums.add(make_virtual_pixels(4096, valid, pixels), valid, 1);
  }
  const auto a = sums.result(1);
  for (const auto& p : a.points) {
    EXPECT_NEAR(p.tau_s / 100, 1, 0.05) << p.frames;
    EXPECT_NEAR(p.kww_exponent, 0.7, 0.03) << p.frames;
    EXPECT_NEAR(p.time_mean_tau_s / p.predicted_tau_s, 1, 0.06) << p.frames;
    EXPECT_NEAR(p.time_mean_exponent, p.predicted_exponent, 0.06) << p.frames;
    EXPECT_LT(std::abs(p.tau_s - 100) / p.tau_error_s, 4.5) << p.frames;
  }
  EXPECT_LT(a.points[0].time_mean_tau_s, 40);
  EXPECT_NE(a.verdict.find("explains it"), std::string::npos) << a.verdict;
  EXPECT_GT(a.hyperbolic.tau_s, a.points.back().time_mean_tau_s);
}

/// Long series, and the estimators side by side: 50 and 100 τ.
TEST(DurationCalibration, OfFiftyAndAHundredRelaxationTimes) {
  const Index frames = 10000;
  const std::vector<std::uint8_t> valid(static_cast<std::size_t>(frames), 1);
  DurationSums sums({2500, 5000, 10000});
  VirtualPixels pixels;
  pixels.contrast = 0.03;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    pixels.seed = seed;
    sums.add(make_virtual_pixels(1024, valid, pixels), valid, 1);
  }
  const auto a = sums.result(1);
  for (const auto& p : a.points) {
    std::printf(
        "%5.0f tau: pixel means tau %.1f ± %.1f, exponent %.3f ± %.3f; time means tau %.1f, "
        "exponent %.3f; predicted %.1f, %.3f\n",
        static_cast<double>(p.frames) / 100,
        p.tau_s,
        p.tau_error_s,
        p.kww_exponent,
        p.kww_exponent_error,
        p.time_mean_tau_s,
        p.time_mean_exponent,
        p.predicted_tau_s,
        p.predicted_exponent);
    EXPECT_NEAR(p.tau_s / 100, 1, 0.05) << p.frames;
    EXPECT_NEAR(p.kww_exponent, 0.7, 0.03) << p.frames;
    EXPECT_NEAR(p.time_mean_tau_s / p.predicted_tau_s, 1, 0.06) << p.frames;
    EXPECT_NEAR(p.time_mean_exponent, p.predicted_exponent, 0.06) << p.frames;
  }
}

// Nothing decays while it is looked at: fits sit on their bounds, and their ratio would be exact.
TEST(Duration, SaysWhenTauIsNotKnown) {
  const Index frames = 100;
  const std::vector<std::uint8_t> valid(static_cast<std::size_t>(frames), 1);
  DurationSums sums(usual_durations(frames));
  VirtualPixels pixels;
  pixels.contrast = 0.03;
  pixels.tau_frames = 1e7;
  pixels.seed = 7;
  sums.add(make_virtual_pixels(1024, valid, pixels), valid, 1);
  const auto a = sums.result(1);
  ASSERT_EQ(a.points.size(), 5U);
  EXPECT_TRUE(std::isnan(a.growth));
  EXPECT_TRUE(std::isnan(a.points.back().tau_s));
  EXPECT_EQ(a.verdict,
            "tau is known for 0 of 5 durations, whether it grows with duration cannot be said");
}

TEST(Duration, RefusesShortOnes) {
  EXPECT_THROW(DurationSums({4, 100}), OptionError);
  EXPECT_EQ(usual_durations(100), std::vector<Index>({20, 40, 60, 80, 100}));
}

} // namespace
} // namespace vitrum::ecm
