#include <filesystem>

#include <fmt/format.h>

#include "output.hpp"
#include "result_tree.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/io/frame_writer.hpp"
#include "vitrum/io/tree_file.hpp"
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
  const std::filesystem::path path(options.output.output);
  const auto truth_path = (path.parent_path() / (path.stem().string() + "_truth.h5")).string();
  const auto& info = experiment.info();
  if (options.run.dry_run)
    return fmt::format("{} frames of {} x {}, {} uncompressed\nwould write {}, {}\n",
                       info.frames,
                       info.height,
                       info.width,
                       bytes_text(info.frames * info.frame_bytes()),
                       options.output.output,
                       truth_path);
  for (const auto& file : {options.output.output, truth_path})
    require_output({file, options.output.overwrite}, {});
  io::FrameWriterOptions writing;
  writing.overwrite = options.output.overwrite;
  auto writer = io::make_frame_writer(options.output.output, info, writing);
  experiment.generate([&](Index first,
                          Index count,
                          const std::byte* counts) { writer->append(first, count, counts); },
                      monitor);
  writer->close();
  auto tree = make_result(invocation, to_toml(describe(options)));
  tree.set("entry/kind", make_scalar("truth"));
  tree.set("entry/title", make_scalar("Truth of a movie of continuous-time random walkers"));
  tree.group("entry").attributes.erase("default");
  tree.group("entry/truth") = experiment.truth();
  io::write_tree(truth_path, tree, {.overwrite = options.output.overwrite});
  return options.output.output + "\n" + truth_path + "\n";
}

} // namespace vitrum::app
