#include "vitrum/app/fem.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "output.hpp"
#include "result_input.hpp"
#include "result_tree.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

fem::SumOptions sum_options(const FemSeries& s, const FemOptions& o) {
  fem::SumOptions sums;
  sums.use = s.use;
  sums.dark = s.dark;
  sums.factor = s.factor;
  sums.scale = s.equal;
  sums.memory_bytes = parse_bytes("memory", o.run.memory) / 4;
  return sums;
}

fem::PatternSums
analyse(FemSeries& s, Series& series, const FemOptions& o, const Monitor& monitor) {
  const auto sums = sum_options(s, o);
  auto found = fem::sum_patterns(*series.source, s.map, s.mean_image, sums, monitor);
  const auto n = static_cast<double>(found.patterns);
  double total = 0, area = 0;
  for (std::size_t p = 0; p < found.sum.size(); ++p) {
    s.mean_image[p] = found.sum[p] / n;
    if (s.map.pixels[p].first_ring >= 0) {
      total += s.mean_image[p];
      ++area;
    }
  }
  s.mean_counts = total / area;
  if (!(s.mean_counts > 0))
    throw DataError(
        fmt::format("{}: mean counts {:.3g} in the rings, expected a positive intensity",
                    s.path,
                    s.mean_counts));
  const auto profile = fem::ring_means(s.map, s.mean_image);
  for (std::size_t r = 0; r < profile.size(); ++r)
    if (profile[r] < 0)
      throw DataError(fmt::format("{}: negative counts after dark subtraction: mean {:.3g} at k = "
                                  "{:.4g}, expected a positive intensity",
                                  s.path,
                                  profile[r],
                                  s.map.k[r]));
  fem::VarianceOptions options;
  options.noise = s.noise;
  options.replicates = o.replicates;
  options.seed = static_cast<std::uint64_t>(o.seed);
  s.variances = fem::compute_variances(found, s.map, options, monitor);
  s.variance_image = fem::variance_image(found, s.map, s.noise);
  return found;
}

/// Counts per electron from the patterns themselves.
void take_measured_gain(FemSeries& s, Series& series, const FemOptions& o, const Monitor& monitor) {
  constexpr Index most = 256; // patterns
  s.gain = fem::measure_gain(*series.source, s.map, s.use, s.dark, most, monitor);
  if (!(s.gain.gain.value > 0))
    throw DataError(fmt::format("{}: the measured gain is {:.3g}, expected a positive one; give "
                                "--gain as a number",
                                s.path,
                                s.gain.gain.value));
  s.gain_measured = true;
  s.noise.gain = s.gain.gain.value;
  if (o.read_noise == 0 && s.gain.read_noise_squared.value > 0)
    s.noise.read_noise = std::sqrt(s.gain.read_noise_squared.value);
}

std::string peak_lines(const FemSeries& s) {
  std::string text;
  const std::string unit = s.calibrated ? "1/nm" : "px";
  const auto& f = s.peaks;
  for (std::size_t i = 0; i < f.peaks.size(); ++i) {
    const auto& p = f.peaks[i];
    text += fmt::format("  peak {} at k = {}, V = {}, integral {}, maximum at {}\n",
                        i + 1,
                        report::format_value(p.center.value, p.center.error, unit),
                        report::format_value(p.height.value, p.height.error),
                        report::format_value(p.integral.value, p.integral.error, unit),
                        report::format_value(p.maximum_k.value, p.maximum_k.error, unit));
    if (i < f.splits.size() && f.splits[i].found)
      text += fmt::format(
          "    two Gaussians: {} and {} (p = {:.2g})\n",
          report::format_value(f.splits[i].first_center.value, f.splits[i].first_center.error),
          report::format_value(
              f.splits[i].second_center.value, f.splits[i].second_center.error, unit),
          f.splits[i].p);
  }
  if (f.peaks.empty())
    text += "  no peak of V(k) stands out of its errors\n";
  return text;
}

std::string summary(const FemRun& run) {
  std::string text;
  for (const auto& s : run.series) {
    if (s.table)
      text += fmt::format("{}: V(k) at {} points", s.path, s.map.k.size());
    else
      text += fmt::format("{}: {} patterns, {:.4g} counts per pixel, centre ({}, {}) px",
                          s.path,
                          s.variances.patterns,
                          s.mean_counts,
                          report::format_value(s.ring.shape.center_x_px, s.ring.center_x_error_px),
                          report::format_value(s.ring.shape.center_y_px, s.ring.center_y_error_px));
    if (s.gain_measured)
      text += fmt::format(", {} per electron",
                          report::format_value(s.gain.gain.value, s.gain.gain.error, "counts"));
    if (!s.table && !std::isnan(s.ring.radius_px))
      text += fmt::format(", ring at {} px, axes {:.4f} : 1",
                          report::format_value(s.ring.radius_px, s.ring.radius_error_px),
                          s.ring.shape.axis_ratio());
    text += '\n';
    text += peak_lines(s);
  }
  const auto& sv = run.stratton_voyles;
  const auto& pp = run.pair_persistence;
  if (!run.sized.empty()) {
    text += fmt::format("Stratton-Voyles: {}\n",
                        std::isnan(sv.length_nm.value)
                            ? sv.status
                            : report::format_value(sv.length_nm.value, sv.length_nm.error, "nm"));
    text += fmt::format(
        "pair persistence: {}\n",
        std::isnan(pp.length_nm.value)
            ? pp.status
            : fmt::format("{} from R = {:g} to {:g} nm",
                          report::format_value(pp.length_nm.value, pp.length_nm.error, "nm"),
                          pp.smallest_nm,
                          pp.largest_nm));
  }
  return text;
}

} // namespace

std::vector<double> FemRun::value(const FemSeries& one) const {
  const auto& curve = one.variances.of(leading);
  auto values = curve.value;
  if (unbiased)
    for (std::size_t r = 0; r < values.size(); ++r)
      values[r] -= curve.bias[r];
  return values;
}

std::string run_fem(FemOptions options, const Invocation& invocation, const Monitor& monitor) {
  auto patterns = options.inputs;
  patterns.insert(patterns.end(), options.files.begin(), options.files.end());
  if (patterns.empty() && options.model.empty())
    throw OptionError("fem: expected PATTERNS (vitrum fem --help)");
  if (!options.model.empty())
    validate_model(options, !patterns.empty());
  const auto inputs = all_inputs(patterns,
                                 options.masks,
                                 {options.dark,
                                  options.flat,
                                  options.k_reference,
                                  options.compare,
                                  options.model,
                                  options.tau_map,
                                  options.mtf,
                                  options.thickness_map});
  const auto named = options.model.empty()
                         ? patterns
                         : std::vector<std::string>(options.probe_size_nm.size(), options.model);
  if (!options.run.dry_run)
    require_output(options.output, inputs);
  validate(options);
  FemRun run;
  run.leading = fem::parse_variance(options.variance);
  run.unbiased = options.unbiased;
  const auto temperature = per_series("temperature", options.temperature_c, named.size(), false);
  const auto probe =
      per_series("probe-size", options.probe_size_nm, named.size(), !options.temperature_c.empty());
  check_sizes(named, probe, !options.temperature_c.empty());
  const auto noise = noise_of(options);
  for (auto& warning : check_known_sizes(patterns, probe, options.input))
    run.warnings.push_back(std::move(warning));
  std::string plan;
  if (!options.model.empty()) {
    plan += fmt::format("{}: a model for {} probe sizes\n", options.model, named.size());
    if (!options.run.dry_run)
      run.series = model_series(options, monitor);
    for (auto& one : run.series)
      find_peaks(run, one, options);
  }
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (is_table(patterns[i])) {
      if (options.run.dry_run) {
        plan += fmt::format("{}: a table of V(k)\n", patterns[i]);
        continue;
      }
      run.series.push_back(read_fem_table(patterns[i], options));
      run.series.back().probe_size_nm = probe[i];
      run.series.back().temperature_c = temperature[i];
      find_peaks(run, run.series.back(), options);
      continue;
    }
    auto series = open_input(patterns[i], options.input);
    if (options.run.dry_run) {
      const auto& info = series.info();
      plan += fmt::format(
          "{}: {} patterns of {} x {}\n", info.path, info.frames, info.height, info.width);
      continue;
    }
    auto one = prepare_fem(patterns[i], options, series, monitor);
    one.probe_size_nm = probe[i];
    one.temperature_c = temperature[i];
    one.noise = noise;
    filter_thickness(one, options);
    if (options.gain == "measure")
      take_measured_gain(one, series, options, monitor);
    auto sums = analyse(one, series, options, monitor);
    if (options.equal_intensity) {
      equalise(one, sums);
      sums = analyse(one, series, options, monitor);
    }
    const auto known = one.warnings.size();
    find_peaks(run, one, options);
    examine_patterns(one, sums, options);
    if (leave_out_flagged(one, options)) {
      one.warnings.resize(known);
      sums = analyse(one, series, options, monitor);
      find_peaks(run, one, options);
      examine_patterns(one, sums, options);
    }
    pass_single_patterns(one, series, options, sum_options(one, options), monitor);
    if (!options.tau_map.empty())
      correlate_with_tau(one, options);
    run.series.push_back(std::move(one));
  }
  if (options.run.dry_run)
    return plan + fmt::format("would write {}\n", options.output.output);
  find_lengths(run, options);
  auto tree = make_result(invocation, to_toml(describe(options)));
  for (const auto& input : inputs)
    add_input(tree, input);
  if (!run.series.front().table)
    add_measurement(tree, run.series.front().info.metadata);
  add_fem(tree, run);
  if (!options.compare.empty())
    add_comparison(tree, run, read_result(options.compare, false), options.compare);
  for (const auto& warning : run.warnings) {
    add_warning(tree, warning);
    monitor.warn(warning);
  }
  for (const auto& s : run.series) {
    const std::string prefix = run.series.size() > 1 ? s.path + ": " : "";
    for (const auto& note : s.notes)
      add_correction(tree, prefix + note);
    for (const auto& warning : s.warnings) {
      add_warning(tree, prefix + warning);
      monitor.warn(prefix + warning);
    }
  }
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return summary(run) + options.output.output + "\n";
}

} // namespace vitrum::app
