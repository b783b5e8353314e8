// The speckles of a slice of reciprocal space as a movie of a detector.
#include <cmath>

#include <fmt/format.h>

#include "md_run.hpp"
#include "output.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/frame_writer.hpp"

namespace vitrum::app {

std::string
run_md_frames(MdFramesOptions options, const Invocation& invocation, const Monitor& monitor) {
  (void)invocation;
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  validate(options.windows);
  MdRun run;
  run.trajectory = open_atoms(options.inputs.at(0), options.trajectory, run.warnings);
  const auto& info = run.info();
  const Index exposure = options.windows.exposure;
  if (exposure > info.frames)
    throw OptionError(fmt::format("--exposure {}: must be 1 to {}", exposure, info.frames));
  choose_weights(run, options.windows);
  MdAnalyzeOptions structure;
  structure.structure_frames = 1;
  structure.no_voronoi = true;
  structure.windows.tolerance = options.windows.tolerance;
  double q_max = options.q_max;
  if (q_max == 0) {
    if (options.windows.shell.empty())
      analyse_structure(run, structure, monitor);
    choose_shell(run, options.windows.shell);
    q_max = 1.1 * run.q_high;
  } else if (!(q_max > 0)) {
    throw OptionError(fmt::format("--q-max {}: must be positive", q_max));
  }
  const auto box = info.first_box;
  auto grid = md::grid_up_to(box, q_max);
  if (options.windows.wavelength > 0)
    grid.half[2] = std::max(grid.half[2], grid.half[0]);
  require_memory(run, grid, options.windows.tolerance, options.run, "take a smaller --q-max");
  const auto plane = md::make_plane(box, grid, options.windows.wavelength);
  frames::SeriesInfo movie;
  movie.frames = info.frames / exposure;
  movie.height = plane.height;
  movie.width = plane.width;
  movie.type = frames::PixelType::f32;
  if (info.frames > 1)
    movie.frame_time_s = atoms::equal_time_step(info, "a movie") * static_cast<double>(exposure);
  movie.metadata = {{"time_unit", run.time_unit()}, {"length_unit", run.length_unit()}};
  if (options.run.dry_run)
    return fmt::format("{}: {} frames of {} x {}\nwould write {}\n",
                       info.path,
                       movie.frames,
                       movie.height,
                       movie.width,
                       options.output.output);
  io::FrameWriterOptions writing;
  writing.overwrite = options.output.overwrite;
  auto& q = writing.extra.group("entry/reciprocal_space");
  q.set("q", make_array({plane.height, plane.width}, plane.q, run.inverse_length()));
  q.set("time_unit", make_scalar(run.time_unit()));
  auto writer = io::make_frame_writer(options.output.output, movie, writing);
  const auto weights = run.weights.at(plane.q);
  md::DensityTransform transform(grid, options.windows.tolerance);
  std::vector<std::vector<md::Complex>> density(info.species.size());
  std::vector<float> one(plane.at.size()), sum(plane.at.size());
  atoms::Configuration c;
  Progress progress(monitor, "scattering", "frames", info.frames);
  for (Index frame = 0; frame < movie.frames * exposure; ++frame) {
    run.trajectory->read(frame, c);
    if (!box.same_shape(c.box, 5e-3))
      throw DataError(fmt::format("{}: frame {}: the box has changed, and with it the lattice of "
                                  "q; choose frames of one box with --frames",
                                  info.path,
                                  frame));
    md::species_densities(transform, c.box, c.positions, c.species, grid.size(), density);
    md::intensities(density, plane.at, weights, info.species_atoms, one);
    for (std::size_t p = 0; p < one.size(); ++p)
      sum[p] += one[p] / static_cast<float>(exposure);
    if ((frame + 1) % exposure == 0) {
      writer->append(frame / exposure, 1, reinterpret_cast<const std::byte*>(sum.data()));
      std::fill(sum.begin(), sum.end(), 0.0F);
    }
    progress.advance();
  }
  writer->close();
  for (const auto& warning : run.warnings)
    monitor.warn(warning);
  return options.output.output + "\n";
}

} // namespace vitrum::app
