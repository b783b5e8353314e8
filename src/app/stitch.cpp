#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "fit_stage.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "stitch_map.hpp"
#include "stitch_parts.hpp"
#include "stitch_tree.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

correlate::SeamOptions seam_options(const StitchOptions& options, const PartSet& set) {
  correlate::SeamOptions seams;
  seams.lags = options.seam_lags;
  if (seams.lags < 1)
    throw OptionError(fmt::format("--seam-lags {}: expected 1 or more frames", seams.lags));
  const double window = options.seam_window_s / set.frame_time_s;
  if (!(window >= 0) || window > static_cast<double>(set.frames))
    throw OptionError(fmt::format("--seam-window {}: expected seconds from 0 to {}, the length of "
                                  "the whole",
                                  options.seam_window_s,
                                  static_cast<double>(set.frames) * set.frame_time_s));
  seams.window = std::llround(window);
  if (window > 0 && seams.window <= seams.lags)
    throw OptionError(fmt::format("--seam-window {}: {} frames, expected more than the {} lags",
                                  options.seam_window_s,
                                  seams.window,
                                  seams.lags));
  return seams;
}

Seams measure_seams(const PartSet& set, const correlate::SeamOptions& options) {
  Seams seams;
  for (Index bin = 0; bin < set.bins; ++bin) {
    const auto parts = set.of_bin(bin);
    auto& list = seams.emplace_back();
    for (std::size_t i = 1; i < parts.size(); ++i)
      list.push_back(correlate::measure_seam(parts[i - 1], parts[i], options));
  }
  return seams;
}

std::string dry_run_text(const PartSet& set, const std::string& output) {
  std::string text;
  for (const auto& part : set.parts)
    text += fmt::format("{}: frames {}:{} of the whole, from {} s\n",
                        part.path,
                        part.first,
                        part.first + part.frames,
                        static_cast<double>(part.first) * set.frame_time_s);
  return text + fmt::format("{} frames, {} bins\ntwo-time maps: {} on disk\nwould write {}\n",
                            set.frames,
                            set.bins,
                            bytes_text(stitched_bytes(set)),
                            output);
}

} // namespace

std::string
run_stitch(StitchOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  const auto plan = make_fit_plan(options.fit);
  auto lags = parse_lags(options.lags, options.points_per_decade, 0);
  const auto set = read_parts(options);
  const auto seam_settings = seam_options(options, set);
  if (options.run.dry_run)
    return dry_run_text(set, options.output.output);
  const auto seams = measure_seams(set, seam_settings);

  auto tree = make_result(invocation, to_toml(describe(options)));
  for (const auto& part : set.parts)
    add_input(tree, part.path);
  add_part_facts(tree, set);
  add_stitch(tree, set, seams, seam_settings.lags);
  auto warnings = set.warnings;
  for (auto& text : seam_warnings(set, seams))
    warnings.push_back(std::move(text));
  for (const auto& text : warnings) {
    add_warning(tree, text);
    monitor.warn(text);
  }

  correlate::OneTimeOptions one_time;
  one_time.lags = lags;
  for (const auto& part : set.parts)
    one_time.lags.max_lag = std::max(one_time.lags.max_lag, part.frames - 1);
  StitchedMaps maps(set, options.output);
  std::vector<correlate::OneTime> whole;
  for (Index bin = 0; bin < set.bins; ++bin) {
    whole.push_back(maps.write(bin, one_time, monitor));
    remove_part_bias(whole.back(), set, bin);
  }
  const auto q = tree.numbers("entry/bins/q_inv_angstrom");
  add_g2(tree,
         "g2",
         whole,
         q,
         attribute_text(tree.group_at("entry/bins").attributes, "q_unit"),
         set.frame_time_s,
         "mean of the stitched two-time map over pairs of frames; errors from blocks of age");
  add_warning(tree,
              "errors of g2 come from blocks of time alone, because stitched maps have no pixel "
              "groups: they are too small when the dynamics are as slow as a block");
  fit_bins(tree, plan, whole, set.frame_time_s, monitor);
  maps.finish(tree);
  return summary_of(tree) + seam_text(set, seams) + options.output.output + "\n";
}

} // namespace vitrum::app
