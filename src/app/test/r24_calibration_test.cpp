// The virtual experiment after R24 from frames to findings, at a tenth of its length: what was put
// in is found.
#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "r24_experiment.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::app {
namespace {

constexpr Index frames = 12000; // of 25 s

void check_event(const Tree& tree, double frame_time_s) {
  const auto time = tree.numbers("entry/event/time_s"), drop = tree.numbers("entry/event/drop"),
             error = tree.numbers("entry/event/drop_errors");
  ASSERT_EQ(time.size(), 1U);
  fmt::print("  event at {} s, drop {:.3f} +- {:.3f}, truth 0.25\n", time[0], drop[0], error[0]);
  EXPECT_LE(std::abs(time[0] - synth::r24_event_s), 2 * frame_time_s);
  EXPECT_NEAR(drop[0], 0.25, 3 * error[0]);
}

void check_aging_times(const Tree& tree) {
  for (const auto& t : testing::r24_aging_times(tree))
    EXPECT_NEAR(t.found_s, t.truth_s, 0.1 * t.truth_s);
}

/// Fig. 3c: against each other until the event, no link after it, together after 250,000 s.
/// Returns the probability by which chance makes as much of the link that is not there.
double check_coupling(const Tree& tree) {
  const auto r = tree.numbers("entry/coupling_test/correlation"),
             p = tree.numbers("entry/coupling_test/probability");
  for (std::size_t i = 0; i < r.size(); ++i)
    fmt::print("  plateau and mean time, range {}: correlation {:+.2f}, by chance {:.3f}\n",
               i + 1,
               r[i],
               p[i]);
  EXPECT_LT(r.at(0), 0);
  EXPECT_LT(p.at(0), 0.05);
  EXPECT_GT(r.at(2), 0);
  EXPECT_LT(p.at(2), 0.05);
  return p.at(1);
}

TEST(R24Calibration, WhatThePaperSawIsFound) {
  Index missed = 0;
  double log_chance = 0;
  for (const Index seed : {1, 2, 3}) {
    fmt::print("seed {}:\n", seed);
    const testing::R24Experiment experiment(frames, seed);
    const Tree tree = experiment.analysed(true);
    check_event(tree, experiment.frame_time_s());
    check_aging_times(tree);
    missed += testing::r24_stretches_missed(tree);
    log_chance += std::log(check_coupling(tree));
    const Tree free = experiment.analysed(false);
    const double exponent = free.numbers("entry/window/fit/kww/kww_exponent").at(0);
    fmt::print(
        "  kww_exponent of all windows {:.4f}, truth {}\n", exponent, synth::r24_kww_exponent);
    EXPECT_NEAR(exponent, synth::r24_kww_exponent, 0.03);
    std::fflush(stdout);
  }
  EXPECT_EQ(missed, 0) << "of 21 stretches";
  // three such probabilities are uniform where there is no link (Fisher): one in twenty of them is
  // below 0.05, all together are not
  const double together = chi2_survival(-2 * log_chance, 6);
  fmt::print("no link after the event: of all seeds together by chance {:.3f}\n", together);
  EXPECT_GT(together, 0.05);
}

} // namespace
} // namespace vitrum::app
