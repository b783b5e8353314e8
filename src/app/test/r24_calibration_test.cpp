// The virtual experiment after R24 from frames to findings, at a tenth of its length: what was put
// in is found.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "vitrum/app/commands.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/synth/presets.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;

constexpr Index frames = 12000; // of 25 s
constexpr double frame_time_s = 300000.0 / frames;

class Experiment {
public:
  explicit Experiment(Index seed)
      : folder_(fs::temp_directory_path() / fmt::format("vitrum_r24_{}", seed)) {
    fs::create_directories(folder_);
    SynthXpcsOptions synth;
    synth.preset = "r24";
    synth.frames = frames;
    synth.seed = seed;
    synth.output = {(folder_ / "s.h5").string(), true};
    (void)run_synth_xpcs(synth, {}, silent());
  }
  ~Experiment() { fs::remove_all(folder_); }
  Experiment(const Experiment&) = delete;
  Experiment& operator=(const Experiment&) = delete;

  /// Windows of 1000 s as in the paper. Lags up to 4000 s: a window tells of the ages that its
  /// pairs span, and longer ones blur the ends of stretches.
  [[nodiscard]] Tree analysed(bool known_exponent) const {
    XpcsOptions xpcs;
    xpcs.inputs = {(folder_ / "s.h5").string()};
    xpcs.age.window_s = 1000;
    xpcs.age.age = "mid";
    xpcs.age.baseline = fmt::format("{}", synth::r24_long_time_plateau);
    xpcs.correlation.max_lag = 160;
    xpcs.correlation.map_lags = 400;
    xpcs.fit.models = {"kww"};
    xpcs.fit.fix = {fmt::format("baseline={}", synth::r24_long_time_plateau)};
    if (known_exponent)
      xpcs.fit.fix.push_back(fmt::format("kww_exponent={}", synth::r24_kww_exponent));
    else
      xpcs.fit.share = {"exponent"};
    xpcs.dynamics.aging_ranges = {"0:25000", "132000:145000", "224000:250000"};
    xpcs.dynamics.coupling_ranges = {"0:202500", "202500:250000", "250000:300000"};
    xpcs.dynamics.plateau_slope_per_s = 0.0165 / 300000;
    xpcs.output = {(folder_ / "r.h5").string(), true};
    (void)run_xpcs(xpcs, {}, silent());
    return io::read_tree(xpcs.output.output);
  }

private:
  fs::path folder_;
};

void check_event(const Tree& tree) {
  const auto time = tree.numbers("entry/event/time_s"), drop = tree.numbers("entry/event/drop"),
             error = tree.numbers("entry/event/drop_errors");
  ASSERT_EQ(time.size(), 1U);
  fmt::print("  event at {} s, drop {:.3f} +- {:.3f}, truth 0.25\n", time[0], drop[0], error[0]);
  EXPECT_LE(std::abs(time[0] - synth::r24_event_s), 2 * frame_time_s);
  EXPECT_NEAR(drop[0], 0.25, 3 * error[0]);
}

void check_aging_times(const Tree& tree) {
  const auto law = tree.texts("entry/aging_law/law");
  const auto time = tree.numbers("entry/aging_law/aging_time_s"),
             error = tree.numbers("entry/aging_law/aging_time_s_errors");
  std::size_t k = 0;
  for (const auto& stretch : synth::r24_stretches()) {
    if (stretch.kind != synth::Stretch::Kind::aging)
      continue;
    while (law.at(k) != "exponential")
      ++k;
    fmt::print("  t' of {} to {} s: {:.0f} +- {:.0f}, truth {:.0f}\n",
               stretch.first_s,
               stretch.last_s,
               time[k],
               error[k],
               stretch.aging_time_s);
    EXPECT_NEAR(time[k], stretch.aging_time_s, 0.1 * stretch.aging_time_s);
    ++k;
  }
}

/// Each stretch of the paper is one found, of its kind, with both ends within 5 % of their ages.
/// Between the event and the acceleration lie a few windows whose pairs cross it.
Index stretches_missed(const Tree& tree) {
  const auto dynamics = tree.texts("entry/segment/dynamics");
  const auto first = tree.numbers("entry/segment/first_s"),
             last = tree.numbers("entry/segment/last_s");
  for (std::size_t i = 0; i < dynamics.size(); ++i)
    fmt::print("  {:.0f} to {:.0f} s {}\n", first[i], last[i], dynamics[i]);
  Index missed = 0;
  for (const auto& stretch : synth::r24_stretches()) {
    const char* kind = stretch.kind == synth::Stretch::Kind::aging        ? "aging"
                       : stretch.kind == synth::Stretch::Kind::stationary ? "stationary"
                                                                          : "accelerating";
    bool found = false;
    for (std::size_t i = 0; i < dynamics.size(); ++i)
      found |= dynamics[i] == kind &&
               std::abs(first[i] - stretch.first_s) <= 0.05 * stretch.first_s &&
               std::abs(last[i] - stretch.last_s) <= 0.05 * stretch.last_s;
    if (!found)
      fmt::print("  not found: {} to {} s {}\n", stretch.first_s, stretch.last_s, kind);
    missed += found ? 0 : 1;
  }
  return missed;
}

/// Fig. 3c: against each other until the event, no link after it, together after 250,000 s.
void check_coupling(const Tree& tree) {
  const auto r = tree.numbers("entry/coupling_test/correlation"),
             p = tree.numbers("entry/coupling_test/probability");
  ASSERT_EQ(r.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i)
    fmt::print("  plateau and mean time, range {}: correlation {:+.2f}, by chance {:.3f}\n",
               i + 1,
               r[i],
               p[i]);
  EXPECT_LT(r[0], 0);
  EXPECT_LT(p[0], 0.05);
  EXPECT_GT(p[1], 0.05);
  EXPECT_GT(r[2], 0);
  EXPECT_LT(p[2], 0.05);
}

TEST(R24Calibration, WhatThePaperSawIsFound) {
  Index missed = 0;
  for (const Index seed : {1, 2, 3}) {
    fmt::print("seed {}:\n", seed);
    const Experiment experiment(seed);
    const Tree tree = experiment.analysed(true);
    check_event(tree);
    check_aging_times(tree);
    missed += stretches_missed(tree);
    check_coupling(tree);
    const Tree free = experiment.analysed(false);
    const double exponent = free.numbers("entry/window/fit/kww/kww_exponent").at(0);
    fmt::print(
        "  kww_exponent of all windows {:.4f}, truth {}\n", exponent, synth::r24_kww_exponent);
    EXPECT_NEAR(exponent, synth::r24_kww_exponent, 0.03);
    std::fflush(stdout);
  }
  EXPECT_EQ(missed, 0) << "of 21 stretches";
}

} // namespace
} // namespace vitrum::app
