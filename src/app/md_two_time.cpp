#include "md_two_time.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "age_errors.hpp"
#include "dynamics_stage.hpp"
#include "result_tree.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

/// Rings of |q| within a window, fine enough that S(q) is flat in each, with pixels enough for a
/// mean: the fall of S(q) across the window is no speckle.
std::vector<Index> rings_of(const md::Window& window) {
  constexpr std::size_t least = 40; // the mean of a ring takes 1/pixels of the contrast away
  const auto [low, high] = std::minmax_element(window.q.begin(), window.q.end());
  const auto most = std::max<std::size_t>(1, window.q.size() / least);
  const auto rings = std::min<std::size_t>(most, 10);
  std::vector<double> sorted = window.q;
  std::sort(sorted.begin(), sorted.end());
  std::vector<Index> out;
  for (const double q : window.q) { // equal numbers
    const auto rank = static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), q) -
                                               sorted.begin());
    out.push_back(*low == *high ? 0 : static_cast<Index>(rank * rings / sorted.size()));
  }
  return out;
}

} // namespace

MdTwoTime::MdTwoTime(MdRun& run, const MdAnalyzeOptions& options, const Monitor& monitor) {
  std::vector<std::int32_t> dynamic_labels, static_labels;
  Index width = 0, rings = 0;
  for (std::size_t w = 0; w < run.windows.size(); ++w) {
    Index most = 0;
    for (const Index ring : rings_of(run.windows[w])) {
      dynamic_labels.push_back(static_cast<std::int32_t>(w) + 1);
      static_labels.push_back(static_cast<std::int32_t>(rings + ring) + 1);
      most = std::max(most, ring + 1);
    }
    rings += most;
    width += static_cast<Index>(run.windows[w].q.size());
  }
  std::vector<float> values(static_cast<std::size_t>(run.frames * width));
  for (Index frame = 0; frame < run.frames; ++frame) {
    float* to = values.data() + frame * width;
    for (const auto& movie : run.movie) {
      const auto n = static_cast<Index>(movie.size()) / run.frames;
      to = std::copy_n(movie.data() + frame * n, n, to);
    }
  }
  run.movie.clear();
  plan_.series.source = frames::make_memory_source(std::move(values), run.frames, 1, width);
  plan_.series.bad.assign(static_cast<std::size_t>(run.frames), 0);
  plan_.frame_time_s = run.frame_time;
  plan_.partition = frames::make_partition_from_labels(
      1, width, std::move(dynamic_labels), std::move(static_labels), nullptr);
  for (std::size_t w = 0; w < run.windows.size(); ++w) {
    auto& bin = plan_.partition.bins.at(w);
    const auto& q = run.windows[w].q;
    double sum = 0;
    for (const double one : q)
      sum += one;
    bin.q_inv_angstrom = sum / static_cast<double>(q.size());
    bin.q_low_inv_angstrom = *std::min_element(q.begin(), q.end());
    bin.q_high_inv_angstrom = *std::max_element(q.begin(), q.end());
  }
  plan_.partition.q_unit = run.inverse_length();
  plan_.normalization = correlate::Normalization::static_bin;
  plan_.one_time.lags = parse_lags("log", 10, 0);
  plan_.one_time.age = parse_age("start");
  plan_.one_time.windows = plan_windows(options.age, run.frames, run.frame_time);
  constexpr Index groups = 32;
  plan_.error_blocks = make_error_blocks(run.frames, groups, plan_.one_time.lags);
  plan_.load.groups.groups = groups;
  plan_.load.groups.block_px = 1; // reciprocal vectors of the lattice are independent speckles
  plan_.load.bad_frames = plan_.series.bad;
  plan_.kernel.kind = correlate::KernelKind::floats;
  plan_.fits = make_fit_plan(options.fit);
  const auto tile_plan = correlate::make_tile_plan(run.frames, correlate::TwoTimeOptions{});
  JobOptions job;
  job.output = options.output.output;
  job.overwrite = options.output.overwrite;
  job.checkpoint_every_s = 0;
  check_leftovers(job);
  job_ = std::make_unique<TwoTimeJob>(job,
                                      PartState{},
                                      std::nullopt,
                                      static_cast<Index>(run.windows.size()),
                                      tile_plan,
                                      make_map_shape(tile_plan, 0));
  const Index memory = parse_bytes("memory", options.run.memory);
  done_ = correlate_bins(plan_, *job_, PixelRoom{memory, memory}, monitor);
  for (auto& warning : plan_.series.warnings)
    run.warnings.push_back(std::move(warning));
}

void MdTwoTime::add(Tree& tree, const Monitor& monitor) {
  const auto& bins = plan_.partition.bins;
  add_bins(tree, bins, plan_.partition.q_unit, done_.pixels, done_.mean_counts);
  std::vector<double> q;
  for (const auto& bin : bins)
    q.push_back(bin.q_inv_angstrom);
  add_g2(tree,
         "g2",
         done_.whole,
         q,
         plan_.partition.q_unit,
         plan_.frame_time_s,
         "two-time, averaged over age");
  fit_bins(tree, plan_.fits, done_.whole, plan_.frame_time_s, monitor);
  add_error_blocks(tree, done_.blocks, plan_.one_time.age);
  fit_windows(tree, plan_.fits, {}, std::move(done_.windows), plan_.frame_time_s, monitor);
  tree.group("entry/twotime").attributes["NX_class"] = std::string("NXcollection");
  for (Index bin = 1; bin <= static_cast<Index>(bins.size()); ++bin)
    tree.group(fmt::format("entry/twotime/bin_{}", bin)) =
        job_->map_groups(bin, plan_.frame_time_s);
  add_dynamics(tree, {}, plan_.frame_time_s, job_->map_rows(), {}, monitor);
}

void name_units(Tree& tree, const MdRun& run) {
  const std::map<std::string, std::string> names{
      {"s", run.time_unit()},
      {"1/s", "1/" + run.time_unit()},
      {"1/angstrom", run.inverse_length()},
  };
  const auto walk = [&](const auto& self, Tree& group) -> void {
    std::vector<std::string> arrays, groups;
    for (const auto& [name, array] : group.arrays())
      arrays.push_back(name);
    for (const auto& [name, below] : group.groups())
      groups.push_back(name);
    for (const auto& name : arrays) {
      const auto* array = group.find(name);
      const auto it = names.find(attribute_text(array->attributes, "units"));
      if (it == names.end())
        continue;
      Array changed = *array;
      changed.attributes["units"] = it->second;
      group.set(name, std::move(changed));
    }
    for (const auto& name : groups)
      if (name != "twotime") // its arrays are written already, and belong to the job
        self(self, group.group(name));
  };
  walk(walk, tree.group("entry"));
  add_correction(tree,
                 fmt::format("times are in {} and q in {}, the units of the simulation, also where "
                             "a name ends in _s or _inv_angstrom",
                             run.time_unit(),
                             run.inverse_length()));
}

} // namespace vitrum::app
