#include "output.hpp"
#include "synth_output.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/synth/ctrw.hpp"

namespace vitrum::app {

std::string
run_synth_ctrw(SynthCtrwOptions options, const Invocation& invocation, const Monitor& monitor) {
  synth::CtrwOptions o;
  o.frames = options.frames;
  o.height = options.height;
  o.width = options.width;
  o.frame_time_s = options.frame_time_s;
  o.seed = static_cast<std::uint64_t>(options.seed);
  o.tau_s = options.tau_s;
  o.exponent = options.exponent;
  o.kept = options.kept;
  o.start_s = options.start_s;
  o.walkers = options.walkers;
  o.mean_counts = options.mean_counts;
  o.memory_bytes = parse_bytes("memory", options.run.memory) / 2; // and their compressed copy
  const synth::CtrwExperiment experiment(o);
  const auto truth_path = beside(options.output.output, "_truth.h5");
  if (options.run.dry_run)
    return would_write(experiment.info(), "", {options.output.output, truth_path});
  for (const auto& file : {options.output.output, truth_path})
    require_output({file, options.output.overwrite}, {});
  write_frames(experiment, options.output, monitor);
  write_truth(truth_path,
              "Truth of a movie of continuous-time random walkers",
              experiment.truth(),
              to_toml(describe(options)),
              invocation,
              options.output.overwrite);
  return options.output.output + "\n" + truth_path + "\n";
}

} // namespace vitrum::app
