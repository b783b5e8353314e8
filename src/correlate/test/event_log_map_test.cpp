#include "vitrum/correlate/event_log_map.hpp"

#include <bit>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

using reference::random_counts;
using reference::stripe_groups;

LogMap over_tiles(const TileKernel& kernel, const LogMapOptions& options) {
  LogMapAccumulator sums(kernel, options);
  TileConsumer* consumers[] = {&sums};
  correlate_two_time(kernel, consumers, {.tile = 32});
  return sums.result();
}

void expect_same(const LogMap& a, const LogMap& b) {
  EXPECT_EQ(a.frames, b.frames);
  EXPECT_EQ(a.error_groups, b.error_groups);
  EXPECT_EQ(a.reason, b.reason);
  ASSERT_EQ(a.rows.size(), b.rows.size());
  for (std::size_t k = 0; k < a.rows.size(); ++k) {
    const LogMapRow& x = a.rows[k];
    const LogMapRow& y = b.rows[k];
    ASSERT_EQ(x.first_lag, y.first_lag);
    ASSERT_EQ(x.last_lag, y.last_lag);
    ASSERT_EQ(x.age_width, y.age_width);
    ASSERT_EQ(x.pairs, y.pairs);
    for (std::size_t c = 0; c < x.value.size(); ++c) {
      ASSERT_EQ(std::isnan(x.value[c]), std::isnan(y.value[c])) << k << " " << c;
      ASSERT_EQ(std::isnan(x.error[c]), std::isnan(y.error[c])) << k << " " << c;
      if (std::isnan(x.value[c]))
        continue;
      // products of tiles are floats, of values up to 1 / mean counts
      EXPECT_NEAR(x.value[c], y.value[c], 2e-5 * std::max(1.0, std::abs(y.value[c])));
      if (!std::isnan(x.error[c])) {
        EXPECT_NEAR(x.error[c], y.error[c], 1e-3 * y.error[c] + 1e-6);
      }
    }
  }
}

TEST(EventLogMap, EqualsTheSumsOverTiles) {
  for (const Index frames : {2, 40, 170})
    for (const double mean : {0.02, 0.4, 3.0})
      for (const bool gaps : {false, true})
        for (const Index max_lag : {0, 30})
          for (const Normalization normalization :
               {Normalization::plain, Normalization::static_bin}) {
            const auto missing = gaps && frames > 30 ? std::vector<Index>{0, 7, 8, frames - 1}
                                                     : std::vector<Index>{};
            const EventMatrix events = make_event_matrix(random_counts(
                stripe_groups(24, 24, 2), frames, mean, missing, std::uint64_t(frames)));
            const EventKernel kernel(events, normalization);
            const LogMapOptions options{.per_decade = 4, .max_lag = max_lag};
            expect_same(make_log_map_from_events(kernel, options), over_tiles(kernel, options));
          }
}

TEST(EventLogMap, WeightsAndOneGroup) {
  EventMatrix events = make_event_matrix(random_counts(stripe_groups(16, 16, 1), 90, 0.3, {5}, 3));
  for (Index p = 0; p < events.pixels(); ++p)
    events.weight.push_back(1.0F + 0.01F * static_cast<float>(p % 40));
  const EventKernel kernel(events, Normalization::static_bin);
  expect_same(make_log_map_from_events(kernel), over_tiles(kernel, {}));
  PixelGroups one = stripe_groups(4, 4, 1);
  one.group_begin = {0, 16};
  one.reason = "too few pixels";
  const EventMatrix few = make_event_matrix(random_counts(one, 90, 0.5, {}, 4));
  const EventKernel small(few, Normalization::plain);
  ASSERT_EQ(small.group_count(), 1);
  expect_same(make_log_map_from_events(small), over_tiles(small, {}));
}

TEST(EventLogMap, ThreadsChangeNoBit) {
  const EventMatrix events =
      make_event_matrix(random_counts(stripe_groups(24, 24, 2), 300, 0.1, {9}, 2));
  const EventKernel kernel(events, Normalization::static_bin);
  set_thread_count(1);
  const LogMap one = make_log_map_from_events(kernel);
  set_thread_count(3);
  const LogMap three = make_log_map_from_events(kernel);
  set_thread_count(0);
  const auto bits = [](const std::vector<double>& values) {
    std::vector<std::uint64_t> out;
    for (const double v : values)
      out.push_back(std::bit_cast<std::uint64_t>(v));
    return out;
  };
  ASSERT_EQ(one.rows.size(), three.rows.size());
  for (std::size_t k = 0; k < one.rows.size(); ++k) {
    EXPECT_EQ(bits(one.rows[k].value), bits(three.rows[k].value));
    EXPECT_EQ(bits(one.rows[k].error), bits(three.rows[k].error));
  }
}

TEST(EventLogMap, RefusesWhatItCannotDo) {
  const EventMatrix events = make_event_matrix(random_counts(stripe_groups(8, 8, 1), 20, 1, {}, 1));
  const EventKernel kernel(events, Normalization::corrcoef);
  EXPECT_THAT([&] { (void)make_log_map_from_events(kernel); },
              testing::ThrowsMessage<OptionError>(
                  "corrcoef: its means differ from frame to frame; sums over pairs of events need "
                  "plain or static-bin"));
  const EventKernel plain(events, Normalization::plain);
  EXPECT_THAT([&] { (void)make_log_map_from_events(plain, {.per_decade = 0}); },
              testing::ThrowsMessage<OptionError>("per_decade = 0: must be positive"));
}

} // namespace
} // namespace vitrum::correlate
