// Events in virtual experiments, their kinds, and input that cannot be judged.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "virtual_series.hpp"
#include "vitrum/aging/event_kind.hpp"
#include "vitrum/aging/events.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::aging {
namespace {

using testing::full_map;
using testing::SeriesPlan;
using testing::VirtualSeries;

const SeriesPlan plan_of_600{.frames = 600, .height = 24, .width = 24};

/// Mean pattern of `count` frames.
std::vector<double> mean_pattern(const VirtualSeries& series, Index first, Index count) {
  std::vector<double> out(series.frame(0).size(), 0);
  for (Index t = first; t < first + count; ++t)
    for (std::size_t p = 0; p < out.size(); ++p)
      out[p] += double(series.frame(t)[p]) / double(count);
  return out;
}

TEST(Events, AreFoundWithTimeDropAndRatio) {
  auto plan = plan_of_600;
  plan.event_frame = 300;
  plan.event_drop = 0.5;
  plan.tau = [](Index t) { return t < 300 ? 40.0 : 80.0; };
  const auto found = find_events(VirtualSeries(plan, 3));
  ASSERT_EQ(found.events.size(), 1U);
  const Event& event = found.events[0];
  EXPECT_NEAR(double(event.frame), 300, 2);
  EXPECT_NEAR(event.drop, 0.5, 4 * event.drop_error);
  EXPECT_LT(event.drop_error, 0.1);
  EXPECT_LT(event.probability, 1e-3);
  EXPECT_EQ(event.kind, EventKind::structural);
  EXPECT_TRUE(std::isnan(event.recovery_frames));
  EXPECT_NEAR(event.tau_ratio, 2, 4 * event.tau_ratio_error);
  EXPECT_LT(event.tau_ratio_error, 1);
}

TEST(Events, BadFramesComeBack) {
  auto plan = plan_of_600;
  plan.bad_first = 300;
  plan.bad_last = 302;
  const auto found = find_events(VirtualSeries(plan, 4), {.block_frames = 4});
  ASSERT_GE(found.events.size(), 1U);
  EXPECT_NEAR(double(found.events[0].frame), 301, 1); // at one of its ends
  EXPECT_EQ(found.events[0].kind, EventKind::transient);
  EXPECT_NEAR(found.events[0].recovered, 1, 0.3);
  EXPECT_LE(found.events[0].recovery_frames, 2);
}

TEST(Events, IntensityJumpsAndGapsAreNone) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto jump = plan_of_600;
    jump.jump_frame = 300;
    EXPECT_TRUE(find_events(VirtualSeries(jump, seed)).events.empty());
    auto gap = plan_of_600;
    gap.gap_first = 250;
    gap.gap_last = 330; // as long as τ
    const auto found = find_events(VirtualSeries(gap, seed));
    EXPECT_TRUE(found.events.empty());
    EXPECT_TRUE(std::isnan(found.significance[300]));
    EXPECT_GT(found.judged, 300);
  }
}

TEST(Events, AShiftIsToldFromAnEvent) {
  auto plan = plan_of_600;
  plan.shift_frame = 300;
  const VirtualSeries moved(plan, 5);
  auto found = find_events(moved);
  ASSERT_EQ(found.events.size(), 1U);
  const Index block = found.block_frames;
  auto test = [&](const VirtualSeries& series) {
    const auto before = mean_pattern(series, 300 - block, block);
    const auto after = mean_pattern(series, 300, block);
    return test_shift({24, 24, before, after, {}});
  };
  const auto shift = test(moved);
  apply_shift(found.events[0], shift);
  EXPECT_EQ(found.events[0].kind, EventKind::shift);
  EXPECT_NEAR(found.events[0].shift_x_px, -1, 0.3); // the pattern moves one column to the left
  EXPECT_NEAR(found.events[0].shift_y_px, 0, 0.3);

  auto real = plan_of_600;
  real.event_frame = 300;
  real.event_drop = 0.6;
  EXPECT_FALSE(test(VirtualSeries(real, 5)).shifted);
  EXPECT_FALSE(test(VirtualSeries(plan_of_600, 5)).shifted);
  const std::vector<double> small(24, 0);
  EXPECT_THROW((void)test_shift({24, 24, small, small, {}}), DataError);
  const std::vector<double> tiny(16, 0);
  EXPECT_THROW((void)test_shift({4, 4, tiny, tiny, {}}), OptionError);
}

TEST(Events, AnIntensityJumpAtAnEventIsNoted) {
  auto plan = plan_of_600;
  plan.event_frame = plan.jump_frame = 300;
  plan.event_drop = 0.6;
  const VirtualSeries series(plan, 6);
  auto found = find_events(series);
  ASSERT_EQ(found.events.size(), 1U);
  compare_intensity(found.events, series.mean_counts(), found.block_frames);
  EXPECT_EQ(found.events[0].kind, EventKind::intensity);
  EXPECT_NEAR(found.events[0].intensity_ratio, 1.2, 0.05);
}

TEST(Events, ReadTheLowerTriangleOnly) {
  auto plan = plan_of_600;
  plan.frames = 300;
  plan.event_frame = 150;
  plan.event_drop = 0.6;
  const VirtualSeries series(plan, 7);
  auto map = full_map(series); // its diagonal is nonsense
  for (Index t = 0; t < 300; ++t)
    for (Index s = t; s < 300; ++s)
      map[std::size_t(t * 300 + s)] = -7;
  const auto direct = find_events(series);
  const auto mapped = find_events(MemoryRows(map, 300));
  ASSERT_EQ(direct.events.size(), 1U);
  ASSERT_EQ(mapped.events.size(), 1U);
  EXPECT_EQ(mapped.events[0].frame, direct.events[0].frame);
  EXPECT_EQ(mapped.events[0].drop, direct.events[0].drop);
}

TEST(Events, SayWhatCannotBeJudged) {
  auto plan = plan_of_600;
  plan.frames = 15;
  const auto few = find_events(VirtualSeries(plan, 1));
  EXPECT_EQ(few.reason, "15 frames: too few to tell events from noise, need at least 40");
  EXPECT_TRUE(few.events.empty());
  const std::vector<float> nothing(100 * 100, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(find_events(MemoryRows(nothing, 100)).reason,
            "no frame has enough pairs of frames around it");
  const std::vector<float> flat(100 * 100, 1.1F); // no noise: nothing to judge by
  EXPECT_EQ(find_events(MemoryRows(flat, 100)).judged, 0);
  EXPECT_EQ(message_of([&] { (void)find_events(MemoryRows(flat, 100), {.false_alarms = 0}); }),
            "false_alarms = 0: must lie in (0, 0.5]");
  EXPECT_EQ(message_of([&] { (void)MemoryRows(flat, 99); }),
            "two-time map of 10000 values: not 99 x 99");
}

} // namespace
} // namespace vitrum::aging
