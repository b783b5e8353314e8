#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "age_errors.hpp"
#include "compare_stage.hpp"
#include "dynamics_stage.hpp"
#include "fit_stage.hpp"
#include "image_tree.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "series.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"
#include "vitrum/correlate/two_time.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

/// Everything that is decided before pixels are loaded.
struct Plan {
  Series series;
  double frame_time_s = 0;
  frames::Mask mask;
  frames::SeriesStatistics statistics;
  std::optional<frames::QMap> map;
  frames::Partition partition;
  correlate::Normalization normalization = correlate::Normalization::static_bin;
  correlate::LoadOptions load;
  correlate::OneTimeOptions one_time;
  std::optional<correlate::PixelG2Options> pixel_g2;
  FitPlan fits;
  ComparePlan comparison;
};

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

/// Without bias and ages: what the two have in common.
correlate::OneTime to_one_time(correlate::PixelG2 g2) {
  correlate::OneTime out;
  out.lag_frames = std::move(g2.lag_frames);
  out.value = std::move(g2.value);
  out.error = std::move(g2.error);
  out.pairs = std::move(g2.pairs);
  out.covariance = std::move(g2.covariance);
  out.deviation = std::move(g2.deviation);
  out.lag_spread_frames = std::move(g2.lag_spread_frames);
  out.error_groups = g2.error_groups;
  out.reason = std::move(g2.reason);
  return out;
}

std::vector<double> pixel_means(const frames::SeriesStatistics& statistics,
                                const frames::PixelTransform& transform) {
  auto image = statistics.mean;
  frames::correct_image(image, transform);
  return image;
}

void plan_corrections(Plan& plan, const CorrectionFlags& flags) {
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

Plan make_plan(const XpcsOptions& options, const Monitor& monitor) {
  Plan plan;
  // what can be refused without reading is refused first
  plan.fits = make_fit_plan(options.fit);
  plan.comparison = make_compare_plan(options.compare, options.fit);
  check_dynamics(options.dynamics);
  plan.normalization = correlate::parse_normalization(options.correlation.normalization);
  plan.one_time.lags = parse_lags(
      options.correlation.lags, options.correlation.points_per_decade, options.correlation.max_lag);
  plan.one_time.age = parse_age(options.age.age);
  plan.one_time.remove_bias = !options.correlation.keep_bias;
  plan.pixel_g2 = parse_pixel_g2(options.correlation);
  (void)aging::parse_plateau("plateau", options.age.plateau);
  (void)aging::parse_plateau("baseline", options.age.baseline);

  plan.series = open_input(options.inputs.at(0), options.input);
  const auto& info = plan.series.info();
  if (info.frames < 2)
    throw DataError(
        fmt::format("{}: {} frame, need at least 2 to correlate", info.path, info.frames));
  plan.frame_time_s = frame_time_of(plan.series, options.input);
  plan.one_time.windows = plan_windows(options.age, info.frames, plan.frame_time_s);
  plan.mask = start_mask(plan.series, options.partition.masks);
  plan.statistics = measure(plan.series, plan.mask, options.input.find_bad_frames, monitor);
  plan.partition = make_bins(
      plan.series, plan.mask, plan.statistics, options.partition, options.geometry, plan.map);
  check_duplicates(plan.series, plan.statistics, plan.partition);
  plan.load.groups.groups = options.correlation.pixel_groups;
  plan.load.groups.block_px = options.correlation.speckle_size_px;
  plan_corrections(plan, options.corrections);
  plan.series.notes.push_back(fmt::format("normalisation {}: {}",
                                          correlate::name_of(plan.normalization),
                                          correlate::formula_of(plan.normalization)));
  return plan;
}

Index needed_bytes(const Plan& plan, const XpcsOptions& options) {
  const Index n = plan.series.info().frames;
  const Index pixels = correlate::predicted_bytes(n, plan.partition, {});
  const Index maps = options.correlation.no_map ? 0 : 4 * n * n * plan.partition.bin_count();
  return pixels + maps;
}

std::string dry_run_text(const Plan& plan, const XpcsOptions& options) {
  const auto& info = plan.series.info();
  return fmt::format("{}: {} frames of {} x {} {} ({})\n"
                     "{} gaps, {} pixels in {} bins, {} age windows\n"
                     "two-time products: {:.3g} multiply-adds\n"
                     "memory: {} of {}\n"
                     "would write {}\n",
                     info.path,
                     info.frames,
                     info.height,
                     info.width,
                     frames::name_of(info.type),
                     info.format,
                     plan.series.gap_count(),
                     plan.mask.count(),
                     plan.partition.bin_count(),
                     plan.one_time.windows.size(),
                     0.5 * static_cast<double>(info.frames) * static_cast<double>(info.frames) *
                         static_cast<double>(plan.mask.count()),
                     bytes_text(needed_bytes(plan, options)),
                     options.run.memory,
                     options.output.output);
}

void add_series(Tree& tree, const Plan& plan, const GeometryFlags& geometry_flags) {
  const auto& info = plan.series.info();
  tree.set("entry/series/frames", make_scalar(info.frames));
  tree.set("entry/series/gaps", make_scalar(plan.series.gap_count()));
  tree.set("entry/series/height", make_scalar(info.height));
  tree.set("entry/series/width", make_scalar(info.width));
  tree.set("entry/series/frame_time_s", make_scalar(plan.frame_time_s, "s"));
  if (!std::isnan(info.exposure_s))
    tree.set("entry/series/exposure_s", make_scalar(info.exposure_s, "s"));
  tree.set("entry/series/pixel_type", make_scalar(std::string(frames::name_of(info.type))));
  tree.set("entry/series/format", make_scalar(info.format));
  const auto geometry = merged_geometry(plan.series, geometry_flags);
  auto number = [&](const char* name, double value, const char* unit) {
    if (!std::isnan(value))
      tree.set(fmt::format("entry/geometry/{}", name), make_scalar(value, unit));
  };
  number("wavelength_angstrom", geometry.wavelength_angstrom, "angstrom");
  number("distance_m", geometry.distance_m, "m");
  number("pixel_size_x_m", geometry.pixel_size_x_m, "m");
  number("pixel_size_y_m", geometry.pixel_size_y_m, "m");
  number("beam_center_x_px", geometry.beam_center_x_px, "px");
  number("beam_center_y_px", geometry.beam_center_y_px, "px");
  number("tilt_x_deg", geometry.tilt_x_deg, "deg");
  number("tilt_y_deg", geometry.tilt_y_deg, "deg");
  number("tilt_z_deg", geometry.tilt_z_deg, "deg");
  number("q_per_pixel", geometry_flags.q_per_pixel, geometry_flags.q_unit.c_str());
}

/// Mean intensity against time, I(q) with its ten time segments, the mean image with mask and bins.
void add_static(Tree& tree, const Plan& plan, const std::vector<std::vector<double>>& bin_means) {
  const auto& s = plan.statistics;
  const auto nframes = static_cast<std::size_t>(s.frames);
  std::vector<double> time(nframes), mean = s.frame_mean;
  std::vector<std::uint8_t> valid(nframes);
  for (std::size_t t = 0; t < nframes; ++t) {
    time[t] = static_cast<double>(t) * plan.frame_time_s;
    valid[t] = plan.series.bad[t] == 0;
    if (valid[t] == 0)
      mean[t] = std::numeric_limits<double>::quiet_NaN();
  }
  auto& intensity = tree.group("entry/intensity");
  intensity.attributes["NX_class"] = std::string("NXdata");
  intensity.attributes["signal"] = std::string("mean_counts");
  intensity.attributes["axes"] = std::vector<std::string>{"time_s"};
  intensity.set("mean_counts", make_array(mean, "counts")).attributes["processing"] =
      std::string(as_detected);
  intensity.set("time_s", make_array(time, "s"));
  intensity.set("valid", make_array(valid));
  std::vector<double> by_bin;
  for (const auto& one : bin_means)
    by_bin.insert(by_bin.end(), one.begin(), one.end());
  intensity
      .set("bin_mean_counts",
           make_array({static_cast<Index>(bin_means.size()), s.frames}, by_bin, "counts"))
      .attributes["processing"] = std::string("dark subtracted, where one was given");

  const auto& partition = plan.partition;
  const auto nstatic = static_cast<std::size_t>(partition.static_bin_count());
  constexpr auto nsegments = static_cast<std::size_t>(frames::series_segments);
  std::vector<Moments> rings(nstatic);
  std::vector<Moments> parts(nsegments * nstatic);
  for (std::size_t p = 0; p < partition.static_labels.size(); ++p) {
    const auto label = partition.static_labels[p];
    if (label == 0)
      continue;
    const auto ring = static_cast<std::size_t>(label - 1);
    rings[ring].add(s.mean[p]);
    for (std::size_t k = 0; k < nsegments; ++k)
      if (const double part = s.segment_mean[k * partition.static_labels.size() + p];
          !std::isnan(part))
        parts[k * nstatic + ring].add(part);
  }
  std::vector<double> q, low, high, phi, value, error, segments;
  for (std::size_t r = 0; r < nstatic; ++r) {
    const auto& bin = partition.static_bins[r];
    q.push_back(bin.q_inv_angstrom);
    low.push_back(bin.q_low_inv_angstrom);
    high.push_back(bin.q_high_inv_angstrom);
    phi.push_back(bin.phi_deg);
    value.push_back(rings[r].mean);
    error.push_back(rings[r].count > 1 ? rings[r].error() : 0);
  }
  for (const auto& part : parts)
    segments.push_back(part.count > 0 ? part.mean : std::numeric_limits<double>::quiet_NaN());
  auto& saxs = tree.group("entry/saxs");
  saxs.attributes["NX_class"] = std::string("NXdata");
  saxs.attributes["signal"] = std::string("intensity");
  saxs.attributes["axes"] = std::vector<std::string>{"q_inv_angstrom"};
  saxs.set("q_inv_angstrom", make_array(q, partition.q_unit));
  saxs.set("q_low_inv_angstrom", make_array(low, partition.q_unit));
  saxs.set("q_high_inv_angstrom", make_array(high, partition.q_unit));
  saxs.set("phi_deg", make_array(phi, "deg"));
  saxs.set("intensity", make_array(value, "counts")).attributes["processing"] =
      std::string(as_detected);
  saxs.set("intensity_errors", make_array(error, "counts"));
  saxs.set("segments",
           make_array({frames::series_segments, static_cast<Index>(nstatic)}, segments, "counts"));

  add_image(tree, s, plan.mask, partition);
}

/// Names of the NXxpcs definition as links to where the data stand.
void add_nxxpcs_links(Tree& tree) {
  auto& data = tree.group("entry/data");
  data.attributes["NX_class"] = std::string("NXdata");
  data.attributes["signal"] = std::string("g2");
  data.attributes["axes"] = std::vector<std::string>{"bin", "delay_difference"};
  tree.link("entry/data/bin", "/entry/g2/bin");
  tree.link("entry/data/g2", "/entry/g2/g2");
  tree.link("entry/data/g2_derr", "/entry/g2/g2_errors");
  tree.link("entry/data/delay_difference", "/entry/g2/lag_frames");
}

struct Correlated {
  std::vector<correlate::OneTime> whole, pixel_by_pixel;
  std::vector<std::vector<correlate::OneTime>> windows; // [bin][window]
  std::vector<std::vector<correlate::OneTime>> blocks;  // [bin][block]: for windows made later
  std::vector<Index> pixels;
  std::vector<double> mean_counts;
  std::vector<std::vector<double>> frame_means; // [bin][frame]
};

Correlated
correlate_bins(Tree& tree, Plan& plan, const XpcsOptions& options, const Monitor& monitor) {
  auto matrices =
      correlate::load_pixels(*plan.series.source, plan.partition, {}, plan.load, monitor);
  Correlated out;
  auto with_blocks = plan.one_time;
  if (!options.correlation.no_map)
    for (const auto block : make_error_blocks(
             plan.series.info().frames, options.correlation.pixel_groups, plan.one_time.lags))
      with_blocks.windows.push_back(block);
  for (std::size_t b = 0; b < matrices.size(); ++b) {
    const auto bin = static_cast<Index>(b) + 1;
    auto& matrix = matrices[b];
    out.pixels.push_back(matrix.pixels());
    Moments counts;
    for (const double mean : matrix.mean_counts)
      if (!std::isnan(mean))
        counts.add(mean);
    out.mean_counts.push_back(counts.mean);
    out.frame_means.push_back(matrix.mean_counts);
    if (counts.count == 0 || counts.mean == 0)
      throw DataError(
          fmt::format("{}: bin {} holds no counts in any frame", plan.series.info().path, bin));
    if (plan.pixel_g2) {
      auto g2 = correlate::make_pixel_g2(matrix, *plan.pixel_g2, monitor);
      if (g2.skipped_pixels > 0)
        plan.series.warnings.push_back(
            fmt::format("bin {}: {} pixels without counts left out of the pixel-by-pixel g2",
                        bin,
                        g2.skipped_pixels));
      out.pixel_by_pixel.push_back(to_one_time(std::move(g2)));
    }
    const correlate::FloatKernel kernel(std::move(matrix), plan.normalization);
    const auto rejected = static_cast<Index>(kernel.rejected().size());
    if (rejected > 0 && rejected == plan.series.info().frames - plan.series.gap_count())
      throw DataError(fmt::format("{}: bin {} has no frame to correlate: {} in frame {}",
                                  plan.series.info().path,
                                  bin,
                                  kernel.rejected()[0].reason,
                                  kernel.rejected()[0].frame));
    if (kernel.rejected().size() > plan.statistics.zero_frames.size())
      plan.series.warnings.push_back(
          fmt::format("bin {}: {} frames are gaps ({}, the first is frame {})",
                      bin,
                      kernel.rejected().size(),
                      kernel.rejected()[0].reason,
                      kernel.rejected()[0].frame));
    correlate::OneTimeAccumulator one_time(kernel, with_blocks);
    std::vector<correlate::TileConsumer*> consumers{&one_time};
    std::optional<correlate::MapCollector> map;
    if (!options.correlation.no_map) {
      map.emplace(plan.series.info().frames);
      consumers.push_back(&*map);
    }
    monitor.message(Level::debug, fmt::format("bin {}", bin));
    correlate::correlate_two_time(kernel, consumers, {}, monitor);
    auto functions = one_time.result(monitor);
    if (!functions.whole.reason.empty())
      plan.series.warnings.push_back(fmt::format("bin {}: {}", bin, functions.whole.reason));
    out.whole.push_back(std::move(functions.whole));
    const auto own =
        functions.windows.begin() + static_cast<std::ptrdiff_t>(plan.one_time.windows.size());
    out.blocks.emplace_back(own, functions.windows.end());
    functions.windows.erase(own, functions.windows.end());
    out.windows.push_back(std::move(functions.windows));
    if (map)
      add_map(tree, bin, map->take().values.span(), plan.frame_time_s);
  }
  return out;
}

} // namespace

std::string run_xpcs(XpcsOptions options, const Invocation& invocation, const Monitor& monitor) {
  const auto inputs =
      all_inputs(options.inputs,
                 options.partition.masks,
                 {options.partition.partition, options.corrections.dark, options.corrections.flat});
  if (!options.run.dry_run)
    require_output(options.output, inputs);
  auto plan = make_plan(options, monitor);
  const Index limit = parse_bytes("memory", options.run.memory);
  if (options.run.dry_run)
    return dry_run_text(plan, options);
  if (needed_bytes(plan, options) > limit)
    throw OptionError(fmt::format("--memory {}: the analysis needs {}; use fewer frames "
                                  "(--frames) or pixels, or --no-map",
                                  options.run.memory,
                                  bytes_text(needed_bytes(plan, options))));

  auto tree = make_result(invocation, to_toml(describe(options)));
  tree.set("entry/title", make_scalar(fmt::format("XPCS of {}", options.inputs[0])));
  for (const auto& input : inputs)
    add_input(tree, input);
  add_series(tree, plan, options.geometry);
  add_measurement(tree, plan.series.info().metadata);
  auto done = correlate_bins(tree, plan, options, monitor);
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
  add_dynamics(tree, options.dynamics, plan.frame_time_s, map_rows_of(tree), {}, monitor);
  add_static(tree, plan, done.frame_means);
  add_nxxpcs_links(tree);
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return summary_of(tree) + options.output.output + "\n";
}

} // namespace vitrum::app
