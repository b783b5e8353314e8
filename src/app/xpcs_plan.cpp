#include "xpcs_plan.hpp"

#include "bin_kernel.hpp"

#include <fmt/format.h>

#include "age_errors.hpp"
#include "dynamics_stage.hpp"
#include "map_curves.hpp"
#include "vitrum/core/error.hpp"
#include "xpcs_memory.hpp"

namespace vitrum::app {
namespace {

std::optional<correlate::PixelG2Options> parse_pixel_g2(const CorrelationFlags& flags) {
  if (flags.pixel_g2 == "none")
    return std::nullopt;
  correlate::PixelG2Options options;
  options.normalization = correlate::parse_pixel_normalization(flags.pixel_g2);
  if (flags.pixel_lags == "linear")
    options.lags = correlate::PixelLags::linear;
  else if (flags.pixel_lags == "log")
    options.lags = correlate::PixelLags::logarithmic;
  else if (flags.pixel_lags == "multi-tau")
    options.lags = correlate::PixelLags::multi_tau;
  else
    throw OptionError(
        fmt::format("--pixel-lags {}: expected linear, log or multi-tau", flags.pixel_lags));
  options.per_decade = flags.points_per_decade;
  options.max_lag = flags.max_lag;
  correlate::validate(options);
  return options;
}

std::vector<double> pixel_means(const frames::SeriesStatistics& statistics,
                                const frames::PixelTransform& transform) {
  auto image = statistics.mean;
  frames::correct_image(image, transform);
  return image;
}

void plan_corrections(XpcsPlan& plan, const CorrectionFlags& flags) {
  const auto& info = plan.series.info();
  auto& load = plan.load;
  if (!flags.dark.empty()) {
    load.dark = read_image(flags.dark, info, "dark");
    plan.series.notes.push_back(fmt::format("dark {} subtracted", flags.dark));
  }
  if (!flags.flat.empty()) {
    load.flat = read_image(flags.flat, info, "flat field");
    plan.series.notes.push_back(fmt::format("divided by the flat field {}", flags.flat));
  }
  const auto transform = frames::make_pixel_transform(plan.mask, load.dark, load.flat, {});
  const auto kind = frames::parse_static_correction(flags.static_correction);
  if (kind == frames::StaticCorrection::azimuthal &&
      plan.partition.static_bin_count() == plan.partition.bin_count())
    throw OptionError(
        "--static-correction azimuthal: each bin is one static bin, so it would change nothing; "
        "give --static-per-bin or a partition with static bins");
  if (kind != frames::StaticCorrection::none) {
    frames::StaticSurfaceOptions options;
    options.kind = kind;
    options.degree = flags.polynomial_degree;
    options.block_px = flags.coarse_block_px;
    options.smooth_px = flags.smooth_sigma_px;
    load.static_surface = frames::make_static_surface(pixel_means(plan.statistics, transform),
                                                      plan.partition,
                                                      plan.map ? &*plan.map : nullptr,
                                                      options);
    plan.series.notes.push_back(
        fmt::format("static correction {}: {}", frames::name(kind), frames::formula(kind)));
  }
  if (flags.frame_normalization == "mean") {
    load.frame_normalization = true;
    plan.series.notes.push_back("each frame divided by its mean over the series mean");
  } else if (flags.frame_normalization != "none") {
    throw OptionError(
        fmt::format("--frame-normalization {}: expected none or mean", flags.frame_normalization));
  }
  load.bad_frames = plan.series.bad;
}

/// For a dry run: statistics of some frames in place of all. False when the series is short, or
/// when they say too little.
bool sample(XpcsPlan& plan, const XpcsOptions& options, const Monitor& monitor) {
  constexpr Index enough = 256;
  const Index frames = plan.series.info().frames, step = frames / enough;
  if (step < 2)
    return false;
  auto some = open_input(options.inputs.at(0), options.input);
  auto mask = plan.mask;
  some.source = frames::select_frames(std::move(some.source), {0, frames, step});
  some.bad.clear();
  for (Index frame = 0; frame < frames; frame += step)
    some.bad.push_back(plan.series.bad[static_cast<std::size_t>(frame)]);
  try {
    plan.statistics = measure(some, mask, false, monitor);
  } catch (const DataError&) { // nothing but gaps and zeros
    return false;
  } catch (const OptionError&) {
    return false;
  }
  plan.mask = mask;
  plan.sampled = some.info().frames;
  plan.statistics.frames = frames;
  plan.statistics.good_frames = frames - plan.series.gap_count();
  return true;
}

} // namespace

XpcsPlan make_plan(const XpcsOptions& options, const Monitor& monitor) {
  XpcsPlan plan;
  // what can be refused without reading is refused first
  plan.fits = make_fit_plan(options.fit);
  plan.comparison = make_compare_plan(options.compare, options.fit);
  check_dynamics(options.dynamics);
  if (options.adaptive) {
    check_adaptive(options.age);
    const auto& c = options.correlation;
    if (c.map_lags > 0 && (c.max_lag == 0 || c.max_lag > c.map_lags))
      throw OptionError(fmt::format("--adaptive: the joined windows are made from the stored maps, "
                                    "which end at --map-lags {}: leave it out or give --max-lag up "
                                    "to it",
                                    c.map_lags));
  }
  plan.normalization = correlate::parse_normalization(options.correlation.normalization);
  plan.one_time.lags = parse_lags(
      options.correlation.lags, options.correlation.points_per_decade, options.correlation.max_lag);
  plan.one_time.age = parse_age(options.age.age);
  plan.one_time.remove_bias = !options.correlation.keep_bias;
  plan.pixel_g2 = parse_pixel_g2(options.correlation);
  if (options.correlation.log_map)
    plan.log_map = correlate::LogMapOptions{.max_lag = options.correlation.max_lag};
  (void)aging::parse_plateau("plateau", options.age.plateau);
  (void)aging::parse_plateau("baseline", options.age.baseline);

  plan.series = open_input(options.inputs.at(0), options.input);
  const auto info = plan.series.info();
  if (info.frames < 2)
    throw DataError(
        fmt::format("{}: {} frame, need at least 2 to correlate", info.path, info.frames));
  plan.frame_time_s = frame_time_of(plan.series, options.input);
  plan.one_time.windows = plan_windows(options.age, info.frames, plan.frame_time_s);
  if (!options.correlation.no_map)
    plan.error_blocks =
        make_error_blocks(info.frames, options.correlation.pixel_groups, plan.one_time.lags);
  plan.mask = start_mask(plan.series, options.partition.masks);
  const auto needed = pixels_of_bins(plan.series, plan.mask, options.partition, options.geometry);
  if (!options.run.dry_run)
    keep_frames(
        plan.series, needed, room_while_measuring(info, parse_bytes("memory", options.run.memory)));
  if (!options.run.dry_run || !sample(plan, options, monitor))
    plan.statistics = measure(plan.series, plan.mask, options.input.find_bad_frames, monitor);
  plan.partition = make_bins(
      plan.series, plan.mask, plan.statistics, options.partition, options.geometry, plan.map);
  forget_unless_whole(plan.series, plan.partition, needed);
  if (plan.sampled == 0)
    require_speckle(plan.series, plan.statistics, plan.partition);
  check_duplicates(plan.series, plan.statistics, plan.partition);
  plan.load.groups.groups = options.correlation.pixel_groups;
  plan.load.groups.block_px = options.correlation.speckle_size_px;
  plan_corrections(plan, options.corrections);
  plan.series.notes.push_back(fmt::format("normalisation {}: {}",
                                          correlate::name_of(plan.normalization),
                                          correlate::formula_of(plan.normalization)));
  // corrcoef has means that differ from frame to frame
  const bool without_tiles =
      options.correlation.no_map && plan.normalization != correlate::Normalization::corrcoef;
  plan.kernel = choose_bin_kernel(plan, options.correlation.kernel, without_tiles);
  if (plan.kernel.without_tiles && !options.checkpoint.shard.empty())
    throw OptionError(fmt::format(
        "{}: without a map the pairs of events are summed in one piece, in about {:.2g} s of one "
        "processor; {}, or choose another --kernel",
        options.checkpoint.ranks > 1 ? fmt::format("{} ranks", options.checkpoint.ranks)
                                     : "--shard " + options.checkpoint.shard,
        plan.kernel.nominal_s,
        options.checkpoint.ranks > 1 ? "start one process alone" : "leave --shard out"));
  return plan;
}

} // namespace vitrum::app
