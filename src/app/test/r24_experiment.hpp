// The virtual experiment after R24 from frames to findings, of any length: what was put in, and
// what is found of it.
#pragma once
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "vitrum/app/commands.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/synth/presets.hpp"

namespace vitrum::app::testing {

class R24Experiment {
public:
  R24Experiment(Index frames, Index seed)
      : frames_(frames), folder_(std::filesystem::temp_directory_path() /
                                 fmt::format("vitrum_r24_{}_{}", frames, seed)) {
    std::filesystem::create_directories(folder_);
    SynthXpcsOptions synth;
    synth.preset = "r24";
    synth.frames = frames;
    synth.seed = seed;
    synth.output = {(folder_ / "s.h5").string(), true};
    (void)run_synth_xpcs(synth, {}, silent());
  }
  ~R24Experiment() { std::filesystem::remove_all(folder_); }
  R24Experiment(const R24Experiment&) = delete;
  R24Experiment& operator=(const R24Experiment&) = delete;

  [[nodiscard]] double frame_time_s() const { return 300000.0 / static_cast<double>(frames_); }

  /// Windows of 1000 s as in the paper. Lags up to 4000 s: a window tells of the ages that its
  /// pairs span, and longer ones blur the ends of stretches.
  [[nodiscard]] Tree analysed(bool known_exponent) const {
    XpcsOptions xpcs;
    xpcs.inputs = {(folder_ / "s.h5").string()};
    xpcs.age.window_s = 1000;
    xpcs.age.age = "mid";
    // at a lag of one frame, 25 s for a tenth of them, the fastest stretches have lost a measurable
    // part, which moves with the mean time by itself
    xpcs.age.plateau = "fitted";
    xpcs.age.baseline = fmt::format("{}", synth::r24_long_time_plateau);
    xpcs.correlation.max_lag = std::llround(4000 / frame_time_s());
    xpcs.correlation.map_lags = std::llround(10000 / frame_time_s());
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
    // without the map: that of the whole length does not fit into memory
    return io::read_tree(xpcs.output.output, {.largest_array = Index{1} << 22});
  }

private:
  Index frames_;
  std::filesystem::path folder_;
};

/// Stretches of the paper of which none found is of its kind with both ends within 5 % of their
/// ages. Between the event and the acceleration lie a few windows whose pairs cross it. Prints what
/// is found.
inline Index r24_stretches_missed(const Tree& tree) {
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

struct R24AgingTime {
  double first_s, last_s, found_s, error_s, truth_s;
};
inline std::vector<R24AgingTime> r24_aging_times(const Tree& tree) {
  std::vector<R24AgingTime> out;
  const auto law = tree.texts("entry/aging_law/law");
  const auto time = tree.numbers("entry/aging_law/aging_time_s"),
             error = tree.numbers("entry/aging_law/aging_time_s_errors");
  std::size_t k = 0;
  for (const auto& stretch : synth::r24_stretches()) {
    if (stretch.kind != synth::Stretch::Kind::aging)
      continue;
    while (law.at(k) != "exponential")
      ++k;
    out.push_back({stretch.first_s, stretch.last_s, time[k], error[k], stretch.aging_time_s});
    fmt::print("  t' of {} to {} s: {:.0f} +- {:.0f}, truth {:.0f}\n",
               stretch.first_s,
               stretch.last_s,
               time[k],
               error[k],
               stretch.aging_time_s);
    ++k;
  }
  return out;
}

} // namespace vitrum::app::testing
