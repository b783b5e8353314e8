// The workflows of simulated glasses: a trajectory of atoms to structure, simulated scattering and
// waiting times; the same as a movie of a detector; the simulation itself.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"

namespace vitrum::app {

/// What a trajectory is and does not say of itself.
struct TrajectoryFlags {
  std::string format; // name of a reader; "": by content
  std::string frames = ":";
  double time_step = 0;             // of the simulation; 0: as the file says
  std::vector<std::string> species; // names of the types
};

/// The windows in reciprocal space.
struct WindowFlags {
  std::string shell;     // "low:high" in inverse length; "": about the peak of S(q)
  Index spot = 3;        // edge in reciprocal vectors
  double wavelength = 0; // 0: a flat slice
  Index exposure = 1;    // frames averaged
  double tolerance = 1e-6;
  std::string weights = "unit";      // or x-ray, electron
  std::vector<std::string> elements; // of the species; empty: their names
  double angstrom = 0;               // of the unit of length; 0: as the file says
};

struct MdAnalyzeOptions {
  std::vector<std::string> inputs; // one trajectory
  TrajectoryFlags trajectory;
  WindowFlags windows;
  double q_max = 0;               // of S(q); 0: three times 2π over the mean spacing
  double q_width = 0.1;           // of its shells
  double r_max = 0;               // of g(r); 0: half the box, at most six first distances
  double r_width = 0.01;          // of its bins
  Index structure_frames = 10;    // that S(q) and g(r) are averaged over
  std::vector<std::string> radii; // of the species, for Voronoi cells
  double smallest_face = 0;
  double bond_length = 0; // of waiting times; 0: first peak of g(r)
  Index average = 3;      // frames
  Index origins = 10;
  Index hop_frames = 5;                   // before and after an instant, for hops
  double hop_threshold = 0;               // 0: from the size of the cages
  double t_min = 0;                       // of the power law; 0: found
  Index replicates = 50;                  // of its bootstrap
  double mobile_fraction = 0.06;          // of the atoms that strings are made of
  std::vector<std::string> probe_size_nm; // of fluctuation microscopy; empty: none
  std::string probe_width = "fwhm";       // what these sizes are; or rayleigh
  Index orientations = 50;                // in which probes see the box
  std::string atoms;                      // extended XYZ to write
  bool no_map = false;
  bool no_voronoi = false;
  AgeFlags age;
  FitFlags fit;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(MdAnalyzeOptions& options);
/// Trajectory → structure, two-time maps and g2 of windows, waiting times. Returns a summary.
[[nodiscard]] std::string
run_md_analyze(MdAnalyzeOptions options, const Invocation&, const Monitor&);

struct MdFramesOptions {
  std::vector<std::string> inputs; // one trajectory
  TrajectoryFlags trajectory;
  WindowFlags windows;
  double q_max = 0; // edge of the picture; 0: a tenth beyond the shell
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(MdFramesOptions& options);
/// Writes the speckles of a slice of reciprocal space as a detector would. Returns the path.
[[nodiscard]] std::string run_md_frames(MdFramesOptions options, const Invocation&, const Monitor&);

/// Of the glass, NaN, 0 and "" are not given: `complete` says what then holds.
struct MdSimulateOptions {
  std::vector<std::string> inputs; // none
  std::string preset;              // demo or paper: atoms, temperature, hold
  std::string model;
  Index atoms = 0;
  double density = not_given;
  double temperature = not_given;
  double cooling = not_given;
  double hold = not_given;
  double frame_interval = not_given;
  double time_step = not_given;
  double cut_off = not_given;
  std::string cut_off_kind;
  Index seed = 0;
  std::string lammps = "lmp";
  Index ranks = 1;
  bool resume = false;
  double cooling_scan = not_given; // temperature to cool to, for Tg; without: a glass is made
  OutputFlags output;              // a folder
  RunFlags run;
};
[[nodiscard]] Settings describe(MdSimulateOptions& options);
/// Makes a glass with LAMMPS. Returns the path of its trajectory.
[[nodiscard]] std::string
run_md_simulate(MdSimulateOptions options, const Invocation&, const Monitor&);

} // namespace vitrum::app
