// Structure of a trajectory: S(q), g(r), Voronoi cells, the network of Frank–Kasper atoms.
#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "md_run.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/io/open_trajectory.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Frames that the structure is averaged over: evenly, with the last.
std::vector<Index> chosen_frames(Index frames, Index wanted) {
  std::vector<Index> out;
  const Index count = std::min(frames, wanted);
  for (Index k = 0; k < count; ++k)
    out.push_back(count == 1 ? frames - 1 : k * (frames - 1) / (count - 1));
  return out;
}

void average_pairs(MdRun& run, const MdAnalyzeOptions& o, const std::vector<Index>& frames) {
  atoms::Configuration c;
  const auto kinds = static_cast<Index>(run.info().species.size());
  double r_max = o.r_max;
  for (const Index frame : frames) {
    run.trajectory->read(frame, c);
    const auto heights = c.box.heights();
    const double half = 0.5 * *std::min_element(heights.begin(), heights.end());
    const double spacing = std::cbrt(c.box.volume() / static_cast<double>(c.atoms()));
    if (r_max == 0) // the first distance is close to the mean spacing
      r_max = std::min(half * 0.999, 6 * spacing);
    if (r_max > half)
      throw DataError(fmt::format(
          "{}: --r-max {:g}: more than half the box, {:.6g}", run.info().path, r_max, half));
    const auto one = md::pair_distribution(c.box, c.positions, c.species, kinds, r_max, o.r_width);
    if (run.g.r.empty()) {
      run.g = one;
      continue;
    }
    const auto join = [](std::vector<double>& to, const std::vector<double>& from) {
      for (std::size_t k = 0; k < to.size(); ++k)
        to[k] += from[k];
    };
    join(run.g.total, one.total);
    for (std::size_t p = 0; p < one.pair.size(); ++p)
      join(run.g.pair[p], one.pair[p]);
  }
  const auto n = static_cast<double>(frames.size());
  for (double& x : run.g.total)
    x /= n;
  for (auto& g : run.g.pair)
    for (double& x : g)
      x /= n;
  run.first_shell = md::first_shell(run.g.r, run.g.total);
  run.last = std::move(c);
}

void average_structure(MdRun& run,
                       const MdAnalyzeOptions& o,
                       const std::vector<Index>& frames,
                       const Monitor& monitor) {
  // the mean spacing is within a tenth of the first distance of a dense liquid, and never absurd
  const double spacing = std::cbrt(run.last.box.volume() / static_cast<double>(run.last.atoms()));
  double q_max = o.q_max;
  if (q_max == 0)
    q_max = 3 * 2 * std::numbers::pi / spacing;
  if (q_max <= o.q_width)
    throw OptionError(
        fmt::format("--q-width {}: must be less than the end of S(q), {:.6g}", o.q_width, q_max));
  const auto kinds = run.info().species.size();
  require_memory(run,
                 md::grid_up_to(run.last.box, q_max),
                 o.windows.tolerance,
                 o.run,
                 "take a smaller --q-max");
  md::StructureAccumulator sum(
      run.last.box, static_cast<Index>(kinds), q_max, o.q_width, run.weights);
  struct Lane { // a frame that is looked at beside others
    md::DensityTransform transform;
    std::vector<std::vector<md::Complex>> density;
    atoms::Configuration c;
  };
  const auto all = static_cast<Index>(frames.size());
  std::vector<Lane> lanes;
  const auto add_lane = [&] {
    lanes.push_back({md::DensityTransform(sum.grid(), o.windows.tolerance),
                     std::vector<std::vector<md::Complex>>(kinds),
                     {}});
  };
  add_lane();
  const Index lane_bytes = lanes[0].transform.bytes() +
                           static_cast<Index>(kinds * sizeof(md::Complex)) * sum.grid().size();
  const Index room = parse_bytes("memory", o.run.memory) / 2 / lane_bytes;
  while (static_cast<Index>(lanes.size()) < std::min({thread_count(), all, room}))
    add_lane();
  Progress progress(monitor, "structure", "frames", all);
  for (Index first = 0; first < all; first += static_cast<Index>(lanes.size())) {
    const Index some = std::min(static_cast<Index>(lanes.size()), all - first);
    for (Index k = 0; k < some; ++k)
      run.trajectory->read(frames[static_cast<std::size_t>(first + k)],
                           lanes[static_cast<std::size_t>(k)].c);
    parallel_for(0, some, 1, [&](Index begin, Index end) {
      for (Index k = begin; k < end; ++k) {
        auto& [transform, density, c] = lanes[static_cast<std::size_t>(k)];
        md::species_densities(transform, c.box, c.positions, c.species, sum.grid().size(), density);
      }
    });
    for (Index k = 0; k < some; ++k)
      sum.add(lanes[static_cast<std::size_t>(k)].density, run.info().species_atoms);
    progress.advance(some);
  }
  run.s = sum.result();
  // small q hold few vectors and the compressibility, not the peak
  run.peak = md::highest_peak(run.s, std::numbers::pi / spacing);
  if (!(run.peak.q > 0))
    throw DataError(fmt::format("{}: S(q) has no peak from {:.3g} to {:.3g}: take a larger --q-max",
                                run.info().path,
                                std::numbers::pi / spacing,
                                q_max));
}

std::vector<double> radii_of(const MdRun& run, const std::vector<std::string>& texts) {
  const auto& names = run.info().species;
  std::vector<double> out;
  if (!texts.empty()) {
    for (const auto& text : texts) {
      char* end = nullptr;
      const double value = std::strtod(text.c_str(), &end);
      if (end == text.c_str() || *end != 0 || !(value > 0) || !std::isfinite(value))
        throw OptionError(fmt::format("--radii {}: expected a positive number", text));
      out.push_back(value);
    }
    if (out.size() != names.size())
      throw OptionError(fmt::format("--radii: {} radii for {} species ({})",
                                    out.size(),
                                    names.size(),
                                    fmt::join(names, ", ")));
    return out;
  }
  for (std::size_t a = 0; a < names.size(); ++a) {
    const auto shell = md::first_shell(run.g.r, run.g.pair[a * names.size() + a]);
    out.push_back(0.5 * (std::isnan(shell.peak) ? run.first_shell.peak : shell.peak));
  }
  return out;
}

void find_cells(MdRun& run, const MdAnalyzeOptions& o) {
  run.radii = radii_of(run, o.radii);
  run.voronoi = cells_of(run, run.last, o);
  const auto members = frank_kasper_members(run.voronoi->classes());
  std::vector<md::Link> links;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i] != 0)
      for (const auto& face : run.voronoi->cells[i].faces)
        if (face.neighbour > static_cast<Index>(i))
          links.push_back({static_cast<Index>(i), face.neighbour, face.step});
  run.network = md::find_clusters(run.last.box, run.last.positions, members, links);
}

} // namespace

md::Voronoi
cells_of(const MdRun& run, const atoms::Configuration& c, const MdAnalyzeOptions& options) {
  std::vector<double> radius;
  for (const auto s : c.species)
    radius.push_back(run.radii[static_cast<std::size_t>(s)]);
  try {
    return md::make_voronoi(c.box, c.positions, radius, options.smallest_face);
  } catch (const DataError& error) {
    throw DataError(fmt::format(
        "{}: step {}: {}; --no-voronoi does without cells", run.info().path, c.step, error.what()));
  }
}

std::string MdRun::length_unit() const {
  return info().length_unit.empty() ? "length" : info().length_unit;
}
std::string MdRun::inverse_length() const {
  return "1/" + length_unit();
}
std::string MdRun::time_unit() const {
  return info().time_unit.empty() ? "time" : info().time_unit;
}

std::unique_ptr<atoms::TrajectorySource> open_atoms(const std::string& path,
                                                    const TrajectoryFlags& flags,
                                                    std::vector<std::string>& warnings) {
  io::TrajectoryOptions options;
  options.format = flags.format;
  options.time_step = flags.time_step;
  options.species = flags.species;
  auto source = io::open_trajectory(path, options);
  for (const auto& problem : source->info().problems)
    warnings.push_back(problem);
  const auto range = resolve(parse_range(flags.frames), source->info().frames);
  return atoms::select_frames(std::move(source), range);
}

void analyse_structure(MdRun& run, const MdAnalyzeOptions& options, const Monitor& monitor) {
  const auto frames = chosen_frames(run.info().frames, options.structure_frames);
  average_pairs(run, options, frames);
  if (std::isnan(run.first_shell.peak))
    throw DataError(fmt::format("{}: g(r) has no first peak up to {:.3g}: give --r-max and "
                                "--r-width that fit the unit of length",
                                run.info().path,
                                run.g.r.back()));
  run.bond_length = options.bond_length > 0 ? options.bond_length : run.first_shell.peak;
  average_structure(run, options, frames, monitor);
  if (!options.no_voronoi)
    find_cells(run, options);
}

Elements choose_elements(const MdRun& run, const WindowFlags& flags, const std::string& purpose) {
  const auto& species = run.info().species;
  Elements out{flags.elements.empty() ? species : flags.elements, flags.angstrom};
  if (out.symbol.size() != species.size())
    throw OptionError(fmt::format("--elements: {} elements for {} species ({})",
                                  out.symbol.size(),
                                  species.size(),
                                  fmt::join(species, ", ")));
  if (out.angstrom == 0 && run.length_unit() == "angstrom")
    out.angstrom = 1;
  if (out.angstrom == 0)
    throw OptionError(fmt::format("{}: lengths are in '{}': {} --angstrom, the length of this unit",
                                  run.info().path,
                                  run.length_unit(),
                                  purpose));
  return out;
}

void choose_weights(MdRun& run, const WindowFlags& flags) {
  const auto radiation = md::parse_radiation(flags.weights);
  if (radiation == md::Radiation::none)
    return;
  const auto [elements, angstrom] = choose_elements(run, flags, "form factors need");
  run.weights = md::ScatteringWeights(radiation, elements, angstrom);
  run.weights_name = fmt::format("{} of {}", flags.weights, fmt::join(elements, ", "));
}

void choose_shell(MdRun& run, const std::string& text) {
  if (text.empty()) {
    // half the width of the first peak of a dense liquid, on either side
    constexpr double share = 0.065;
    run.q_low = (1 - share) * run.peak.q;
    run.q_high = (1 + share) * run.peak.q;
    return;
  }
  const auto colon = text.find(':');
  char *end_low = nullptr, *end_high = nullptr;
  run.q_low = std::strtod(text.c_str(), &end_low);
  run.q_high = colon == text.npos ? nan : std::strtod(text.c_str() + colon + 1, &end_high);
  if (colon == text.npos || end_low != text.c_str() + colon || *end_high != 0 || !(run.q_low > 0) ||
      !(run.q_high > run.q_low) || std::isinf(run.q_high))
    throw OptionError(fmt::format("--shell {}: expected LOW:HIGH with 0 < LOW < HIGH", text));
}

void add_structure(Tree& tree, const MdRun& run) {
  const auto& names = run.info().species;
  auto& s = tree.group("entry/structure");
  s.attributes["NX_class"] = std::string("NXdata");
  s.attributes["signal"] = std::string("s");
  s.attributes["axes"] = std::vector<std::string>{"q"};
  s.set("q", make_array(run.s.q, run.inverse_length())).attributes["convention"] =
      std::string("q=2pi/d");
  s.set("s", make_array(run.s.total));
  s.set("s_errors", make_array(run.s.total_errors));
  s.set("vectors", make_array(run.s.vectors));
  for (std::size_t a = 0; a < names.size(); ++a)
    for (std::size_t b = a; b < names.size(); ++b)
      s.set(fmt::format("s_{}_{}", names[a], names[b]),
            make_array(run.s.partial[a * names.size() + b]));
  if (!run.weights.unit())
    s.set("weights", make_scalar(run.weights_name));
  s.set("peak_q", make_scalar(run.peak.q, run.inverse_length()));
  s.set("peak_structure_factor", make_scalar(run.peak.value));
  s.set("peak_structure_factor_errors", make_scalar(run.peak.error));

  auto& g = tree.group("entry/pair_distribution");
  g.attributes["NX_class"] = std::string("NXdata");
  g.attributes["signal"] = std::string("g");
  g.attributes["axes"] = std::vector<std::string>{"r"};
  g.set("r", make_array(run.g.r, run.length_unit()));
  g.set("g", make_array(run.g.total));
  g.set("first_peak", make_scalar(run.first_shell.peak, run.length_unit()));
  g.set("first_minimum", make_scalar(run.first_shell.minimum, run.length_unit()));
  for (std::size_t a = 0; a < names.size(); ++a)
    for (std::size_t b = a; b < names.size(); ++b) {
      const auto& one = run.g.pair[a * names.size() + b];
      const auto name = fmt::format("{}_{}", names[a], names[b]);
      const auto shell = md::first_shell(run.g.r, one);
      g.set("g_" + name, make_array(one));
      g.set("first_peak_" + name, make_scalar(shell.peak, run.length_unit()));
      g.set("first_minimum_" + name, make_scalar(shell.minimum, run.length_unit()));
    }
  if (!run.voronoi)
    return;

  auto& v = tree.group("entry/voronoi");
  const auto put = [&v](const std::string& name, Array array, const std::string& said) {
    v.set(name, std::move(array)).attributes["long_name"] = said;
  };
  put("frame_step", make_scalar(run.last.step), "step of the frame");
  put("bonds", make_scalar(run.voronoi->bonds), "bonds");
  const auto classes = run.voronoi->classes();
  Index ifk = 0;
  for (const auto kind :
       {md::FrankKasper::z12, md::FrankKasper::z14, md::FrankKasper::z15, md::FrankKasper::z16}) {
    const int z = static_cast<int>(kind);
    const auto count = static_cast<Index>(std::count(classes.begin(), classes.end(), kind));
    put(fmt::format("z{}", z),
        make_scalar(count),
        fmt::format(
            "{} atoms (Z{})", kind == md::FrankKasper::z12 ? "icosahedral" : "Frank–Kasper", z));
    ifk += count;
    for (std::size_t a = 0; a < names.size(); ++a) {
      Index own = 0;
      for (std::size_t i = 0; i < classes.size(); ++i)
        own += classes[i] == kind && run.last.species[i] == static_cast<std::int32_t>(a) ? 1 : 0;
      put(fmt::format("z{}_{}", z, names[a]),
          make_scalar(own),
          fmt::format("Z{} of species {}", z, names[a]));
    }
  }
  put("ifk_fraction",
      make_scalar(static_cast<double>(ifk) / static_cast<double>(classes.size())),
      "share of icosahedral and Frank–Kasper atoms");
  for (std::size_t a = 0; a < names.size(); ++a) {
    Moments z;
    for (std::size_t i = 0; i < classes.size(); ++i)
      if (run.last.species[i] == static_cast<std::int32_t>(a))
        z.add(static_cast<double>(run.voronoi->cells[i].coordination()));
    put("mean_coordination_" + names[a],
        make_scalar(z.mean),
        "mean coordination of species " + names[a]);
    put("radius_" + names[a],
        make_scalar(run.radii[a], run.length_unit()),
        "radius of species " + names[a]);
  }
  put("network_clusters",
      make_scalar(static_cast<Index>(run.network.sizes.size())),
      "clusters of such atoms");
  put("network_largest",
      make_scalar(run.network.sizes.empty() ? Index{0} : run.network.sizes.front()),
      "atoms of the largest cluster");
  put("network_percolates",
      make_scalar(std::string(run.network.percolates() ? "yes" : "no")),
      "it percolates");
  v.set("network_sizes", make_array(run.network.sizes));
  std::vector<std::uint8_t> kinds;
  for (const auto one : classes)
    kinds.push_back(static_cast<std::uint8_t>(one));
  v.set("class", make_array(std::move(kinds)));
}

} // namespace vitrum::app
