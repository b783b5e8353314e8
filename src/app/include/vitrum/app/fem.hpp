// The workflow of fluctuation electron microscopy: diffraction patterns to normalised variance,
// peaks and correlation lengths.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"

namespace vitrum::app {

struct FemOptions {
  std::vector<std::string> inputs; // one series of patterns each
  std::vector<std::string> files;  // more of them, for TOML files
  InputFlags input;
  std::vector<std::string> probe_size_nm; // one per input, or one for all
  std::vector<std::string> temperature_c; // the same
  std::string scan;                       // "rows,columns" of the positions
  std::vector<std::string> leave_out;     // kinds of flagged patterns
  std::string thickness_map;              // of the scan: HAADF, t/lambda
  std::string thickness_range;            // "low:high" of it that is used
  bool equal_intensity = false;

  std::vector<std::string> masks;
  bool keep_beam_stop = false;
  bool keep_bad_pixels = false;
  std::string dark, flat;

  double center_x_px = not_given, center_y_px = not_given;
  double ring_px = not_given;
  bool no_ellipse = false;
  std::string centers = "common";
  double k_per_pixel = not_given;
  double known_ring = not_given;
  std::string k_reference;
  double energy_kev = not_given; // curved Ewald sphere when given
  double k_min = 0, k_max = not_given, k_step = not_given;
  bool no_split = false;

  std::string gain; // counts per electron; "": not known
  double read_noise = 0;
  std::string mtf;         // table of frequency and MTF
  double point_spread = 0; // px
  std::string variance = "image";
  std::vector<std::string> cells; // width in px, angle in degrees
  bool unbiased = false;
  Index replicates = 200;
  Index seed = 1;

  std::string peak_range; // "low:high" in k
  Index peaks = 3;
  std::string table_unit = "1/angstrom"; // of k in tables of V(k)
  double smallest_probe_nm = not_given;  // of the pair persistence
  bool angular = false;
  std::string tau_map; // result of electron correlation microscopy, same region
  std::string compare; // another result: the state before

  std::string model; // atoms whose patterns are computed, instead of measured ones
  Index orientations = 200;
  std::string orientation_grid; // "psi,theta"
  std::string probe_width = "rayleigh";
  bool femsim = false;

  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(FemOptions& options);
/// Patterns → centre, rings, every normalised variance with errors, peaks, correlation lengths.
/// Returns a summary.
[[nodiscard]] std::string run_fem(FemOptions options, const Invocation&, const Monitor&);

struct SynthFemOptions {
  std::vector<std::string> inputs; // none
  std::vector<std::string> probe_size_nm = {"1.3"};
  std::string scan = "10,10";
  Index height = 256;
  Index width = 256;
  double k_per_pixel = 0.07;
  Index seed = 1;
  double length_nm = 1.3;
  double floor = 0.01;
  double peak_height = 0.15;
  double peak_k = 4.27;
  double second_k = 7.24;
  double height_ratio = 0.4;
  double peak_width = 0.05;
  double broadening = 0.27;
  double split = 0;
  double speckle_px = 0;
  double mean_electrons = 100;
  double gain = 1;
  double read_noise = 0;
  double point_spread = 0;
  double cluster_fraction = 0;
  double cluster_size_nm = 1.3;
  Index layers = 6;
  double layer_nm = 2;
  double center_x_px = -1;
  double center_y_px = -1;
  double stretch = 0;
  double shear = 0;
  double descan_px = 0;
  bool beam_stop = false;
  Index hot_pixels = 0;
  Index dead_pixels = 0;
  double thickness_gradient = 0;
  Index crystals = 0;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(SynthFemOptions& options);
/// Writes one virtual series of patterns for each probe size and, beside them, their truth.
/// Returns all paths.
[[nodiscard]] std::string run_synth_fem(SynthFemOptions options, const Invocation&, const Monitor&);

} // namespace vitrum::app
