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
  fem("probe-width",
      "fwhm|rayleigh",
      "what --probe-size means: the full width at half maximum of the probe, as of patterns, or "
      "0.61/Q of an aperture of radius Q",
      &o.probe_width,
      "--probe-size");
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
        "what is not given otherwise: 2048 atoms in minutes; 32,000 atoms as in R24, in hours",
        &o.preset);
  glass("model",
        "wahnstrom|wahnstrom-small-first|kob-andersen",
        "what the atoms are; type 1 of Wahnstrom's model is the large species, or the small one; "
        "without: wahnstrom",
        &o.model);
  glass("atoms", "N", "4 n^3 of them; 0: 2048", &o.atoms);
  glass("density",
        "X",
        "atoms per sigma^3, sigma of the large species; without: 1.296, of kob-andersen 1.2",
        &o.density);
  glass("temperature",
        "T",
        "of the glass, in epsilon; at this density Wahnstrom's model has its kink at 0.51; "
        "without: 0.48",
        &o.temperature);
  glass("cooling",
        "TAU",
        "time of the way from the liquid at 1.2; without, or 0: quenched at once",
        &o.cooling);
  glass("hold", "TAU", "time at the temperature, which is recorded; without: 3000", &o.hold);
  glass("frame-interval", "TAU", "time between frames; without: 2", &o.frame_interval);
  glass(
      "time-step", "TAU", "of the integration while frames are made; without: 0.008", &o.time_step);
  glass("cut-off", "R", "of the interaction; without: 2.5", &o.cut_off);
  glass("cut-off-kind",
        "pair-shifted|plain",
        "in units of each pair's sigma and shifted to 0; or of sigma for all, not shifted; "
        "without: pair-shifted",
        &o.cut_off_kind);
  glass("seed", "N", "of the random numbers; 0: 1", &o.seed);
  glass("cooling-scan",
        "T",
        "make no glass but cool to this temperature in the cooling time, and find the kinks of "
        "energy and pressure: Tg at constant density",
        &o.cooling_scan,
        "--cooling");
  const Group lammps(s, "LAMMPS");
  lammps("lammps", "PROGRAM", "its name or path", &o.lammps);
  lammps("ranks", "N", "processes, by mpirun", &o.ranks);
  lammps("resume",
         "",
         "go on from the last checkpoint in the folder, with the settings that the run began with; "
         "--hold may be another",
         &o.resume);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

} // namespace vitrum::app
