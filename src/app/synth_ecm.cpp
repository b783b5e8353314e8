#include <filesystem>

#include <fmt/format.h>

#include "output.hpp"
#include "result_tree.hpp"
#include "vitrum/app/ecm.hpp"
#include "vitrum/io/frame_writer.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/synth/ecm.hpp"

namespace vitrum::app {

std::string
run_synth_ecm(SynthEcmOptions options, const Invocation& invocation, const Monitor& monitor) {
  synth::EcmOptions o;
  o.frames = options.frames;
  o.height = options.height;
  o.width = options.width;
  o.frame_time_s = options.frame_time_s;
  o.pixel_size_nm = options.pixel_size_nm;
  o.seed = static_cast<std::uint64_t>(options.seed);
  o.tau_s = options.tau_s;
  o.kww_exponent = options.exponent;
  o.tau_log_sigma = options.tau_log_sigma;
  o.tau_correlation_px = options.tau_correlation_px;
  o.speckle_px = options.speckle_px;
  o.contrast = options.contrast;
  o.mean_electrons = options.mean_electrons;
  o.dose_decay = options.dose_decay;
  o.dose_jitter = options.dose_jitter;
  o.gain = options.gain;
  o.pedestal = options.pedestal;
  o.read_noise = options.read_noise;
  o.drift_px = options.drift_px;
  o.drift_angle_deg = options.drift_angle_deg;
  o.drift_wave_px = options.drift_wave_px;
  o.drift_walk_px = options.drift_walk_px;
  synth::validate(o);
  const std::filesystem::path path(options.output.output);
  const auto truth_path = (path.parent_path() / (path.stem().string() + "_truth.h5")).string();
  if (options.run.dry_run)
    return fmt::format("{} frames of {} x {}, {} uncompressed\nwould write {}, {}\n",
                       o.frames,
                       o.height,
                       o.width,
                       bytes_text(o.frames * o.height * o.width * 2),
                       options.output.output,
                       truth_path);
  for (const auto& file : {options.output.output, truth_path})
    require_output({file, options.output.overwrite}, {});
  const synth::EcmExperiment experiment(o);
  io::FrameWriterOptions writing;
  writing.overwrite = options.output.overwrite;
  auto writer = io::make_frame_writer(options.output.output, experiment.info(), writing);
  experiment.generate(
      [&](Index first, Index count, const std::int16_t* counts) {
        writer->append(first, count, reinterpret_cast<const std::byte*>(counts));
      },
      monitor);
  writer->close();
  auto tree = make_result(invocation, to_toml(describe(options)));
  tree.set("entry/kind", make_scalar("truth"));
  tree.set("entry/title", make_scalar("Truth of a virtual dark-field series"));
  tree.group("entry").attributes.erase("default");
  tree.group("entry/truth") = experiment.truth();
  io::write_tree(truth_path, tree, {.overwrite = options.output.overwrite});
  return options.output.output + "\n" + truth_path + "\n";
}

} // namespace vitrum::app
