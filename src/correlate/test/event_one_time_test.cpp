#include "vitrum/correlate/event_one_time.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

using reference::random_counts;
using reference::stripe_groups;

void expect_same(const OneTime& a, const OneTime& b) {
  ASSERT_EQ(a.pairs, b.pairs);
  EXPECT_EQ(a.first_lag, b.first_lag);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.error_groups, b.error_groups);
  for (Index k = 0; k < a.lags(); ++k) {
    if (a.pairs[k] == 0)
      continue;
    // Tiles are floats.
    EXPECT_NEAR(a.value[k], b.value[k], 2e-5) << k;
    EXPECT_NEAR(a.bias[k], b.bias[k], 1e-5 * std::abs(b.bias[k]) + 1e-7) << k;
    EXPECT_EQ(std::isnan(a.error[k]), std::isnan(b.error[k]));
    if (!std::isnan(a.error[k])) {
      EXPECT_NEAR(a.error[k], b.error[k], 1e-3 * b.error[k] + 1e-6) << k;
    }
  }
}

/// Frames with a handful of counts, which rarely have a pixel in common: the bias cannot be told
/// from a sample of pairs, and must not be taken off.
TEST(EventOneTime, UncorrelatedVerySparseFramesGiveOne) {
  const PixelMatrix counts = random_counts(stripe_groups(40, 50, 1), 3000, 0.002, {}, 5);
  const EventMatrix events = make_event_matrix(counts);
  const EventKernel kernel(events, Normalization::plain);
  const OneTime g2 = make_one_time_from_events(kernel).whole;
  double square = 0;
  Index lags = 0;
  for (Index k = 0; k < g2.lags(); ++k)
    if (g2.pairs[k] > 1000) {
      const double pull = (g2.value[k] - 1) / g2.error[k];
      EXPECT_LT(std::abs(pull), 5) << k;
      square += pull * pull;
      ++lags;
    }
  ASSERT_GT(lags, 10);
  EXPECT_LT(square / static_cast<double>(lags), 2.5);
}

TEST(EventOneTime, EqualsTheSumsOverTiles) {
  for (const Index frames : {90, 170})
    for (const double mean : {frames == 90 ? 0.4 : 0.02})
      for (const auto& gaps : {std::vector<Index>{}, {0, 7, 8, 60, 89}})
        for (const Normalization normalization : {Normalization::plain, Normalization::static_bin})
          for (const AgeConvention age : {AgeConvention::start, AgeConvention::mid})
            for (const LagSpacing spacing : {LagSpacing::logarithmic, LagSpacing::linear}) {
              const PixelMatrix counts =
                  random_counts(stripe_groups(16, 20, 2, 8), frames, mean, gaps, 12);
              const EventMatrix events = make_event_matrix(counts);
              const EventKernel kernel(events, normalization);
              OneTimeOptions options;
              options.age = age;
              options.lags.spacing = spacing;
              options.lags.include_zero = frames == 90;
              options.lags.max_lag = spacing == LagSpacing::linear ? 40 : 0;
              options.windows = {{0, 30}, {20, 80}};
              const OneTimeFunctions a = make_one_time_from_events(kernel, options);
              const OneTimeFunctions b = make_one_time(kernel, options);
              expect_same(a.whole, b.whole);
              for (std::size_t w = 0; w < 2; ++w)
                expect_same(a.windows[w], b.windows[w]);
            }
}

TEST(EventOneTime, ManyEventsInAPixelAndBinsWithoutErrors) {
  PixelMatrix counts = random_counts(stripe_groups(4, 5, 1, 4), 300, 3.0, {5}, 12);
  const EventMatrix events = make_event_matrix(counts);
  const EventKernel kernel(events, Normalization::plain);
  OneTimeOptions options;
  options.lags.per_decade = 3;
  expect_same(make_one_time_from_events(kernel, options).whole,
              make_one_time(kernel, options).whole);
}

TEST(EventOneTime, RepeatsBitForBit) {
  const EventMatrix events =
      make_event_matrix(random_counts(stripe_groups(30, 30, 2, 8), 400, 0.05, {3}, 4));
  const EventKernel kernel(events, Normalization::static_bin);
  set_thread_count(1);
  const OneTimeFunctions one = make_one_time_from_events(kernel);
  set_thread_count(3);
  const OneTimeFunctions two = make_one_time_from_events(kernel);
  set_thread_count(0);
  EXPECT_EQ(one.whole.value, two.whole.value);
  EXPECT_EQ(one.whole.error, two.whole.error);
}

TEST(EventOneTime, RefusesCorrcoef) {
  const EventMatrix events =
      make_event_matrix(random_counts(stripe_groups(10, 10, 1, 4), 40, 0.5, {}, 4));
  const EventKernel kernel(events, Normalization::corrcoef);
  EXPECT_THROW((void)make_one_time_from_events(kernel), OptionError);
}

} // namespace
} // namespace vitrum::correlate
