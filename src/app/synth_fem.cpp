#include <filesystem>

#include <fmt/format.h>

#include "fem_text.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "vitrum/app/fem.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/frame_writer.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/synth/fem.hpp"

namespace vitrum::app {
namespace {

synth::FemOptions options_of(const SynthFemOptions& from, double probe, Index number) {
  synth::FemOptions o;
  std::tie(o.rows, o.columns) = shape_of("scan", from.scan);
  o.height = from.height;
  o.width = from.width;
  o.k_per_pixel_inv_nm = from.k_per_pixel;
  o.probe_size_nm = probe;
  o.seed = static_cast<std::uint64_t>(from.seed + 104729 * number); // series are independent
  o.length_nm = from.length_nm;
  o.floor = from.floor;
  o.peak_height = from.peak_height;
  o.peak_k_inv_nm = from.peak_k;
  o.second_k_inv_nm = from.second_k;
  o.height_ratio = from.height_ratio;
  o.peak_width_inv_nm = from.peak_width;
  o.broadening = from.broadening;
  o.split_inv_nm = from.split;
  o.speckle_px = from.speckle_px;
  o.mean_electrons = from.mean_electrons;
  o.gain = from.gain;
  o.read_noise = from.read_noise;
  o.point_spread_px = from.point_spread;
  o.cluster_fraction = from.cluster_fraction;
  o.cluster_size_nm = from.cluster_size_nm;
  o.layers = from.layers;
  o.layer_nm = from.layer_nm;
  o.center_x_px = from.center_x_px;
  o.center_y_px = from.center_y_px;
  o.stretch = from.stretch;
  o.shear = from.shear;
  o.descan_px = from.descan_px;
  o.beam_stop = from.beam_stop;
  o.hot_pixels = from.hot_pixels;
  o.dead_pixels = from.dead_pixels;
  o.thickness_gradient = from.thickness_gradient;
  o.crystals = from.crystals;
  synth::validate(o);
  return o;
}

} // namespace

std::string
run_synth_fem(SynthFemOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (options.probe_size_nm.empty())
    throw OptionError("--probe-size: expected a number");
  const std::filesystem::path path(options.output.output);
  const auto beside = [&](const std::string& end) {
    return (path.parent_path() / (path.stem().string() + end)).string();
  };
  std::vector<synth::FemOptions> series;
  std::vector<std::string> files;
  const auto count = options.probe_size_nm.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto& text = options.probe_size_nm[i];
    series.push_back(options_of(options, number_of("probe-size", text), static_cast<Index>(i)));
    files.push_back(count == 1 ? options.output.output
                               : beside(fmt::format("_{}nm{}", text, path.extension().string())));
  }
  const auto truth_path = beside("_truth.h5");
  std::string list;
  for (const auto& file : files)
    list += file + "\n";
  list += truth_path + "\n";
  if (options.run.dry_run)
    return fmt::format("{} patterns of {} x {} for each probe size\nwould write\n{}",
                       series[0].rows * series[0].columns,
                       options.height,
                       options.width,
                       list);
  for (std::size_t i = 0; i <= count; ++i)
    require_output({i < count ? files[i] : truth_path, options.output.overwrite}, {});
  auto tree = make_result(invocation, to_toml(describe(options)));
  tree.set("entry/kind", make_scalar("truth"));
  tree.set("entry/title", make_scalar("Truth of virtual diffraction patterns"));
  tree.group("entry").attributes.erase("default");
  for (std::size_t i = 0; i < count; ++i) {
    const synth::FemExperiment experiment(series[i]);
    io::FrameWriterOptions writing;
    writing.overwrite = options.output.overwrite;
    writing.extra.set("entry/probe/size", make_scalar(series[i].probe_size_nm, "nm"));
    auto writer = io::make_frame_writer(files[i], experiment.info(), writing);
    experiment.generate(
        [&](Index first, Index patterns, const std::uint16_t* counts) {
          writer->append(first, patterns, reinterpret_cast<const std::byte*>(counts));
        },
        monitor);
    writer->close();
    tree.group(fmt::format("entry/truth/{}", i + 1)) = experiment.truth();
  }
  io::write_tree(truth_path, tree, {.overwrite = options.output.overwrite});
  return list;
}

} // namespace vitrum::app
