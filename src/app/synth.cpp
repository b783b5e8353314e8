#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "output.hpp"
#include "synth_output.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/synth/presets.hpp"
#include "vitrum/synth/xpcs.hpp"

namespace vitrum::app {
namespace {

synth::Event parse_event(const std::string& text, double frame_time_s) {
  const auto colon = text.find(':');
  double numbers[2] = {0, 0};
  const std::string_view words[2] = {
      std::string_view(text).substr(0, colon),
      colon == std::string::npos ? std::string_view() : std::string_view(text).substr(colon + 1)};
  for (int i = 0; i < 2; ++i) {
    const auto [stop, error] =
        std::from_chars(words[i].data(), words[i].data() + words[i].size(), numbers[i]);
    if (error != std::errc{} || stop != words[i].data() + words[i].size())
      throw OptionError(fmt::format("--events {}: expected time_s:drop", text));
  }
  if (!(numbers[1] >= 0 && numbers[1] <= 1))
    throw OptionError(fmt::format("--events {}: the drop must lie between 0 and 1", text));
  // the drop is that of g2 − 1, which falls with the square of what the field keeps
  return {.frame = static_cast<Index>(std::llround(numbers[0] / frame_time_s)),
          .kept = std::sqrt(1 - numbers[1])};
}

/// Of a preset, only its size and noise can be chosen.
synth::XpcsOptions from_preset(const SynthXpcsOptions& o) {
  if (o.preset != "r24")
    throw OptionError(fmt::format("--preset {}: expected r24", o.preset));
  const SynthXpcsOptions usual;
  auto options = o.frames == usual.frames ? synth::r24_preset() : synth::r24_preset(o.frames);
  if (o.height != usual.height || o.width != usual.width) {
    options.height = o.height;
    options.width = o.width;
  }
  if (o.mean_counts != usual.mean_counts)
    options.mean_counts = o.mean_counts;
  options.seed = static_cast<std::uint64_t>(o.seed);
  options.memory_bytes = parse_bytes("memory", o.run.memory) / 2;
  synth::validate(options);
  return options;
}

synth::XpcsOptions translate(const SynthXpcsOptions& o) {
  if (!o.preset.empty())
    return from_preset(o);
  synth::XpcsOptions options;
  options.frames = o.frames;
  options.height = o.height;
  options.width = o.width;
  options.frame_time_s = o.frame_time_s;
  options.seed = static_cast<std::uint64_t>(o.seed);
  options.partition.q_bins = o.q_bins;
  options.partition.static_per_bin = o.static_per_bin;
  options.model = models::parse_decay_model(o.model);
  options.tau_s = o.tau_s;
  options.exponent = o.exponent;
  options.fraction = o.fraction;
  options.tau2_s = o.tau2_s;
  options.exponent2 = o.exponent2;
  options.q_power = o.q_power;
  options.contrast = o.contrast;
  options.modes = o.modes;
  options.mean_counts = o.mean_counts;
  options.sq_slope = o.sq_slope;
  options.background = o.background;
  options.drift = o.drift;
  options.jitter = o.jitter;
  options.hot_pixels = o.hot_pixels;
  options.dead_pixels = o.dead_pixels;
  options.aging = synth::parse_aging(o.aging);
  if (options.aging == synth::Aging::profile)
    throw OptionError("--aging profile: made by presets only");
  if (!std::isnan(o.aging_time_s))
    options.aging_time_s = o.aging_time_s;
  options.aging_power = o.aging_power;
  options.memory_bytes =
      parse_bytes("memory", o.run.memory) / 2; // counts and their compressed copy
  for (const auto& text : o.gaps) {
    const auto range = resolve(parse_range(text), o.frames);
    options.gaps.push_back({range.first, range.last});
  }
  for (const auto& text : o.events)
    options.events.push_back(parse_event(text, o.frame_time_s));
  synth::validate(options);
  return options;
}

/// Lags at which the truth is tabulated, close enough to interpolate.
std::vector<double> truth_lags(Index frames, double frame_time_s) {
  constexpr double per_decade = 40;
  std::vector<double> lags;
  for (double lag = 1; lag < static_cast<double>(frames); lag *= std::pow(10, 1 / per_decade))
    lags.push_back(lag * frame_time_s);
  return lags;
}

} // namespace

std::string
run_synth_xpcs(SynthXpcsOptions options, const Invocation& invocation, const Monitor& monitor) {
  const auto translated = translate(options);
  const auto truth_path = beside(options.output.output, "_truth.h5");
  const auto qmap_path = beside(options.output.output, "_qmap.h5");
  if (!options.run.dry_run)
    for (const auto& path : {options.output.output, truth_path, qmap_path})
      require_output({path, options.output.overwrite}, {});
  const synth::XpcsExperiment experiment(translated);
  if (options.run.dry_run)
    return would_write(experiment.info(),
                       fmt::format(", field by {}", synth::name(experiment.method())),
                       {options.output.output, truth_path, qmap_path});
  write_frames(experiment, options.output, monitor);
  io::write_partition(
      qmap_path, experiment.partition(), experiment.info().geometry, options.output.overwrite);

  write_truth(truth_path,
              "Truth of a virtual XPCS experiment",
              experiment.truth(truth_lags(translated.frames, translated.frame_time_s)),
              to_toml(describe(options)),
              invocation,
              options.output.overwrite);
  return options.output.output + "\n" + qmap_path + "\n" + truth_path + "\n";
}

} // namespace vitrum::app
