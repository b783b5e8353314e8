#include "vitrum/md/power_law.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {
namespace {

/// Waits of a renewal process with density ~ t^−(1+x), x = `slope`, seen from 0 to `window`: the
/// last wait of each walker is cut off.
std::vector<Interval> renewals(double slope, double window, Index events, std::uint64_t seed) {
  Random random(seed);
  std::vector<Interval> out;
  Index ended = 0;
  while (ended < events) {
    for (double t = 0;;) {
      const double wait = std::pow(random.uniform(), -1 / slope);
      if (t + wait > window) {
        if (window - t >= 1)
          out.push_back({window - t, false});
        break;
      }
      t += wait;
      out.push_back({wait, true});
      ++ended;
    }
  }
  return out;
}

TEST(PowerLaw, IsTheFormulaOfTheCensoredHillEstimate) {
  const std::vector<Interval> some{{2, true}, {3, true}, {5, false}, {8, true}, {1.5, true}};
  const auto fit = fit_power_law(some, {.t_min = 2, .least_events = 3});
  const double sum = std::log(2 / 2.0) + std::log(3 / 2.0) + std::log(5 / 2.0) + std::log(8 / 2.0);
  EXPECT_NEAR(fit.exponent, 1 + 3 / sum, 1e-12);
  EXPECT_NEAR(fit.exponent_error, 3 / sum / std::sqrt(3.0), 1e-12);
  EXPECT_EQ(fit.events, 3);
  EXPECT_EQ(fit.censored, 1);
}

TEST(PowerLaw, KaplanMeierOfATextbookExample) {
  const auto km = kaplan_meier({{1, true}, {2, false}, {3, true}, {3, true}, {4, false}});
  ASSERT_EQ(km.time, (std::vector<double>{1, 3}));
  EXPECT_NEAR(km.survival[0], 0.8, 1e-12);
  EXPECT_NEAR(km.survival[1], 0.8 / 3, 1e-12);
}

TEST(PowerLaw, CutOffIntervalsMatter) {
  // 1.45 seen through three decades: without what the end cut off it looks steeper
  const auto data = renewals(0.45, 1000, 400000, 1);
  const auto fit = fit_power_law(data, {.t_min = 1});
  EXPECT_NEAR(fit.exponent, 1.45, 0.01);
  EXPECT_GT(fit.uncensored_exponent, 1.53);
}

TEST(PowerLaw, FindsWhereTheLawBegins) {
  // exponential below 10, power law above
  Random random(5);
  std::vector<Interval> data;
  for (int i = 0; i < 20000; ++i)
    data.push_back({random.uniform() < 0.5 ? 10 * random.uniform() + 0.01
                                           : 10 * std::pow(random.uniform(), -1 / 0.8),
                    true});
  const auto fit = fit_power_law(data);
  EXPECT_GT(fit.t_min, 8);
  EXPECT_LT(fit.t_min, 40);
  EXPECT_NEAR(fit.exponent, 1.8, 4 * fit.exponent_error);
}

TEST(PowerLaw, TimesOnAGridAreNotBiased) {
  Random random(9);
  std::vector<Interval> data;
  for (int i = 0; i < 200000; ++i)
    data.push_back({std::ceil(4 * std::pow(random.uniform(), -1 / 0.6)), true});
  const auto fit = fit_power_law(data, {.t_min = 8, .resolution = 1});
  // a passage at frame n happened between n − 1 and n: half a frame of shift on either side
  EXPECT_NEAR(fit.exponent, 1.6, 0.02);
}

TEST(PowerLaw, TellsOtherLawsApart) {
  Random random(3);
  std::vector<Interval> lognormal, power;
  for (int i = 0; i < 20000; ++i) {
    const double t = std::exp(0.5 * random.normal());
    lognormal.push_back({std::min(t, 8.0), t < 8});
    const double u = std::pow(random.uniform(), -1 / 0.7);
    power.push_back({std::min(u, 500.0), u < 500});
  }
  const auto fit_l = fit_power_law(lognormal, {.t_min = 0.6});
  for (const auto& rival : compare_power_law(lognormal, fit_l))
    EXPECT_LT(rival.ratio_z, -5) << rival.name;
  const auto fit_p = fit_power_law(power, {.t_min = 1});
  for (const auto& rival : compare_power_law(power, fit_p))
    EXPECT_GT(rival.ratio_z, -2.5) << rival.name; // they hold it as a limit, or lose
  EXPECT_LT(power_law_p_value(lognormal, fit_l, {.t_min = 0.6}, 40, 1), 0.05);
}

TEST(PowerLaw, RefusesTooFewIntervals) {
  EXPECT_EQ(message_of([] {
              (void)fit_power_law({{1, true}, {2, true}});
            }),
            "2 intervals ended, a power law needs 50");
  EXPECT_EQ(message_of([] {
              (void)fit_power_law({{1, true}, {2, false}}, {.t_min = 1.5});
            }),
            "0 intervals of at least 1.5 ended, a power law needs 50");
  EXPECT_EQ(message_of([] {
              (void)fit_power_law({{-1, true}});
            }),
            "an interval of -1: expected positive times");
}

TEST(PowerLawCalibration, PullsAreNormalAndTheBiasIsSmall) {
  Moments pull, exponent, uncensored;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto fit = fit_power_law(renewals(0.45, 1000, 20000, 100 + seed), {.t_min = 1});
    pull.add((fit.exponent - 1.45) / fit.exponent_error);
    exponent.add(fit.exponent);
    uncensored.add(fit.uncensored_exponent);
  }
  RecordProperty("bias", std::to_string(exponent.mean - 1.45));
  EXPECT_LT(std::abs(exponent.mean - 1.45), 0.01);
  EXPECT_NEAR(pull.mean, 0, 0.25);
  EXPECT_NEAR(pull.deviation(), 1, 0.15);
  EXPECT_GT(uncensored.mean, 1.52);
}

TEST(PowerLawCalibration, PValuesAreUniformUnderTheLaw) {
  std::vector<double> p;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const auto data = renewals(0.45, 1000, 1500, 500 + seed);
    const PowerLawOptions options{.candidates = 40};
    const auto fit = fit_power_law(data, options);
    p.push_back(power_law_p_value(data, fit, options, 60, seed));
  }
  std::sort(p.begin(), p.end());
  double distance = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    distance =
        std::max({distance,
                  std::abs(p[i] - static_cast<double>(i) / static_cast<double>(p.size())),
                  std::abs(p[i] - static_cast<double>(i + 1) / static_cast<double>(p.size()))});
  // Kolmogorov at 1 %, and the steps of 61 levels
  EXPECT_LT(distance, 1.63 / std::sqrt(120.0) + 1.0 / 61);
}

} // namespace
} // namespace vitrum::md
