#include "map_curves.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "age_errors.hpp"
#include "dynamics_stage.hpp"
#include "map_bias.hpp"
#include "result_tree.hpp"
#include "vitrum/aging/adaptive.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {

correlate::OneTimeFunctions one_time_of_map(Index frames,
                                            Index strip_rows,
                                            const StripReader& read,
                                            const correlate::OneTimeOptions& options,
                                            const Monitor& monitor) {
  correlate::MapOneTime sums(frames, options);
  std::vector<float> strip;
  Progress progress(monitor, "reading the two-time map", "frames", frames);
  for (Index row0 = 0; row0 < frames; row0 += strip_rows) {
    const Index count = std::min(strip_rows, frames - row0);
    strip.resize(static_cast<std::size_t>(count * (row0 + count)));
    read(row0, count, strip.data());
    sums.add_rows(row0, count, strip.data(), row0 + count);
    progress.advance(count);
  }
  return sums.result();
}

correlate::OneTimeFunctions one_time_of_map(const aging::MapRows& map,
                                            const correlate::OneTimeOptions& options,
                                            const Monitor& monitor) {
  constexpr Index strip_rows = 64;
  const auto read = [&](Index row0, Index count, float* strip) {
    for (Index i = 0; i < count; ++i)
      map.read(
          row0 + i,
          0,
          std::span(strip + i * (row0 + count), static_cast<std::size_t>(row0 + i))); // no diagonal
  };
  return one_time_of_map(map.frames(), strip_rows, read, options, monitor);
}

bool set_pixel_statistics(std::vector<correlate::OneTime>& windows,
                          correlate::AgeConvention age,
                          const Tree& tree,
                          std::size_t bin) {
  bool all = true;
  const double cell = tree.number_or(fmt::format("entry/twotime/bin_{}/cell_frames", bin + 1), 1);
  for (auto& window : windows) {
    window.cell_frames = static_cast<Index>(cell);
    const auto bias = map_bias(tree, bin, window.lag_frames);
    for (std::size_t l = 0; l < bias.size(); ++l)
      window.value[l] -= bias[l];
    all &= set_pixel_errors(window, age, tree, bin);
  }
  return all;
}

void check_adaptive(const AgeFlags& flags) {
  if (flags.window_step_s > 0 && flags.window_step_s != flags.window_s)
    throw OptionError("--adaptive: the windows to join must not overlap, leave --window-step out");
}

void join_windows(Tree& tree,
                  const FitPlan& plan,
                  const AgeFlags& flags,
                  const std::vector<correlate::AgeWindow>& windows,
                  const WindowCurves& curves,
                  double frame_time_s,
                  const Monitor& monitor) {
  std::vector<aging::AgeSeries> series;
  for (std::size_t b = 0; b < tree.numbers("entry/bins/bin").size(); ++b)
    series.push_back(age_series(tree, b, true));
  const auto joined = aging::join_stationary(windows, series);
  add_correction(tree,
                 fmt::format("{} windows of {} frames joined to {} while the dynamics stay "
                             "stationary within noise",
                             windows.size(),
                             windows[0].last - windows[0].first,
                             joined.size()));
  tree.erase("entry/window");
  // what was said of windows that are gone
  auto warnings = tree.texts("entry/process/warnings");
  if (std::erase_if(warnings, [](const std::string& w) { return w.find("/window/") != w.npos; }) >
      0)
    tree.set("entry/process/warnings", make_array(std::move(warnings)));
  fit_windows(tree, plan, flags, curves(joined), frame_time_s, monitor);
}

} // namespace vitrum::app
