#include "output.hpp"
#include "synth_output.hpp"
#include "vitrum/app/ecm.hpp"
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
  const auto truth_path = beside(options.output.output, "_truth.h5");
  if (!options.run.dry_run)
    for (const auto& file : {options.output.output, truth_path})
      require_output({file, options.output.overwrite}, {});
  const synth::EcmExperiment experiment(o);
  if (options.run.dry_run)
    return would_write(experiment.info(), "", {options.output.output, truth_path});
  write_frames(experiment, options.output, monitor);
  write_truth(truth_path,
              "Truth of a virtual dark-field series",
              experiment.truth(),
              to_toml(describe(options)),
              invocation,
              options.output.overwrite);
  return options.output.output + "\n" + truth_path + "\n";
}

} // namespace vitrum::app
