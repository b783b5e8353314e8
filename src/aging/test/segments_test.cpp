// Segmentation of the time axis against all divisions enumerated, and on series of known truth.
#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "../age_noise.hpp"
#include "message_of.hpp"
#include "vitrum/aging/segments.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

/// ln τ of the truth plus noise of `error` and autocorrelation `phi`, one window per 100 s.
template <class F>
AgeSeries make(F truth, Index windows, double error, double phi, std::uint64_t seed) {
  Random random(seed);
  AgeSeries s;
  double e = random.normal();
  for (Index k = 0; k < windows; ++k) {
    if (k > 0)
      e = phi * e + std::sqrt(1 - phi * phi) * random.normal();
    s.age_s.push_back(50 + 100 * double(k));
    s.log_tau.push_back(truth(s.age_s.back()) + error * e);
    s.error.push_back(error);
  }
  return s;
}

/// Aging to 3000 s, stationary to 6000 s, a jump up, stationary to 8000 s, accelerating to 10,000
/// s.
double story(double t) {
  if (t < 6000)
    return 5 + std::min(t, 3000.0) / 2000;
  return t < 8000 ? 7.3 : 7.3 - (t - 8000) / 1000;
}

TEST(Segments, EndWithTheWindowsThatHaveATime) {
  AgeSeries series = make(story, 20, 0.05, 0, 3);
  for (const std::size_t lost : {0, 1, 16, 17, 19}) // the last time stands alone behind a hole
    series.log_tau[lost] = std::numeric_limits<double>::quiet_NaN();
  const auto found = find_segments(series);
  ASSERT_FALSE(found.segments.empty());
  EXPECT_EQ(found.segments.front().first_s, 200);
  EXPECT_EQ(found.segments.back().last_s, 1900);
}

TEST(Segments, TellTheStory) {
  const auto found = find_segments(make(story, 100, 0.05, 0.4, 1));
  ASSERT_EQ(found.segments.size(), 4U);
  const Dynamics expected[] = {
      Dynamics::aging, Dynamics::stationary, Dynamics::stationary, Dynamics::accelerating};
  const double ends[] = {3000, 6000, 8000, 10000};
  for (std::size_t i = 0; i < 4; ++i) {
    const Segment& s = found.segments[i];
    EXPECT_EQ(s.dynamics, expected[i]);
    EXPECT_GT(s.probability, 0.8);
    EXPECT_GT(s.change_probability, 0.5);
    EXPECT_LE(s.last_low_s, s.last_s);
    EXPECT_GE(s.last_high_s, s.last_s);
    EXPECT_NEAR(s.last_s, ends[i], 300);
  }
  EXPECT_EQ(found.segments[1].last_s, 6000); // a jump of 16 widths is found to the window
  EXPECT_NEAR(1 / found.segments[0].slope_per_s, 2000, 200);
  for (std::size_t w = 0; w < 100; ++w) {
    double sum = 0;
    for (const double p : found.probability[w])
      sum += p;
    EXPECT_NEAR(sum, 1, 1e-9);
  }
}

TEST(Segments, IntermittentStretchesScatter) {
  Random random(5);
  auto series = make([](double) { return 5.0; }, 90, 0.05, 0, 2);
  for (std::size_t k = 40; k < 60; ++k)
    series.log_tau[k] += 0.3 * random.normal();
  const auto found = find_segments(series);
  ASSERT_EQ(found.segments.size(), 3U);
  EXPECT_EQ(found.segments[1].dynamics, Dynamics::intermittent);
  EXPECT_NEAR(found.segments[1].first_s, 4000, 300);
  EXPECT_NEAR(found.segments[1].last_s, 6000, 300);
}

/// Evidence of a segment by brute integration over its value at `origin`, of normal prior, and its
/// slope; independent noise.
double slow_evidence(const AgeSeries& s,
                     std::size_t first,
                     std::size_t last,
                     double origin,
                     double expected,
                     double width,
                     double span) {
  const double b_width = span / (s.age_s[last - 1] - s.age_s[first]);
  const auto normal = [](double x, double deviation) {
    return std::exp(-0.5 * x * x / (deviation * deviation)) / (deviation * std::sqrt(2 * M_PI));
  };
  constexpr int steps = 400;
  double flat = 0, rising = 0, falling = 0, wide = 0;
  const double da = 10 * width / steps, db = 10 * b_width / steps;
  for (int i = 0; i < steps; ++i) {
    const double a = (i + 0.5 - steps / 2) * da;
    const double weight = normal(a, width) * da;
    double p = 1, q = 1;
    for (std::size_t k = first; k < last; ++k) {
      p *= normal(s.log_tau[k] - expected - a, s.error[k]);
      q *= normal(s.log_tau[k] - expected - a, 4 * s.error[k]);
    }
    flat += weight * p;
    wide += weight * q;
    for (int j = 0; j < steps; ++j) {
      const double b = (j + 0.5 - steps / 2) * db;
      double r = 2 * normal(b, b_width) * db * weight;
      for (std::size_t k = first; k < last; ++k)
        r *= normal(s.log_tau[k] - expected - a - b * (s.age_s[k] - origin), s.error[k]);
      (b > 0 ? rising : falling) += r;
    }
  }
  return (flat + rising + falling + wide) / 4;
}

/// Nine in ten begin where the two windows before are, within 2.5 errors.
double
slow_evidence(const AgeSeries& s, std::size_t first, std::size_t last, double range, double span) {
  const double middle = (s.age_s[first] + s.age_s[last - 1]) / 2;
  const double anywhere = slow_evidence(s, first, last, middle, median(s.log_tau), range, span);
  if (first < 2)
    return anywhere;
  const double before = (s.log_tau[first - 2] + s.log_tau[first - 1]) / 2;
  const double near = 2.5 * (s.error[first - 2] + s.error[first - 1] + s.error[first]) / 3;
  return 0.9 * slow_evidence(s, first, last, s.age_s[first], before, near, span) + 0.1 * anywhere;
}

TEST(Segments, ChangesHaveTheProbabilityOfBayes) {
  // seven windows can be divided after three, after four, or not at all
  const auto series = make([](double t) { return t < 300 ? 1.0 : 1.3; }, 7, 0.1, 0, 3);
  const auto found =
      find_segments(series, {.expected_segments = 2, .slope_span = 2, .rescale_errors = false});
  const auto [low, high] = std::minmax_element(series.log_tau.begin(), series.log_tau.end());
  const double range = std::max(*high - *low, 0.3);
  const auto e = [&](std::size_t i, std::size_t j) {
    return slow_evidence(series, i, j, range, 2);
  };
  const double chance = 1.0 / 6; // of a change at each of six places
  const double whole = e(0, 7) * std::pow(1 - chance, 6);
  const double three = e(0, 3) * e(3, 7) * chance * std::pow(1 - chance, 5);
  const double four = e(0, 4) * e(4, 7) * chance * std::pow(1 - chance, 5);
  EXPECT_NEAR(found.log_evidence, std::log(whole + three + four), 1e-3);
  EXPECT_NEAR(found.change[3], three / (whole + three + four), 1e-3);
  EXPECT_NEAR(found.change[4], four / (whole + three + four), 1e-3);
  EXPECT_NEAR(found.change[0], 1, 1e-9); // a segment begins at the start
  EXPECT_EQ(found.change[1], 0);
}

TEST(Segments, MissingWindowsAreSkipped) {
  auto series = make(story, 100, 0.05, 0, 4);
  for (const std::size_t k : {10U, 11U, 50U})
    series.log_tau[k] = std::numeric_limits<double>::quiet_NaN();
  const auto found = find_segments(series);
  ASSERT_GE(found.segments.size(), 4U);
  EXPECT_EQ(found.segments.back().last, 100);
  series.log_tau.assign(100, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(find_segments(series).reason, "0 windows with a relaxation time: need at least 6");
  series.error.pop_back();
  EXPECT_THROW((void)find_segments(series), DataError);
  EXPECT_EQ(message_of([] { (void)find_segments({}, {.expected_segments = 1}); }),
            "expected_segments = 1: must be more than 1, or 0");
}

TEST(AgeNoise, IsFoundBesideSlopes) {
  for (const double phi : {0.0, 0.3, 0.6}) {
    Moments factor, correlation;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      auto series = make([](double t) { return t / 500; }, 300, 0.1, phi, seed);
      for (double& e : series.error)
        e = 0.05; // half the truth
      const auto noise = find_noise(series.log_tau, series.error);
      factor.add(noise.factor);
      correlation.add(noise.correlation);
    }
    if (phi < 0.5) { // beyond, the two cannot be told apart in 300 windows
      EXPECT_NEAR(factor.mean, 2, 0.2);
    }
    EXPECT_NEAR(correlation.mean, phi, 0.08);
  }
}

TEST(AgeNoise, LinesByHand) {
  const std::vector<double> x{0, 1, 2, 3}, y{1, 3, 5, 7}, e{1, 1, 1, 1};
  const auto line = fit_line(WhitenedSums(x, y, e, 0.5).range(1, 4)); // exact: any weights
  EXPECT_NEAR(line.slope, 2, 1e-12);
  EXPECT_NEAR(line.value, 1, 1e-12);
  EXPECT_NEAR(line.chi2, 0, 1e-12);
  const auto plain = fit_line(WhitenedSums(x, y, e, 0).range(0, 4));
  EXPECT_NEAR(plain.slope_error, 1 / std::sqrt(5.0), 1e-12); // Σ(x − 1.5)² = 5
}

TEST(Stationarity, IsTestedOverAnyRange) {
  const auto series = make(story, 100, 0.05, 0, 7);
  const auto still = test_stationarity(series, 3000, 6000);
  EXPECT_TRUE(still.stationary);
  EXPECT_EQ(still.windows, 30);
  EXPECT_FALSE(test_stationarity(series, 0, 3000).stationary);
  const auto jump = test_stationarity(series, 3000, 8000); // a jump: line and scatter fail
  EXPECT_FALSE(jump.stationary);
  EXPECT_LT(jump.scatter_probability, 1e-3);
  EXPECT_EQ(test_stationarity(series, 0, 200).reason,
            "2 windows with a relaxation time between 0 s and 200 s: need at least 4");
}

} // namespace
} // namespace vitrum::aging
