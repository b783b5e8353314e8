// One pass over a trajectory: densities in reciprocal space, the intensities of windows, waiting
// times. Nothing but intensities is kept.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "md_run.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::app {
namespace {

/// Frames are read one after the other and transformed together.
constexpr Index batch = 16;
/// Vectors of the shell whose densities are kept for F(q, t).
constexpr std::size_t most_fields = 600;

void require_same_box(const MdRun& run,
                      const atoms::Box& first,
                      const atoms::Configuration& c,
                      Index frame) {
  // q of the windows belong to one lattice; what NPT leaves after equilibration is far below this
  constexpr double most = 5e-3;
  if (!first.same_shape(c.box, most))
    throw DataError(fmt::format("{}: frame {}: the box has changed from {:.6g} x {:.6g} x {:.6g} "
                                "to {:.6g} x {:.6g} x {:.6g}, and with it the lattice of q; choose "
                                "frames of one box with --frames",
                                run.info().path,
                                frame,
                                atoms::norm(first.edges()[0]),
                                atoms::norm(first.edges()[1]),
                                atoms::norm(first.edges()[2]),
                                atoms::norm(c.box.edges()[0]),
                                atoms::norm(c.box.edges()[1]),
                                atoms::norm(c.box.edges()[2])));
}

} // namespace

void analyse_frames(MdRun& run, const MdAnalyzeOptions& o, const Monitor& monitor) {
  const auto& info = run.info();
  const Index exposure = o.windows.exposure;
  if (exposure > info.frames / 2)
    throw OptionError(
        fmt::format("--exposure {}: must be 1 to {}, half the frames", exposure, info.frames / 2));
  const double step = atoms::equal_time_step(info, "correlation in time");
  run.step_time = step;
  run.frame_time = step * static_cast<double>(exposure);
  run.frames = info.frames / exposure;
  if (info.frames % exposure != 0)
    run.notes.push_back(fmt::format("the last {} frames are left out: less than an exposure",
                                    info.frames % exposure));

  const auto box = info.first_box;
  const auto grid = md::grid_up_to(box, std::max(run.q_high, run.peak.q * 1.2));
  require_memory(run, grid, o.windows.tolerance, o.run, "take a --shell of smaller q");
  try {
    run.windows = {md::make_shell(box, grid, run.q_low, run.q_high),
                   md::make_slice(box, grid, run.q_low, run.q_high, o.windows.wavelength),
                   md::make_spot(box, grid, run.peak.q, o.windows.spot)};
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", info.path, error.what()));
  }
  std::size_t places = 0;
  for (const auto& window : run.windows) {
    run.movie.emplace_back(window.at.size() * static_cast<std::size_t>(run.frames), 0.0F);
    places += window.at.size();
  }
  std::vector<Index> field_at; // evenly over the shell
  std::vector<double> field_q;
  const auto& shell = run.windows[0].at;
  const auto fields = std::min(most_fields, shell.size());
  for (std::size_t k = 0; k < fields; ++k) {
    field_at.push_back(shell[k * shell.size() / fields]);
    field_q.push_back(run.windows[0].q[k * shell.size() / fields]);
  }
  const auto field_weights = run.weights.at(field_q);
  std::vector<std::complex<float>> field(fields * static_cast<std::size_t>(info.frames));
  std::vector<Index> at;
  std::vector<double> q;
  for (const auto& window : run.windows) {
    at.insert(at.end(), window.at.begin(), window.at.end());
    q.insert(q.end(), window.q.begin(), window.q.end());
  }
  const auto weights = run.weights.at(q);

  md::WaitingCounter waiting({.distance = run.bond_length,
                              .average = std::min(o.average, info.frames),
                              .origins = o.origins,
                              .frame_time = step},
                             info.atoms,
                             info.frames);
  md::HopCounter hops(
      {.half_window = o.hop_frames, .threshold = o.hop_threshold, .frame_time = step}, info.atoms);
  std::optional<md::MotionCounter> motion;
  atoms::Unwrapper unwrapper;
  std::vector<atoms::Configuration> frames(static_cast<std::size_t>(batch));
  std::vector<std::vector<float>> intensity(static_cast<std::size_t>(batch),
                                            std::vector<float>(places));
  Progress progress(monitor, "scattering", "frames", info.frames);
  for (Index first = 0; first < info.frames; first += batch) {
    const Index some = std::min(batch, info.frames - first);
    for (Index k = 0; k < some; ++k) {
      auto& c = frames[static_cast<std::size_t>(k)];
      run.trajectory->read(first + k, c);
      require_same_box(run, box, c, first + k);
      if (!c.unwrapped)
        unwrapper.apply(c);
      waiting.add(c);
      hops.add(c);
      if (!motion)
        motion.emplace(md::MotionOptions{.frame_time = step,
                                         .q = run.peak.q,
                                         .overlap = 0.3 * run.first_shell.peak,
                                         .van_hove_max = 2 * run.first_shell.peak},
                       c.species,
                       info.species,
                       info.frames);
      motion->add(c);
    }
    struct Scratch {
      md::DensityTransform transform;
      std::vector<std::vector<md::Complex>> density;
    };
    parallel_for_with(
        0,
        some,
        1,
        [&] {
          return Scratch{md::DensityTransform(grid, o.windows.tolerance),
                         std::vector<std::vector<md::Complex>>(info.species.size())};
        },
        [&](Scratch& scratch, Index begin, Index end) {
          for (Index k = begin; k < end; ++k) {
            const auto& c = frames[static_cast<std::size_t>(k)];
            md::species_densities(
                scratch.transform, c.box, c.positions, c.species, grid.size(), scratch.density);
            md::intensities(scratch.density,
                            at,
                            weights,
                            info.species_atoms,
                            intensity[static_cast<std::size_t>(k)]);
            auto* to = field.data() + static_cast<std::size_t>(first + k) * fields;
            for (std::size_t i = 0; i < fields; ++i) {
              md::Complex sum = 0;
              for (std::size_t a = 0; a < scratch.density.size(); ++a)
                sum += (field_weights.empty() ? 1 : field_weights[a][i]) *
                       scratch.density[a][static_cast<std::size_t>(field_at[i])];
              to[i] = std::complex<float>(sum);
            }
          }
        });
    for (Index k = 0; k < some; ++k) {
      const Index frame = (first + k) / exposure;
      if (frame >= run.frames)
        continue;
      const float* from = intensity[static_cast<std::size_t>(k)].data();
      for (std::size_t w = 0; w < run.windows.size(); ++w) {
        const auto n = run.windows[w].at.size();
        float* to = run.movie[w].data() + static_cast<std::size_t>(frame) * n;
        for (std::size_t i = 0; i < n; ++i)
          to[i] += from[i] / static_cast<float>(exposure);
        from += n;
      }
    }
    progress.advance(some);
  }
  run.waiting = waiting.result();
  if (info.frames > 2 * o.hop_frames)
    run.hops = hops.result();
  else
    run.warnings.push_back(fmt::format("no hops: {} frames, --hop-frames {} needs more than {}",
                                       info.frames,
                                       o.hop_frames,
                                       2 * o.hop_frames));
  run.motion = motion->result();
  constexpr std::size_t fewest_fields = 64;
  if (fields >= fewest_fields)
    run.coherent = md::coherent_scattering(field, info.frames);
}

} // namespace vitrum::app
