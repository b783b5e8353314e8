// Events over virtual experiments: false alarms at the rate asked for, drops found, everything else
// left alone.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "virtual_series.hpp"
#include "vitrum/aging/events.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

using testing::SeriesPlan;
using testing::VirtualSeries;

const SeriesPlan quiet{.frames = 1000, .height = 20, .width = 20};

void count_alarms(const char* what, const SeriesPlan& plan, Index series) {
  const double rates[] = {0.2, 0.05, 0.01};
  Index alarms[3] = {};
  Moments block;
  for (Index seed = 1; seed <= series; ++seed) {
    const auto found =
        find_events(VirtualSeries(plan, std::uint64_t(seed)), {.false_alarms = rates[0]});
    block.add(double(found.block_frames));
    for (const Event& event : found.events)
      for (int i = 0; i < 3; ++i) // its probability is that of one alarm or more
        alarms[i] += -std::log1p(-event.probability) < rates[i] ? 1 : 0;
  }
  fmt::print("{}, {} series of {} frames, block {:.1f}:\n", what, series, plan.frames, block.mean);
  for (int i = 0; i < 3; ++i) {
    const double expected = rates[i] * double(series);
    fmt::print("  asked {} per series, found {:.4f} ({} alarms): {:.2f} +- {:.2f} of it\n",
               rates[i],
               double(alarms[i]) / double(series),
               alarms[i],
               double(alarms[i]) / expected,
               1 / std::sqrt(expected));
    // a factor 1.5 and two standard deviations of the count
    EXPECT_LT(double(alarms[i]), 1.5 * expected + 2 * std::sqrt(1.5 * expected));
    EXPECT_GT(double(alarms[i]), expected / 1.5 - 2 * std::sqrt(expected / 1.5));
  }
  std::fflush(stdout);
}

TEST(EventsCalibration, FalseAlarmsOfStationarySeries) {
  count_alarms("stationary, 1 count", quiet, 1000);
}

TEST(EventsCalibration, FalseAlarmsAtFewCounts) {
  auto few = quiet; // elements far from Gaussian
  few.mean_counts = 0.05;
  count_alarms("0.05 counts", few, 1000);
}

TEST(EventsCalibration, FalseAlarmsOfAgingSeries) {
  auto aging = quiet;
  aging.tau = [](Index t) { return 50 * std::exp(double(t) / 500); };
  count_alarms("tau from 50 to 370 frames", aging, 1000);
}

} // namespace
} // namespace vitrum::aging
