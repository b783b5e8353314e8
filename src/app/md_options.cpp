#include "setting_group.hpp"
#include "vitrum/app/md.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

void describe(TrajectoryFlags& flags, Settings& settings) {
  const Group add(settings, "trajectory");
  add("format", "NAME", "name of a reader, to pass over recognition", &flags.format);
  add("frames", "RANGE", "frames to use, first:last[:step]", &flags.frames);
  add("time-step",
      "T",
      "time of one step of the simulation, where the file counts steps alone",
      &flags.time_step);
  add("species", "NAMES", "names of the types 1, 2, …", &flags.species);
}

/// `needs`: what elements and the unit of length are for.
void describe(WindowFlags& flags, Settings& settings, const char* needs) {
  const Group add(settings, "reciprocal space");
  add("shell",
      "LOW:HIGH",
      "|q| of the windows, in inverse length; empty: about the first peak of S(q)",
      &flags.shell);
  add("wavelength",
      "LENGTH",
      "of the beam along c, for a slice that follows the Ewald sphere; 0: a flat one",
      &flags.wavelength);
  add("exposure", "FRAMES", "frames whose intensities are averaged into one", &flags.exposure);
  add("tolerance", "X", "relative error of the densities in reciprocal space", &flags.tolerance);
  add("weights",
      "unit|x-ray|electron",
      "how strongly the species scatter: all alike, or as elements do",
      &flags.weights);
  add("elements",
      "LIST",
      "which element each species stands for; empty: their names",
      &flags.elements,
      needs);
  add("angstrom",
      "LENGTH",
      "of the simulation's unit of length; 0: as the file says",
      &flags.angstrom,
      needs);
}

} // namespace

Settings describe(MdAnalyzeOptions& o) {
  Settings s;
  describe(o.trajectory, s);
  const Group structure(s, "structure");
  structure("q-max",
            "Q",
            "end of S(q), in inverse length; 0: three times 2 pi over the mean spacing",
            &o.q_max);
  structure("q-width", "Q", "width of its shells", &o.q_width);
  structure("r-max", "R", "end of g(r); 0: six first distances, at most half the box", &o.r_max);
  structure("r-width", "R", "width of its bins", &o.r_width);
  structure("structure-frames", "N", "frames that both are averaged over", &o.structure_frames);
  structure("radii",
            "R,R",
            "radii of the species for Voronoi cells; empty: half the first peaks of their g(r)",
            &o.radii,
            "no --no-voronoi");
  structure("smallest-face",
            "AREA",
            "faces of Voronoi cells below this area do not count",
            &o.smallest_face,
            "no --no-voronoi");
  structure("no-voronoi", "", "leave out Voronoi cells and what follows from them", &o.no_voronoi);
  describe(o.windows, s, "--weights x-ray|electron or --probe-size");
  const Group spot(s, "reciprocal space");
  spot("spot", "N", "edge of the spot in reciprocal vectors", &o.windows.spot);
  const Group waiting(s, "waiting times");
  waiting(
      "bond-length", "R", "distance that ends a wait; 0: the first peak of g(r)", &o.bond_length);
  waiting("average", "FRAMES", "running mean of positions that takes away rattling", &o.average);
  waiting("origins", "N", "instants from which persistence times run", &o.origins);
  waiting("hop-frames",
          "N",
          "frames before and after an instant whose positions tell a hop from rattling",
          &o.hop_frames);
  waiting("hop-threshold",
          "P",
          "of their separation, in length squared; 0: three times its median over the atoms",
          &o.hop_threshold);
  waiting("t-min", "T", "lower cut-off of the power law; 0: found from the data", &o.t_min);
  waiting("replicates", "N", "samples of the bootstrap that tests the power law", &o.replicates);
  waiting(
      "mobile", "X", "fraction of the atoms that are looked at for strings", &o.mobile_fraction);
  waiting("atoms",
          "FILE",
          "write atoms with their class, displacement and string as extended XYZ, for OVITO",
          &o.atoms);
  const Group fem(s, "fluctuation microscopy");
  fem("probe-size",
      "NM,NM",
      "normalised variance that probes of these sizes would see of the last frame, by electrons; "
      "needs --elements and --angstrom for species and lengths that are only numbers",
      &o.probe_size_nm);
  fem("orientations", "N", "random orientations of the box", &o.orientations, "--probe-size");
  const Group map(s, "two-time maps");
  map("no-map", "", "make neither maps nor windows of age", &o.no_map);
  map("window",
      "T",
      "length of an age window, 0: a tenth of the run",
      &o.age.window_s,
      "no --no-map");
  describe(o.fit, s);
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(MdFramesOptions& o) {
  Settings s;
  describe(o.trajectory, s);
  describe(o.windows, s, "--weights x-ray|electron");
  const Group picture(s, "reciprocal space");
  picture("q-max", "Q", "edge of the picture; 0: a tenth beyond the shell", &o.q_max);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(MdSimulateOptions& o) {
  Settings s;
  const Group glass(s, "glass");
  glass("preset",
        "demo|paper",
        "sizes to begin with: 2048 atoms in minutes; 32,000 atoms as in R24, in hours",
        &o.preset);
  glass("model",
        "wahnstrom|wahnstrom-small-first|kob-andersen",
        "what the atoms are; type 1 of Wahnstrom's model is the large species, or the small one",
        &o.model);
  glass("atoms", "N", "4 n^3 of them", &o.atoms);
  glass("density",
        "X",
        "atoms per sigma^3, sigma of the large species; 0: 1.296, of kob-andersen 1.2",
        &o.density);
  glass("temperature",
        "T",
        "of the glass, in epsilon; at this density Wahnstrom's model has its kink at 0.51",
        &o.temperature);
  glass(
      "cooling", "TAU", "time of the way from the liquid at 1.2; 0: quenched at once", &o.cooling);
  glass("hold", "TAU", "time at the temperature, which is recorded", &o.hold);
  glass("frame-interval", "TAU", "time between frames", &o.frame_interval);
  glass("time-step", "TAU", "of the integration while frames are made", &o.time_step);
  glass("cut-off", "R", "of the interaction", &o.cut_off);
  glass("cut-off-kind",
        "pair-shifted|plain",
        "in units of each pair's sigma and shifted to 0; or of sigma for all, not shifted",
        &o.cut_off_kind);
  glass("seed", "N", "of the random numbers", &o.seed);
  glass("cooling-scan",
        "T",
        "make no glass but cool to this temperature in the cooling time, and find the kinks of "
        "energy and pressure: Tg at constant density",
        &o.cooling_scan,
        "--cooling");
  const Group lammps(s, "LAMMPS");
  lammps("lammps", "PROGRAM", "its name or path", &o.lammps);
  lammps("ranks", "N", "processes, by mpirun", &o.ranks);
  lammps("resume", "", "go on from the last checkpoint in the folder", &o.resume);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

void apply_preset(MdSimulateOptions& o) {
  if (o.preset.empty())
    return;
  MdSimulateOptions usual;
  // what was set by hand stays
  const auto set = [](auto& value, const auto& before, const auto& preset) {
    if (value == before)
      value = preset;
  };
  if (o.preset == "demo") {
    set(o.atoms, usual.atoms, Index{2048});
    set(o.temperature, usual.temperature, 0.48);
    set(o.hold, usual.hold, 2400.0);
  } else if (o.preset == "paper") {
    set(o.atoms, usual.atoms, Index{32000});
    set(o.temperature, usual.temperature, 0.41); // 0.8 of the kink at this density
    set(o.cooling, usual.cooling, 400.0);
    set(o.hold, usual.hold, 20000.0);
    set(o.frame_interval, usual.frame_interval, 4.0);
  } else {
    throw OptionError("preset = '" + o.preset + "': expected demo or paper");
  }
}

} // namespace vitrum::app
