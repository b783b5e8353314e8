#include "vitrum/app/ecm.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ecm_run.hpp"
#include "ecm_two_time.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

/// The length of a pixel on the sample: the flag, the file, or what to give.
double pixel_size_of(const Series& series, double flag) {
  const auto& info = series.info();
  if (!std::isnan(flag)) {
    if (!(flag > 0))
      throw OptionError(fmt::format("--pixel-size {}: must be positive", flag));
    return flag;
  }
  if (info.scale.unit == "nm" && info.scale.x > 0) {
    constexpr double square = 1e-3;
    if (std::abs(info.scale.x - info.scale.y) > square * info.scale.x)
      throw DataError(fmt::format("{}: pixels of {} x {} nm, expected square ones; choose one with "
                                  "--pixel-size",
                                  info.path,
                                  info.scale.y,
                                  info.scale.x));
    return info.scale.x;
  }
  throw OptionError(fmt::format("{}: does not say how large a pixel is on the sample; give "
                                "--pixel-size in nm",
                                info.path));
}

ecm::Estimator estimator_of(const std::string& name) {
  return name == "time-mean-corrected" ? ecm::Estimator::time_mean : ecm::parse_estimator(name);
}

EcmRun prepare(const EcmOptions& options, const Monitor& monitor) {
  EcmRun run;
  (void)estimator_of(options.estimator);
  run.estimator = options.estimator;
  run.fit_baseline = options.fit_baseline;
  run.keep_g2_bytes = parse_bytes("keep-g2", options.keep_g2);
  FitFlags flags = with_models({"kww"});
  if (!options.fit_baseline)
    flags.fix = {"baseline=1"};
  run.image_fit = make_fit_plan(flags);
  if (!(options.largest_error > 0))
    throw OptionError(fmt::format("--largest-error {}: must be positive", options.largest_error));
  run.series = open_input(options.inputs.at(0), options.input);
  run.frame_time_s = frame_time_of(run.series, options.input);
  run.pixel_size_nm = pixel_size_of(run.series, options.pixel_size_nm);
  run.mask = start_mask(run.series, options.masks);
  run.statistics = measure(run.series, run.mask, options.input.find_bad_frames, monitor);
  leave_out_bad_pixels(run, options);
  return run;
}

void find_drift(EcmRun& run, const EcmOptions& options, const Monitor& monitor) {
  auto& series = run.series;
  run.drift_not_sought = options.no_drift;
  if (options.no_drift) {
    run.path = ecm::no_drift(series.info().frames);
    run.path.speckle_px = ecm::measure_speckle(*series.source, series.bad, run.mask.use);
    return;
  }
  ecm::DriftOptions drift;
  drift.window = options.drift_window;
  drift.use = run.mask.use;
  run.path = ecm::measure_drift(*series.source, series.bad, drift, monitor);
  constexpr double harmful_nm = 5; // V25 3.2: relaxation times come out too short
  const double residual = run.path.residual_rms_px * run.pixel_size_nm;
  if (residual > harmful_nm)
    series.warnings.push_back(fmt::format(
        "the drift is known to {:.2g} nm only: more than {} nm of drift that is left shortens "
        "relaxation times",
        residual,
        harmful_nm));
}

void make_field(EcmRun& run, const EcmOptions& options) {
  ecm::FieldOptions field;
  field.shift = ecm::parse_shift(options.shift);
  field.dose = ecm::parse_dose_scheme(options.dose);
  field.pedestal = options.pedestal;
  if (!options.dark.empty())
    field.dark = read_image(options.dark, run.series.info(), "dark");
  field.use = run.mask.use;
  field.smooth_px = options.smooth_px;
  field.bin = options.bin;
  run.field.emplace(*run.series.source,
                    run.series.bad,
                    run.path,
                    run.statistics.frame_mean,
                    run.statistics.mean,
                    field);
}

double first_error(const Tree& tree, const std::string& path) {
  const Array* errors = tree.find(path + "_errors");
  return errors == nullptr ? std::nan("") : to_numbers(*errors).at(0);
}

std::string summary(const Tree& tree, const EcmRun& run) {
  const auto number = [&](const char* path) { return tree.number(std::string("entry/") + path); };
  std::string text =
      run.drift_not_sought
          ? "drift not sought\n"
          : fmt::format("drift {}, the path known to {:.2g} px\n",
                        report::format_value(
                            number("drift/total_px"), number("drift/residual_rms_px"), "px"),
                        number("drift/residual_rms_px"));
  text += summary_of(tree);
  text += fmt::format("pixels: {:.1f} % accepted", 100 * number("pixels/fitted_fraction"));
  const auto with_error = [&](const std::string& path, const char* unit = "") {
    return report::format_value(tree.number("entry/" + path),
                                tree.number_or("entry/" + path + "_errors", std::nan("")),
                                unit);
  };
  text += std::isfinite(number("pixels/tau_median_s"))
              ? fmt::format(", median tau {}, spread of ln tau {}, of {:.2g} seen\n",
                            with_error("pixels/tau_median_s", "s"),
                            with_error("pixels/tau_log_sigma"),
                            number("pixels/tau_log_sigma_seen"))
              : std::string("; their errors and the spread of ln tau are not known\n");
  if (std::isfinite(number("pixels/time_mean_tau_expected_s")))
    text += fmt::format(
        "divided by time means, pixels of this tau would show {} and an exponent of {}\n",
        report::format_value(number("pixels/time_mean_tau_expected_s"), std::nan(""), "s"),
        report::format_value(number("pixels/time_mean_kww_exponent_expected")));
  if (const auto verdict = tree.text("entry/duration/verdict"); !verdict.empty())
    text += "duration: " + verdict + "\n";
  return text;
}

/// What the page says first.
std::string page_summary(const Tree& tree, const EcmRun& run) {
  const auto value = [&](const std::string& path, const char* unit = "") {
    const std::string full = "entry/" + path;
    return report::format_value(
        tree.number_or(full, std::nan("")), tree.number_or(full + "_errors", std::nan("")), unit);
  };
  const auto& info = run.series.info();
  const double drift_px = run.path.total_px(), residual_px = run.path.residual_rms_px;
  std::string text = fmt::format(
      "{} frames of {} × {} pixels of {} nm, {} apart. The sample drifted by {} ({}).",
      info.frames,
      info.height,
      info.width,
      report::format_value(run.pixel_size_nm),
      report::format_value(run.frame_time_s, std::nan(""), "s"),
      report::format_value(drift_px, residual_px, "px"),
      report::format_value(drift_px * run.pixel_size_nm, residual_px * run.pixel_size_nm, "nm"));
  if (run.drift_not_sought)
    text = text.substr(0, text.find(" The sample")) + " The drift was not sought.";
  if (std::isfinite(run.image_tau_s))
    text += fmt::format(
        " g₂ of the image relaxes with τ = {}, β = {} and contrast {}.",
        report::format_value(run.image_tau_s, first_error(tree, "entry/fit/kww/tau_s"), "s"),
        report::format_value(run.image_exponent, first_error(tree, "entry/fit/kww/kww_exponent")),
        report::format_value(run.image_contrast, first_error(tree, "entry/fit/kww/contrast")));
  if (std::isfinite(run.population.sigma)) {
    text +=
        fmt::format(" The pixels' median τ is {}; ln τ of the sample has the standard deviation {}",
                    value("pixels/tau_median_s", "s"),
                    value("pixels/tau_log_sigma"));
    text += std::isfinite(run.space.length_px)
                ? fmt::format(" and is correlated over {}.",
                              value("pixels/tau_correlation_length_nm", "nm"))
                : ".";
  }
  return text;
}

} // namespace

std::string run_ecm(EcmOptions options, const Invocation& invocation, const Monitor& monitor) {
  const auto inputs = all_inputs(options.inputs, options.masks, {options.dark});
  if (!options.run.dry_run)
    require_output(options.output, inputs);
  auto run = prepare(options, monitor);
  const Index memory = parse_bytes("memory", options.run.memory);
  const Index frames = run.series.info().frames;
  const Index longest =
      options.max_lag > 0 ? std::min(options.max_lag, frames - 1) : std::max<Index>(1, frames / 2);
  const auto lags = ecm::make_log_lags(longest, options.lags);
  constexpr std::size_t fewest = 5; // a KWW fit has three parameters
  if (lags.size() < fewest)
    throw DataError(fmt::format("{}: {} frames give {} lags, need at least {}",
                                run.series.info().path,
                                frames,
                                lags.size(),
                                fewest));
  if (options.run.dry_run)
    return fmt::format("{}: {} frames of {} x {}, {} lags up to {} frames\nwould write {}\n",
                       run.series.info().path,
                       frames,
                       run.series.info().height,
                       run.series.info().width,
                       lags.size(),
                       longest,
                       options.output.output);
  find_drift(run, options, monitor);
  make_field(run, options);
  run.correlation = ecm::correlate_field(
      *run.field, lags, estimator_of(options.estimator), memory, run.frame_time_s, monitor);
  std::optional<EcmTwoTime> two_time;
  if (!options.no_map)
    two_time.emplace(run,
                     options,
                     memory - ecm::correlation_bytes(run.field->rows(),
                                                     run.field->columns(),
                                                     static_cast<Index>(lags.size())),
                     monitor);

  auto tree = make_result(invocation, to_toml(describe(options)));
  for (const auto& input : inputs)
    add_input(tree, input);
  add_measurement(tree, run.series.info().metadata);
  const auto g2 = two_time ? two_time->g2() : image_curve(run);
  add_image(tree, run, g2);
  fit_bins(tree, run.image_fit, {g2}, run.frame_time_s, monitor);
  if (two_time)
    two_time->add(tree, monitor);
  analyse_pixels(run, tree, options, monitor);
  add_pixels(tree, run);
  tree.set("entry/summary", make_scalar(page_summary(tree, run)));
  for (const auto& note : run.series.notes)
    add_correction(tree, note);
  for (const auto& warning : run.series.warnings) {
    add_warning(tree, warning);
    monitor.warn(warning);
  }
  if (two_time) {
    two_time->finish(tree);
    return summary(tree, run) + options.output.output + "\n";
  }
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return summary(tree, run) + options.output.output + "\n";
}

} // namespace vitrum::app
