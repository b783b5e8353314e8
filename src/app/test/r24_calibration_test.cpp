// The virtual experiment after R24 from frames to findings: what was put in is found.
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

// a twentieth of the frames, each twenty times longer
constexpr Index frames = 6000;
constexpr double frame_time_s = 300000.0 / frames;

Tree analysed(Index seed) {
  const auto folder = fs::temp_directory_path() / fmt::format("vitrum_r24_{}", seed);
  fs::create_directories(folder);
  SynthXpcsOptions synth;
  synth.preset = "r24";
  synth.frames = frames;
  synth.height = synth.width = 96;
  synth.seed = seed;
  synth.output = {(folder / "s.h5").string(), true};
  (void)run_synth_xpcs(synth, {}, silent());
  XpcsOptions xpcs;
  xpcs.inputs = {(folder / "s.h5").string()};
  xpcs.age.window_s = 1000;
  xpcs.age.age = "mid";
  xpcs.age.baseline = "1";
  xpcs.correlation.max_lag = 160;
  xpcs.fit.models = {"kww"};
  xpcs.fit.fix = {"baseline=1", fmt::format("kww_exponent={}", synth::r24_kww_exponent)};
  xpcs.dynamics.aging_ranges = {"0:24000", "132000:144000", "226000:248000"};
  xpcs.output = {(folder / "r.h5").string(), true};
  (void)run_xpcs(xpcs, {}, silent());
  auto tree = io::read_tree(xpcs.output.output);
  fs::remove_all(folder);
  return tree;
}

TEST(R24Calibration, EventAndAgingTimesAreFound) {
  for (const Index seed : {1, 2, 3}) {
    const Tree tree = analysed(seed);
    const auto time = tree.numbers("entry/event/time_s");
    const auto drop = tree.numbers("entry/event/drop");
    fmt::print("seed {}: {} events", seed, time.size());
    ASSERT_GE(time.size(), 1U);
    double nearest = INFINITY;
    for (std::size_t i = 0; i < time.size(); ++i) {
      nearest = std::min(nearest, std::abs(time[i] - synth::r24_event_s) / frame_time_s);
      fmt::print(", {} s (drop {:.3f}, truth 0.25)", time[i], drop[i]);
    }
    fmt::print("\n");
    EXPECT_LE(nearest, 2);
    EXPECT_EQ(time.size(), 1U);
    const auto law = tree.texts("entry/aging_law/law");
    const auto aging_time = tree.numbers("entry/aging_law/aging_time_s");
    const auto error = tree.numbers("entry/aging_law/aging_time_s_errors");
    std::size_t k = 0;
    for (const auto& stretch : synth::r24_stretches()) {
      if (stretch.kind != synth::Stretch::Kind::aging)
        continue;
      while (law.at(k) != "exponential")
        ++k;
      fmt::print("  t' of {} to {} s: {:.0f} +- {:.0f}, truth {:.0f}\n",
                 stretch.first_s,
                 stretch.last_s,
                 aging_time[k],
                 error[k],
                 stretch.aging_time_s);
      EXPECT_NEAR(aging_time[k], stretch.aging_time_s, 4 * error[k]);
      ++k;
    }
    const auto dynamics = tree.texts("entry/segment/dynamics");
    const auto first = tree.numbers("entry/segment/first_s"),
               last = tree.numbers("entry/segment/last_s");
    const auto probability = tree.numbers("entry/segment/probability");
    for (std::size_t i = 0; i < dynamics.size(); ++i)
      fmt::print(
          "  {:.0f} to {:.0f} s {} ({:.2f})\n", first[i], last[i], dynamics[i], probability[i]);
    std::fflush(stdout);
    EXPECT_EQ(dynamics[0], "aging");
    // after 25,000 s tau goes on growing, five times more slowly, until 40,000 s
    EXPECT_GT(last[0], 25000 - 2500);
    EXPECT_LT(last[0], 40000 + 2500);
    const auto nearest_change = [&](double at) {
      double off = INFINITY;
      for (const double end : last)
        off = std::min(off, std::abs(end - at));
      return off;
    };
    // from acceleration to aging, and where that ends: within 5 % of the age
    EXPECT_LT(nearest_change(224000), 0.05 * 224000);
    EXPECT_LT(nearest_change(250000), 0.05 * 250000);
  }
}

} // namespace
} // namespace vitrum::app
