#include <gtest/gtest.h>

#include "vitrum/app/progress_text.hpp"

namespace vitrum::app {
namespace {

TEST(ProgressText, SaysNoTimeBeforeThereIsARate) {
  ProgressState state;
  state.task = "simulating";
  state.unit = "steps";
  state.total = 137000;
  EXPECT_EQ(progress_text(state), "simulating:   0 % of 137000 steps");
  state.done = 13700;
  state.rate_per_s = 100;
  state.left_s = 1233;
  EXPECT_EQ(progress_text(state),
            "simulating:  10 % of 137000 steps, 100 steps/s, 20 min 33 s left");
}

} // namespace
} // namespace vitrum::app
