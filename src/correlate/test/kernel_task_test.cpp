// Numbers of events that the choice of a kernel is based on, against counting them.
#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/random.hpp"
#include "vitrum/correlate/kernel_task.hpp"

namespace vitrum::correlate {
namespace {

TEST(KernelTask, EventsFromMeanAndVariance) {
  constexpr Index frames = 4000, height = 4, width = 8;
  for (const double mean : {0.01, 0.3, 2.0}) {
    std::vector<std::uint16_t> values(frames * height * width);
    Random random(7, static_cast<std::uint64_t>(1000 * mean));
    double events = 0, above = 0;
    for (auto& value : values) {
      // thermal light: exponential intensity, Poisson counts
      const double intensity = -mean * std::log(1 - random.uniform());
      double product = random.uniform();
      for (const double limit = std::exp(-intensity); product > limit; product *= random.uniform())
        ++value;
      events += value > 0 ? 1 : 0;
      above += value > 1 ? 1 : 0;
    }
    const auto source = frames::make_memory_source(std::move(values), frames, height, width);
    const auto mask = frames::make_mask(height, width);
    const auto statistics = frames::measure_series(*source, mask);
    const auto partition = frames::make_single_bin(mask);
    const auto task =
        make_kernel_task(statistics, partition, 1, Normalization::plain, LoadOptions{}, true);
    EXPECT_EQ(task.pixels, height * width);
    EXPECT_EQ(task.frames, frames);
    EXPECT_NEAR(task.events, events, 0.03 * events + 30) << mean;
    EXPECT_NEAR(task.above_one, above, 0.1 * above + 30) << mean;
    EXPECT_FALSE(task.corrected);
    // no kernel but floats takes values that are no counts
    const auto floats =
        make_kernel_task(statistics, partition, 1, Normalization::plain, LoadOptions{}, false);
    EXPECT_EQ(choose_kernel(floats, nominal_rates()).kind, KernelKind::floats);
  }
}

TEST(KernelTask, WeightsLeaveFloatsAndEvents) {
  KernelTask task;
  task.frames = 5000;
  task.pixels = 100000;
  task.integer_counts = true;
  task.corrected = true;
  task.only_weighted = true;
  task.events = 1e5;
  task.largest_count = 3;
  EXPECT_EQ(choose_kernel(task, nominal_rates()).kind, KernelKind::events);
  task.only_weighted = false;
  EXPECT_EQ(choose_kernel(task, nominal_rates()).kind, KernelKind::floats);
}

} // namespace
} // namespace vitrum::correlate
