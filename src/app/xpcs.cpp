#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "age_errors.hpp"
#include "dynamics_stage.hpp"
#include "event_patterns.hpp"
#include "located.hpp"
#include "log_map_tree.hpp"
#include "map_curves.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "two_time_job.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "xpcs_bins.hpp"
#include "xpcs_memory.hpp"
#include "xpcs_plan.hpp"
#include "xpcs_run.hpp"
#include "xpcs_tree.hpp"

namespace vitrum::app {
namespace {

std::string dry_run_text(const XpcsPlan& plan, const XpcsOptions& options) {
  const auto& info = plan.series.info();
  const auto tiles = tile_plan(plan, options.correlation);
  double pairs = 0;
  for (const auto& place : tiles.places)
    pairs += static_cast<double>(place.pairs());
  const auto shape = map_shape(plan, options.correlation);
  const double maps =
      shape ? map_bytes(*shape) * static_cast<double>(plan.partition.bin_count()) : 0;
  return fmt::format("{}: {} frames of {} x {} {} ({})\n"
                     "{}"
                     "{} gaps, {} pixels in {} bins, {} age windows\n"
                     "two-time products: {:.3g} multiply-adds in {} tiles\n"
                     "kernel: {}\n"
                     "memory: {} of {}\n"
                     "two-time maps: {} on disk\n"
                     "would write {}\n",
                     info.path,
                     info.frames,
                     info.height,
                     info.width,
                     frames::name_of(info.type),
                     info.format,
                     plan.sampled > 0
                         ? fmt::format("estimated from {} frames, evenly spread\n", plan.sampled)
                         : "",
                     plan.series.gap_count(),
                     plan.mask.count(),
                     plan.partition.bin_count(),
                     plan.one_time.windows.size(),
                     pairs * static_cast<double>(plan.mask.count()),
                     tiles.count() * plan.partition.bin_count(),
                     plan.kernel.text,
                     bytes_text(needed_bytes(plan, options.correlation)),
                     options.run.memory,
                     bytes_text(static_cast<Index>(maps)),
                     options.output.output);
}

/// All that bears on the numbers: not where they go, nor how fast they are made.
std::string numbers_config(XpcsOptions options) {
  auto settings = describe(options);
  std::erase_if(settings, [](const Setting& s) { return s.group == "output" || s.group == "run"; });
  return to_toml(settings);
}

/// Digest of the frames as the first pass saw them.
std::string digest_of(const XpcsPlan& plan) {
  const auto& s = plan.statistics;
  const auto text = [](const auto& values) {
    return io::sha256(std::as_bytes(std::span(values.data(), values.size())));
  };
  return text(s.frame_mean) + " " + text(s.mean) + " " + text(plan.series.bad);
}

void parse_shard(const std::string& text, JobOptions& options) {
  if (text.empty())
    return;
  const auto slash = text.find('/');
  const auto number = [&](const std::string& part) {
    if (part.empty() || part.size() > 9 ||
        part.find_first_not_of("0123456789") != std::string::npos)
      return Index{0};
    return static_cast<Index>(std::stoll(part));
  };
  if (slash != std::string::npos) {
    options.shard = number(text.substr(0, slash));
    options.shards = number(text.substr(slash + 1));
  }
  if (options.shard < 1 || options.shards < options.shard)
    throw OptionError(
        fmt::format("--shard {}: expected the number of this part and of all, such as 2/8", text));
}

JobOptions job_options(const XpcsOptions& options) {
  JobOptions job;
  job.output = options.output.output;
  job.overwrite = options.output.overwrite;
  job.resume = options.checkpoint.resume;
  job.checkpoint_every_s = options.checkpoint.every_s;
  if (!(job.checkpoint_every_s >= 0) || std::isinf(job.checkpoint_every_s))
    throw OptionError(
        fmt::format("--checkpoint-every {}: expected seconds, 0 or more", job.checkpoint_every_s));
  parse_shard(options.checkpoint.shard, job);
  return job;
}

void adapt_windows(Tree& tree,
                   const XpcsPlan& plan,
                   const AgeFlags& flags,
                   const TwoTimeJob& job,
                   const Monitor& monitor) {
  const auto curves = [&](const std::vector<correlate::AgeWindow>& joined) {
    auto options = plan.one_time;
    options.windows = joined;
    std::vector<std::vector<correlate::OneTime>> bins;
    for (const auto& map : job.map_rows()) {
      bins.push_back(one_time_of_map(*map, options, monitor).windows);
      (void)set_pixel_statistics(bins.back(), options.age, tree, bins.size() - 1);
    }
    return bins;
  };
  join_windows(tree, plan.fits, flags, plan.one_time.windows, curves, plan.frame_time_s, monitor);
}

Tree make_tree(XpcsPlan& plan,
               Correlated done,
               const TwoTimeJob& job,
               XpcsOptions& options,
               const std::vector<std::string>& inputs,
               const Invocation& invocation,
               const Monitor& monitor) {
  auto tree = make_result(invocation, to_toml(describe(options)));
  tree.set("entry/title", make_scalar(fmt::format("XPCS of {}", options.inputs[0])));
  for (const auto& input : inputs)
    add_input(tree, input);
  add_series(tree, plan, options.geometry);
  add_measurement(tree, plan.series.info().metadata);
  tree.set("entry/process/kernel", make_scalar(plan.kernel.text));
  for (const auto& note : plan.series.notes)
    add_correction(tree, note);
  for (const auto& warning : plan.series.warnings) {
    add_warning(tree, warning);
    monitor.warn(warning);
  }
  std::vector<double> q;
  for (const auto& bin : plan.partition.bins)
    q.push_back(bin.q_inv_angstrom);
  add_bins(tree, plan.partition.bins, plan.partition.q_unit, done.pixels, done.mean_counts);
  add_g2(tree,
         "g2",
         done.whole,
         q,
         plan.partition.q_unit,
         plan.frame_time_s,
         fmt::format("mean of C(t1,t2) over pairs of frames, {}{}",
                     plan.one_time.remove_bias ? "bias of finitely many pixels removed, " : "",
                     correlate::formula_of(plan.normalization)));
  add_error_blocks(tree, done.blocks, plan.one_time.age);
  if (plan.pixel_g2)
    add_g2(tree,
           "g2_pixel",
           done.pixel_by_pixel,
           q,
           plan.partition.q_unit,
           plan.frame_time_s,
           fmt::format("pixel by pixel, {}: {}",
                       correlate::name_of(plan.pixel_g2->normalization),
                       correlate::formula_of(plan.pixel_g2->normalization)));
  fit_bins(tree, plan.fits, done.whole, plan.frame_time_s, monitor);
  fit_pixel_bins(tree, plan.fits, plan.frame_time_s, monitor);
  compare_bins(tree, plan.comparison, done.whole, plan.frame_time_s, monitor);
  fit_windows(tree, plan.fits, options.age, std::move(done.windows), plan.frame_time_s, monitor);
  if (options.adaptive)
    adapt_windows(tree, plan, options.age, job, monitor);
  add_dynamics(tree,
               options.dynamics,
               plan.frame_time_s,
               job.map_rows(),
               {patterns_of(plan), std::move(done.heterogeneity)},
               monitor);
  for (std::size_t b = 0; b < done.log_maps.size(); ++b)
    add_log_map(tree, static_cast<Index>(b) + 1, done.log_maps[b], plan.frame_time_s);
  add_static(tree, plan, done.frame_means);
  add_nxxpcs_links(tree);
  for (Index bin = 1; bin <= plan.partition.bin_count(); ++bin)
    if (!options.correlation.no_map) {
      tree.group("entry/twotime").attributes["NX_class"] = std::string("NXcollection");
      tree.group(fmt::format("entry/twotime/bin_{}", bin)) = job.map_groups(bin, plan.frame_time_s);
    }
  return tree;
}

} // namespace

std::vector<std::string> inputs_of(const XpcsOptions& options) {
  return all_inputs(
      options.inputs,
      options.partition.masks,
      {options.partition.partition, options.corrections.dark, options.corrections.flat});
}

JobIdentity identity_of(const XpcsOptions& options) {
  JobIdentity identity;
  identity.version = VITRUM_VERSION;
  identity.config = numbers_config(options);
  auto inputs = inputs_of(options);
  const auto linked = data_files_of(options.inputs.at(0), options.input);
  inputs.insert(inputs.end(), linked.begin(), linked.end());
  for (const auto& input : inputs)
    identity.inputs.push_back(io::stamp(input));
  return identity;
}

XpcsRun prepare_run(XpcsOptions options,
                    const Parts& parts,
                    const Invocation& invocation,
                    const Monitor& monitor,
                    std::optional<XpcsPlan> plan) {
  XpcsRun run;
  run.inputs = inputs_of(options);
  run.job = job_options(options);
  std::optional<PartState> before;
  PartState fresh;
  if (!options.run.dry_run) {
    require_output(options.output, run.inputs);
    check_leftovers(run.job);
    fresh.identity = identity_of(options);
    fresh.command_line = invocation.command_line;
    fresh.config = to_toml(describe(options));
    fresh.shard = run.job.shard;
    fresh.shards = run.job.shards;
    before = find_checkpoint(run.job);
    // before anything is read, and again with what the first pass sees
    if (before)
      require_same(before->identity, fresh.identity, checkpoint_path(run.job.output));
    for (const auto& [path, part] : parts)
      require_same(part.identity, fresh.identity, path);
  }
  run.plan = plan ? std::move(*plan) : make_plan(options, monitor);
  const auto linked = data_files_of(options.inputs.at(0), options.input);
  run.inputs.insert(run.inputs.end(), linked.begin(), linked.end());
  if (!options.run.dry_run) {
    run.room = share_memory(run.plan, options);
    fresh.identity.data = digest_of(run.plan);
    run.work = std::make_unique<TwoTimeJob>(run.job,
                                            std::move(fresh),
                                            std::move(before),
                                            run.plan.partition.bin_count(),
                                            tile_plan(run.plan, options.correlation),
                                            map_shape(run.plan, options.correlation));
    if (!parts.empty())
      run.work->merge(parts);
  }
  run.options = std::move(options);
  return run;
}

std::string carry_out(XpcsRun& run, const Invocation& invocation, const Monitor& monitor) {
  auto& plan = run.plan;
  if (run.options.run.dry_run)
    return dry_run_text(plan, run.options);
  auto& work = *run.work;
  const std::string said = run.job.output + "\n";
  auto done =
      about(plan.series.info().path, [&] { return correlate_bins(plan, work, run.room, monitor); });
  if (work.is_part()) {
    work.finish(work.part_tree());
    return said;
  }
  const auto tree = about(plan.series.info().path, [&] {
    return make_tree(plan, std::move(done), work, run.options, run.inputs, invocation, monitor);
  });
  work.finish(tree);
  return summary_of(tree) + said;
}

std::string run_job(XpcsOptions options,
                    const Parts& parts,
                    const Invocation& invocation,
                    const Monitor& monitor) {
  auto run = prepare_run(std::move(options), parts, invocation, monitor);
  return carry_out(run, invocation, monitor);
}

std::string run_xpcs(XpcsOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (invocation.ranks != nullptr)
    return run_on_ranks(std::move(options), invocation, monitor);
  return run_job(std::move(options), {}, invocation, monitor);
}

} // namespace vitrum::app
