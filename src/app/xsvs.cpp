#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fit_stage.hpp"
#include "located.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "series.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/correlate/count_matrix.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"
#include "xpcs_memory.hpp"
#include "xpcs_plan.hpp"
#include "xpcs_tree.hpp"
#include "xsvs_tree.hpp"

namespace vitrum::app {
namespace {

/// Of the plan of a correlation, what comes before correlating.
struct Plan : XpcsPlan {
  double open_s = 0;
  correlate::PhotonStatisticsOptions photons;
  fit::ContrastEstimator estimator = fit::ContrastEstimator::moments;
};

/// How long a frame is open.
double open_time(Series& series, double flag, double frame_time_s) {
  if (!std::isnan(flag)) {
    if (!(flag >= 0 && flag <= frame_time_s))
      throw OptionError(fmt::format(
          "--exposure {}: must lie between zero and the frame time, {} s", flag, frame_time_s));
    return flag;
  }
  const double stated = series.info().exposure_s;
  if (!(stated > 0)) {
    series.warnings.push_back(
        fmt::format("{}: does not say how long a frame is open; taken as the frame time "
                    "(--exposure)",
                    series.info().path));
    return frame_time_s;
  }
  constexpr double rounding = 1e-3;
  if (stated > frame_time_s * (1 + rounding))
    series.warnings.push_back(fmt::format("exposure of {} s stated, but frames are {} s apart; "
                                          "taken as open all the time (--exposure)",
                                          stated,
                                          frame_time_s));
  return std::min(stated, frame_time_s);
}

/// Empty frames are data where counts are rare, and a beam that was off where they are not.
void judge_empty_frames(Plan& plan) {
  const auto& s = plan.statistics;
  double mean = 0;
  for (std::size_t i = 0; i < plan.mask.use.size(); ++i)
    if (plan.mask.use[i] != 0)
      mean += s.mean[i];
  const auto empty = static_cast<double>(s.zero_frames.size());
  const double expected = static_cast<double>(s.good_frames) * std::exp(-mean);
  if (empty == 0 || empty < 10 * expected + 3)
    return;
  for (const Index frame : s.zero_frames)
    plan.series.bad[static_cast<std::size_t>(frame)] = 1;
  plan.series.notes.push_back(
      fmt::format("{} frames without counts are gaps", s.zero_frames.size()));
}

/// What the intensity varies by beyond counting, as a relative variance: it adds to the contrast.
double intensity_variance(const Plan& plan) {
  Moments moments;
  for (std::size_t t = 0; t < plan.series.bad.size(); ++t)
    if (plan.series.bad[t] == 0)
      moments.add(plan.statistics.frame_mean[t]);
  const double photons = moments.mean * static_cast<double>(plan.mask.count());
  return moments.variance() / (moments.mean * moments.mean) - 1 / photons;
}

void warn_of_drift(Plan& plan, const std::vector<ContrastOfBin>& bins) {
  double least_error = NAN, contrast = 0;
  for (const auto& bin : bins)
    for (const auto& one : bin.contrast()) {
      least_error = std::fmin(least_error, one.contrast_error);
      contrast = std::max(contrast, std::isnan(one.contrast) ? 0 : one.contrast);
    }
  const double excess = intensity_variance(plan);
  // finitely many speckles vary too: by the contrast over their number, several pixels each
  constexpr double pixels_per_speckle = 16;
  const double speckle = pixels_per_speckle * contrast / static_cast<double>(plan.mask.count());
  if (excess > std::fmax(least_error, speckle))
    plan.series.warnings.push_back(
        fmt::format("the intensity varies by {:.2g} % (standard deviation) from frame to frame or "
                    "drifts: this adds up to {:.2g} to the contrast, whose best error is {:.2g}; "
                    "choose steady --frames",
                    100 * std::sqrt(excess),
                    excess,
                    least_error));
}

Plan make_xsvs_plan(const XsvsOptions& options, const Monitor& monitor) {
  Plan plan;
  plan.fits = make_fit_plan(options.fit);
  plan.estimator = fit::parse_contrast_estimator(options.estimator);
  plan.photons = {.max_exposure = options.max_exposure,
                  .fewest_exposures = options.fewest_exposures};
  correlate::validate(plan.photons);
  plan.load.groups.groups = options.pixel_groups;
  plan.load.groups.block_px = options.speckle_size_px;
  correlate::validate(plan.load.groups);
  plan.series = open_input(options.inputs.at(0), options.input);
  const auto& info = plan.series.info();
  if (!frames::is_integer(info.type))
    throw DataError(fmt::format("{}: {} values; photon statistics need integer counts",
                                info.path,
                                frames::name_of(info.type)));
  plan.frame_time_s = frame_time_of(plan.series, options.input);
  plan.open_s = open_time(plan.series, options.exposure_s, plan.frame_time_s);
  plan.mask = start_mask(plan.series, options.partition.masks);
  const auto needed = pixels_of_bins(plan.series, plan.mask, options.partition, options.geometry);
  if (!options.run.dry_run)
    keep_frames(
        plan.series, needed, room_while_measuring(info, parse_bytes("memory", options.run.memory)));
  plan.statistics = measure(plan.series, plan.mask, options.input.find_bad_frames, monitor);
  judge_empty_frames(plan);
  plan.partition = make_bins(
      plan.series, plan.mask, plan.statistics, options.partition, options.geometry, plan.map);
  forget_unless_whole(plan.series, plan.partition, needed);
  require_speckle(plan.series, plan.statistics, plan.partition);
  check_duplicates(plan.series, plan.statistics, plan.partition);
  plan.load.bad_frames = plan.series.bad;
  return plan;
}

Index needed_bytes(const Plan& plan) {
  const auto& info = plan.series.info();
  return std::max(-room_while_measuring(info, 0),
                  loading_bytes(info, plan.load) +
                      correlate::predicted_count_bytes(info.frames, plan.partition, {}, true));
}

std::vector<ContrastOfBin> measure_contrast(Plan& plan,
                                            std::vector<std::vector<double>>& frame_means,
                                            const Monitor& monitor) {
  const auto matrices =
      correlate::load_counts(*plan.series.source, plan.partition, {}, plan.load, monitor);
  if (plan.series.kept != nullptr)
    plan.series.kept->keep_within(0); // nobody reads frames again
  std::vector<ContrastOfBin> bins;
  for (std::size_t b = 0; b < matrices.size(); ++b) {
    const auto& matrix = matrices[b];
    frame_means.push_back(matrix.mean_counts);
    ContrastOfBin bin;
    bin.pixels = matrix.pixels();
    bin.photons = about(plan.series.info().path, [&] {
      return correlate::make_photon_statistics(matrix, plan.photons, monitor);
    });
    bin.estimator = plan.estimator;
    bin.by_likelihood.resize(bin.photons.exposures.size());
    bin.by_moments.resize(bin.photons.exposures.size());
    parallel_for(0, static_cast<Index>(bin.by_moments.size()), 1, [&](Index begin, Index) {
      const auto k = static_cast<std::size_t>(begin);
      const auto& histograms = bin.photons.exposures[k].histograms;
      bin.by_likelihood[k] = fit::estimate_contrast(
          histograms, bin.photons.static_bins, fit::ContrastEstimator::likelihood);
      bin.by_moments[k] = fit::estimate_contrast(
          histograms, bin.photons.static_bins, fit::ContrastEstimator::moments);
    });
    if (!(bin.contrast()[0].mean > 0))
      throw DataError(
          fmt::format("{}: bin {} holds no counts in any frame", plan.series.info().path, b + 1));
    std::string reason;
    for (const auto& one : bin.contrast())
      reason = one.reason.empty() ? reason : one.reason;
    if (!reason.empty())
      plan.series.warnings.push_back(fmt::format("bin {}: {}", b + 1, reason));
    bins.push_back(std::move(bin));
  }
  return bins;
}

std::vector<std::vector<fit::FitResult>>
fit_models(const Plan& plan, const std::vector<ContrastOfBin>& bins, const Monitor& monitor) {
  const auto count = static_cast<Index>(bins.size());
  std::vector<std::vector<fit::FitResult>> fits(plan.fits.models.size());
  Progress progress(monitor, "fitting contrast", "fits", count * static_cast<Index>(fits.size()));
  for (std::size_t m = 0; m < fits.size(); ++m) {
    fits[m].resize(bins.size());
    parallel_for(0, count, 1, [&](Index begin, Index) {
      const auto b = static_cast<std::size_t>(begin);
      fits[m][b] = fit::fit_exposure(
          plan.fits.models[m],
          exposure_data(bins[b], plan.frame_time_s, plan.open_s, plan.fits.weighted),
          plan.fits.options[m]);
      progress.advance();
    });
  }
  return fits;
}

std::string table_of(const Plan& plan,
                     const std::vector<ContrastOfBin>& bins,
                     const std::vector<fit::FitResult>& fits) {
  std::string text;
  for (std::size_t b = 0; b < bins.size(); ++b) {
    const auto& first = bins[b].contrast().front();
    const auto& law = bins[b].by_likelihood.front();
    const auto& fit = fits[b];
    text += fmt::format("bin {}: {} counts per pixel and frame, contrast {}, M = {}; ",
                        b + 1,
                        report::format_value(first.mean, first.mean_error),
                        report::format_value(first.contrast, first.contrast_error),
                        report::format_value(law.modes, law.modes_error));
    const auto& tau = fit.at("tau_s");
    text += fmt::format("{}: tau = {} ({})\n",
                        models::name(plan.fits.models[0]),
                        report::format_value(tau.value, tau.error, "s"),
                        fit::name(fit.status));
  }
  return text;
}

} // namespace

std::string run_xsvs(XsvsOptions options, const Invocation& invocation, const Monitor& monitor) {
  const auto inputs =
      all_inputs(options.inputs, options.partition.masks, {options.partition.partition});
  if (!options.run.dry_run)
    require_output(options.output, inputs);
  auto plan = make_xsvs_plan(options, monitor);
  if (options.run.dry_run)
    return fmt::format("{}: {} frames in {} bins, exposures from {} s; needs {} of {}\nwould "
                       "write {}\n",
                       plan.series.info().path,
                       plan.series.info().frames,
                       plan.partition.bin_count(),
                       plan.frame_time_s,
                       bytes_text(needed_bytes(plan)),
                       options.run.memory,
                       options.output.output);
  const Index limit = parse_bytes("memory", options.run.memory);
  if (needed_bytes(plan) > limit)
    throw OptionError(fmt::format("--memory {}: the analysis needs {}; use fewer frames (--frames) "
                                  "or pixels",
                                  options.run.memory,
                                  bytes_text(needed_bytes(plan))));
  if (plan.series.kept != nullptr && plan.series.kept->bytes() > limit - needed_bytes(plan))
    plan.series.kept->keep_within(limit - needed_bytes(plan));
  auto tree = make_result(invocation, to_toml(describe(options)));
  tree.group("entry").attributes["default"] = std::string("xsvs");
  tree.set("entry/title",
           make_scalar(fmt::format("Speckle contrast statistics of {}", options.inputs[0])));
  for (const auto& input : inputs)
    add_input(tree, input);
  for (const auto& input : data_files_of(options.inputs.at(0), options.input))
    add_input(tree, input);
  add_series(tree, plan, options.geometry);
  tree.set("entry/series/exposure_s", make_scalar(plan.open_s, "s"));
  add_measurement(tree, plan.series.info().metadata);
  std::vector<std::vector<double>> frame_means;
  const auto bins = measure_contrast(plan, frame_means, monitor);
  warn_of_drift(plan, bins);
  const auto fits = fit_models(plan, bins, monitor);
  for (std::size_t m = 0; m < fits.size(); ++m)
    for (std::size_t b = 0; b < bins.size(); ++b)
      if (fits[m][b].status != fit::FitStatus::converged)
        plan.series.warnings.push_back(fmt::format("fit of {} to the contrast of bin {}: {}",
                                                   models::name(plan.fits.models[m]),
                                                   b + 1,
                                                   fit::name(fits[m][b].status)));
  for (const auto& note : plan.series.notes)
    add_correction(tree, note);
  for (const auto& warning : plan.series.warnings) {
    add_warning(tree, warning);
    monitor.warn(warning);
  }
  std::vector<Index> pixels;
  std::vector<double> mean_counts;
  for (const auto& bin : bins) {
    pixels.push_back(bin.pixels);
    mean_counts.push_back(bin.contrast().front().mean);
  }
  add_bins(tree, plan.partition.bins, plan.partition.q_unit, pixels, mean_counts);
  add_xsvs(tree, bins, plan.frame_time_s);
  for (const auto& fit : fits)
    add_xsvs_fits(tree, fit);
  add_static(tree, plan, frame_means);
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return table_of(plan, bins, fits.front()) + options.output.output + "\n";
}

} // namespace vitrum::app
