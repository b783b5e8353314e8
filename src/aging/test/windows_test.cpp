// Windows, plateaus and normalised decay against hand numbers.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/aging/windows.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

correlate::OneTime curve(std::vector<double> value, std::vector<double> error) {
  correlate::OneTime g2;
  for (std::size_t i = 0; i < value.size(); ++i) {
    g2.lag_frames.push_back(static_cast<double>(i + 1));
    g2.pairs.push_back(std::isnan(value[i]) ? 0 : 10);
  }
  g2.value = std::move(value);
  g2.error = std::move(error);
  return g2;
}

fit::FitResult fitted(double contrast, double baseline) {
  fit::FitResult fit;
  fit.parameters.resize(4);
  fit.parameters[0] = {.name = "contrast", .unit = "", .value = contrast, .error = 0.03};
  fit.parameters[1] = {.name = "baseline", .unit = "", .value = baseline, .error = 0.04};
  fit.covariance.assign(16, 0.0);
  return fit;
}

TEST(Windows, FitWholeAndMayOverlap) {
  const auto apart = make_windows(100, 30, 30);
  ASSERT_EQ(apart.size(), 3U); // 0-30, 30-60, 60-90
  EXPECT_EQ(apart[2].first, 60);
  EXPECT_EQ(apart[2].last, 90);
  EXPECT_EQ(make_windows(100, 30, 10).size(), 8U); // 0, 10, … 70
  EXPECT_EQ(make_windows(100, 100, 1).size(), 1U);
  EXPECT_EQ(message_of([] { (void)make_windows(100, 101, 1); }),
            "age window of 101 frames: longer than the series of 100");
  EXPECT_EQ(message_of([] { (void)make_windows(100, 10, 0); }),
            "age windows of 10 frames every 0: both must be at least one frame");
}

TEST(Plateaus, AreParsed) {
  EXPECT_EQ(parse_plateau("plateau", "measured").source, PlateauRule::Source::measured);
  EXPECT_EQ(parse_plateau("plateau", "fitted").source, PlateauRule::Source::fitted);
  EXPECT_EQ(parse_plateau("baseline", "1.0024").value, 1.0024);
  EXPECT_EQ(message_of([] { (void)parse_plateau("baseline", "1.0x"); }),
            "--baseline 1.0x: expected measured, fitted or a number");
  EXPECT_THROW((void)parse_plateau("baseline", "nan"), OptionError);
}

TEST(Plateaus, ComeFromTheFirstAndTheLastLags) {
  // the first lag has no pairs: the second one is the shortest
  const auto g2 =
      curve({nan, 1.3, 1.2, 1.1, 1.02, 1.04, 1.03}, {nan, 0.01, 0.01, 0.01, 0.02, 0.02, 0.02});
  const auto short_time = short_time_plateau(g2, {PlateauRule::Source::measured, 0}, nullptr);
  EXPECT_EQ(short_time.value, 1.3);
  EXPECT_EQ(short_time.error, 0.01);
  const auto long_time = long_time_plateau(g2, {PlateauRule::Source::measured, 0}, nullptr);
  EXPECT_DOUBLE_EQ(long_time.value, (1.02 + 1.04 + 1.03) / 3);
  EXPECT_DOUBLE_EQ(long_time.error,
                   0.02); // no covariance: fully correlated, so no smaller than one
}

TEST(Plateaus, UseTheCovarianceWhereThereIsOne) {
  auto g2 = curve({1.2, 1.1, 1.0}, {0.02, 0.02, 0.02});
  g2.covariance.assign(9, 0.0);
  for (std::size_t i = 0; i < 3; ++i)
    g2.covariance[i * 3 + i] = 0.02 * 0.02; // independent points
  const auto long_time = long_time_plateau(g2, {PlateauRule::Source::measured, 0}, nullptr);
  EXPECT_DOUBLE_EQ(long_time.value, 1.1);
  EXPECT_DOUBLE_EQ(long_time.error, 0.02 / std::sqrt(3.0));
}

TEST(Plateaus, AreNotTakenAcrossAGap) {
  // only pairs with frames of both sides are left
  const auto g2 = curve({nan, nan, nan, 1.1, 1.05}, {nan, nan, nan, 0.01, 0.01});
  EXPECT_TRUE(std::isnan(short_time_plateau(g2, {}, nullptr).value));
}

TEST(Plateaus, ComeFromTheFitOrAreGiven) {
  const auto g2 = curve({1.3, 1.2, 1.1}, {0.01, 0.01, 0.01});
  const auto fit = fitted(0.3, 1.01);
  const auto short_time = short_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &fit);
  EXPECT_DOUBLE_EQ(short_time.value, 0.3 + 1.01);
  EXPECT_DOUBLE_EQ(short_time.error, 0.05); // 0.03 and 0.04 in quadrature
  auto correlated = fit;
  correlated.covariance[1] = -0.0012; // fully anti-correlated: the errors cancel down to 0.01
  EXPECT_NEAR(
      short_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &correlated).error, 0.01, 1e-12);
  EXPECT_DOUBLE_EQ(long_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &fit).value, 1.01);
  EXPECT_DOUBLE_EQ(long_time_plateau(g2, {PlateauRule::Source::fixed, 1.0024}, &fit).value, 1.0024);
  EXPECT_EQ(long_time_plateau(g2, {PlateauRule::Source::fixed, 1.0024}, &fit).error, 0);
  EXPECT_TRUE(std::isnan(short_time_plateau(g2, {PlateauRule::Source::fitted, 0}, nullptr).value));
  auto lost = fit; // the end of the decay is not seen and the contrast stops at its bound
  lost.status = fit::FitStatus::unidentifiable;
  EXPECT_EQ(long_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &lost).value, 1.01);
  lost.parameters[0].error = nan;
  EXPECT_TRUE(std::isnan(long_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &lost).value));
  EXPECT_TRUE(std::isnan(short_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &lost).value));
  const auto nothing = curve({nan, nan}, {nan, nan});
  EXPECT_TRUE(std::isnan(short_time_plateau(nothing, {}, nullptr).value));
  EXPECT_TRUE(std::isnan(long_time_plateau(nothing, {}, nullptr).value));
}

TEST(NormalisedDecay, RunsFromOneToZero) {
  const auto g2 = curve({1.3, 1.15, 1.0}, {0.01, 0.01, 0.01});
  const auto r = normalise(g2, {1.3, 0.01}, {1.0, 0.02});
  EXPECT_NEAR(r.value[0], 1, 1e-12);
  EXPECT_NEAR(r.value[1], 0.5, 1e-12);
  EXPECT_NEAR(r.value[2], 0, 1e-12);
  EXPECT_NEAR(r.error[1], std::sqrt(0.01 * 0.01 + 0.005 * 0.005 + 0.01 * 0.01) / 0.3, 1e-12);
  EXPECT_NEAR(r.error[2], std::sqrt(0.01 * 0.01 + 0.02 * 0.02) / 0.3, 1e-12);
}

/// g2 of 1.4, 1.2, 1.1, 1, 1 and two deviations.
correlate::OneTime curve_with_deviations() {
  auto g2 = curve({1.4, 1.2, 1.1, 1, 1}, {});
  g2.deviation = {0.01,
                  0.02,
                  0.03,
                  0.01,
                  0.02, // in units of 0.01: 1 2 3 1 2
                  0.02,
                  0.01,
                  0,
                  0.02,
                  0}; // 2 1 0 2 0
  for (std::size_t i = 0; i < 5; ++i)
    g2.error.push_back(std::hypot(g2.deviation[i], g2.deviation[5 + i]));
  return g2;
}

TEST(Plateaus, CarryTheDeviationsOfTheirLags) {
  auto g2 = curve_with_deviations();
  const auto short_time = short_time_plateau(g2, {}, nullptr);
  EXPECT_EQ(short_time.deviation, (std::vector<double>{0.01, 0.02}));
  EXPECT_DOUBLE_EQ(short_time.error, g2.error[0]);
  g2.pairs = {10, 10, 20, 10, 10};
  const auto long_time = long_time_plateau(g2, {}, nullptr); // the last three
  EXPECT_DOUBLE_EQ(long_time.value, (2 * 1.1 + 1 + 1) / 4);
  ASSERT_EQ(long_time.deviation.size(), 2U);
  EXPECT_DOUBLE_EQ(long_time.deviation[0], 0.0225); // (2·3 + 1 + 2)/4
  EXPECT_DOUBLE_EQ(long_time.deviation[1], 0.005);  // 2/4
  EXPECT_DOUBLE_EQ(long_time.error, std::hypot(0.0225, 0.005));
  EXPECT_TRUE(short_time_plateau(g2, {PlateauRule::Source::fixed, 1.4}, nullptr).deviation.empty());

  auto fit = fitted(0.3, 1.01);
  fit.parameter_deviation = {0.01, -0.03, 5, 6, 0.02, 0.01, 7, 8};
  EXPECT_DOUBLE_EQ(short_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &fit).deviation[0],
                   -0.02);
  EXPECT_EQ(long_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &fit).deviation,
            (std::vector<double>{-0.03, 0.01}));
  fit.parameters[0].error = nan; // on its bound: nothing known
  EXPECT_TRUE(short_time_plateau(g2, {PlateauRule::Source::fitted, 0}, &fit).deviation.empty());
}

TEST(NormalisedDecay, FollowsTheDeviationsOfItsPlateaus) {
  const auto g2 = curve_with_deviations();
  const auto short_time = short_time_plateau(g2, {}, nullptr);
  // baseline fixed at 1: scale 0.4, R = 1, 1/2, 1/4, 0, 0
  const auto fixed = normalise(g2, short_time, {1, 0});
  EXPECT_EQ(fixed.value[0], 1);
  EXPECT_EQ(fixed.error[0], 0); // by definition
  EXPECT_NEAR(fixed.error[1], std::hypot(0.02 - 0.01 / 2, 0.01 - 0.02 / 2) / 0.4, 1e-14);
  EXPECT_NEAR(fixed.error[2], std::hypot(0.03 - 0.01 / 4, 0 - 0.02 / 4) / 0.4, 1e-14);
  EXPECT_NEAR(fixed.error[3], std::hypot(0.01, 0.02) / 0.4, 1e-14);
  // g2(∞) from a fit of the same g2, moving by (0.01, −0.02)
  const auto fitted = normalise(g2, short_time, {1, std::hypot(0.01, 0.02), {0.01, -0.02}});
  EXPECT_EQ(fitted.error[0], 0);
  EXPECT_NEAR(fitted.error[1],
              std::hypot(0.02 - 0.01 / 2 - 0.01 / 2, 0.01 - 0.02 / 2 + 0.02 / 2) / 0.4,
              1e-14);
  EXPECT_NEAR(fitted.error[3], std::hypot(0.01 - 0.01, 0.02 + 0.02) / 0.4, 1e-14);
  // not known: independent, in quadrature
  const auto apart = normalise(g2, short_time, {1, 0.04});
  EXPECT_EQ(apart.error[0], 0);
  EXPECT_NEAR(apart.error[1], std::hypot(fixed.error[1], 0.02 / 0.4), 1e-14);
  EXPECT_NEAR(apart.error[3], std::hypot(fixed.error[3], 0.04 / 0.4), 1e-14);
  EXPECT_EQ(message_of([&] {
              (void)normalise(g2, {1.4, 0.1, {1, 2, 3}}, {1, 0});
            }),
            "short-time plateau: 3 deviations, g2 has 2");
}

TEST(FitData, CarriesErrorsOnlyWhenWeighted) {
  auto g2 = curve({1.3, 1.2}, {0.01, 0.02});
  g2.covariance = {1e-4, 0, 0, 4e-4};
  g2.deviation = {0.01, 0, 0, 0.02};
  g2.lag_spread_frames = {0, 0.5};
  const auto weighted = make_fit_data(g2, 2.5, true);
  EXPECT_EQ(weighted.lag_spread_s, (std::vector<double>{0, 1.25}));
  EXPECT_EQ(weighted.lag_s, (std::vector<double>{2.5, 5}));
  EXPECT_EQ(weighted.sigma, g2.error);
  EXPECT_EQ(weighted.covariance, g2.covariance);
  EXPECT_EQ(weighted.deviation, g2.deviation);
  const auto unweighted = make_fit_data(g2, 2.5, false);
  EXPECT_TRUE(unweighted.sigma.empty());
  EXPECT_TRUE(unweighted.covariance.empty());
  EXPECT_TRUE(unweighted.deviation.empty());
}

/// Against all pairs of frames of two cells.
TEST(FitData, AveragesOverTheLagsOfCells) {
  const auto decay = [](double lag) { return std::exp(-2 * std::pow(lag / 9, 0.7)); };
  for (const Index cell : {2, 3, 16, 24})
    for (const Index lag : {1, 2, 3, 7}) {
      SCOPED_TRACE(testing::Message() << cell << " frames, lag " << lag);
      double all = 0;
      for (Index a = 0; a < cell; ++a)
        for (Index b = 0; b < cell; ++b)
          all += decay(0.5 * static_cast<double>(lag * cell + a - b));
      all /= static_cast<double>(cell * cell);
      auto g2 = curve({1.3}, {0.01});
      g2.lag_frames = {static_cast<double>(lag)};
      g2.lag_spread_frames = {0};
      g2.cell_frames = cell;
      const auto data = make_fit_data(g2, 0.5 * static_cast<double>(cell), true);
      ASSERT_EQ(data.averages.size(), 1U);
      EXPECT_TRUE(data.lag_spread_s.empty());
      double mean = 0, shares = 0;
      for (const auto& [at, share] : data.averages[0]) {
        mean += share * decay(at);
        shares += share;
      }
      EXPECT_NEAR(shares, 1, 1e-12);
      EXPECT_NEAR(mean, all, cell > 16 || lag > 3 ? 2e-4 : 1e-12);
    }
  auto g2 = curve({1.3}, {0.01});
  g2.lag_frames = {2.5};
  g2.lag_spread_frames = {0.5}; // of two lags
  g2.cell_frames = 4;
  const auto both = make_fit_data(g2, 1, true);
  double mean = 0, square = 0;
  for (const auto& [at, share] : both.averages[0]) {
    mean += share * at;
    square += share * (at - 2.5) * (at - 2.5);
  }
  EXPECT_NEAR(mean, 2.5, 1e-12);
  EXPECT_NEAR(square, 0.25 + (1 - 1.0 / 16) / 6, 1e-12);
}

} // namespace
} // namespace vitrum::aging
