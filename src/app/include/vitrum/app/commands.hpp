// One workflow per command of the command line: options in, text for standard output back.
// Everything that the command line does, a program can do through these functions.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "vitrum/app/options.hpp"
#include "vitrum/app/ranks.hpp"
#include "vitrum/core/monitor.hpp"

namespace vitrum::app {

/// How the program was called; it is written into results.
struct Invocation {
  std::string command_line;
  std::shared_ptr<Ranks> ranks = nullptr; // null: this process alone
};

struct XpcsOptions {
  std::vector<std::string> inputs; // one series
  InputFlags input;
  GeometryFlags geometry;
  PartitionFlags partition;
  CorrectionFlags corrections;
  CorrelationFlags correlation;
  AgeFlags age;
  bool adaptive = false; // join windows as long as the dynamics stay stationary within noise
  DynamicsFlags dynamics;
  FitFlags fit;
  CompareFlags compare;
  OutputFlags output;
  RunFlags run;
  CheckpointFlags checkpoint;
};
[[nodiscard]] Settings describe(XpcsOptions& options);
/// Frames → two-time maps, g2, aging, fits, in one result file. Returns a summary.
[[nodiscard]] std::string run_xpcs(XpcsOptions options, const Invocation&, const Monitor&);

struct MergeOptions {
  std::vector<std::string> inputs; // all parts of one analysis
  std::string series;              // "": where the parts found it
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(MergeOptions& options);
/// Joins the parts made with `shard` into the result of one run. Returns a summary.
[[nodiscard]] std::string run_merge(MergeOptions options, const Invocation&, const Monitor&);

struct XsvsOptions {
  std::vector<std::string> inputs; // one series
  InputFlags input;
  GeometryFlags geometry;
  PartitionFlags partition;
  double exposure_s = not_given; // that a frame is open
  Index max_exposure = 0;        // frames
  Index fewest_exposures = 8;
  std::string estimator = "moments";
  Index pixel_groups = 32;
  Index speckle_size_px = 4;
  FitFlags fit = with_models({"kww"});
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(XsvsOptions& options);
/// Photon statistics: speckle contrast against exposure, relaxation times. Returns a summary.
[[nodiscard]] std::string run_xsvs(XsvsOptions options, const Invocation&, const Monitor&);

struct AgeOptions {
  std::vector<std::string> inputs; // a result, or a two-time map made elsewhere
  double frame_time_s = not_given; // for maps that do not know it
  std::string lags = "log";
  Index points_per_decade = 10;
  Index max_lag = 0; // frames; 0: as far as the series allows
  AgeFlags age;
  bool adaptive = false; // join windows as long as the dynamics stay stationary within noise
  DynamicsFlags dynamics;
  FitFlags fit;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(AgeOptions& options);
/// Other windows from the two-time maps of a result. Returns a summary.
[[nodiscard]] std::string run_age(AgeOptions options, const Invocation&, const Monitor&);

struct StitchOptions {
  std::vector<std::string> inputs; // results or two-time maps of consecutive parts of a series
  std::vector<std::string> starts; // times of their first frames
  double frame_time_s = not_given; // for maps that do not know it
  double seam_window_s = 0;        // 0: a twentieth of the shorter part
  Index seam_lags = 5;             // frames
  std::string lags = "log";
  Index points_per_decade = 10;
  FitFlags fit;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(StitchOptions& options);
/// Joins the two-time maps of parts into one result and says what shows at the seams.
[[nodiscard]] std::string run_stitch(StitchOptions options, const Invocation&, const Monitor&);

struct FitOptions {
  std::vector<std::string> inputs; // a result, a table of g2, or an APS 8-ID result
  double frame_time_s = not_given;
  FitFlags fit;
  CompareFlags compare;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(FitOptions& options);
/// Other models for the g2 of a result. Returns a summary.
[[nodiscard]] std::string run_fit(FitOptions options, const Invocation&, const Monitor&);

struct InfoOptions {
  std::vector<std::string> inputs;
  InputFlags input;
  bool json = false;
  bool scan = false; // read all frames: sums, zero frames, sparsity
};
[[nodiscard]] Settings describe(InfoOptions& options);
/// What is in each file, and what is wrong with it.
[[nodiscard]] std::string run_info(InfoOptions options, const Invocation&, const Monitor&);

struct FormatsOptions {
  std::vector<std::string> inputs; // none
  bool json = false;
};
[[nodiscard]] Settings describe(FormatsOptions& options);
/// The table of what vitrum reads and writes.
[[nodiscard]] std::string run_formats(FormatsOptions options, const Invocation&, const Monitor&);

struct DemoOptions {
  std::vector<std::string> inputs; // none
  std::string output = "demo";     // folder
  bool overwrite = false;
};
[[nodiscard]] Settings describe(DemoOptions& options);
/// A virtual experiment with known truth, analysed from frames to report by the commands that a
/// user would type. Returns them with what they print.
[[nodiscard]] std::string run_demo(DemoOptions options, const Invocation&, const Monitor&);

struct MaskOptions {
  std::vector<std::string> inputs; // a series
  InputFlags input;
  std::vector<std::string> masks;      // to start from
  std::vector<std::string> rectangles; // "y0:y1:x0:x1"
  std::vector<std::string> discs;      // "y:x:radius"
  std::string outside_disc;            // "y:x:radius"
  std::string friedel_half;            // "y:x"
  double above = not_given;            // time mean in counts
  double below = not_given;
  bool find_hot = false;
  bool find_dead = false;
  double false_alarms = 0.1;
  Index dilate_px = 0;
  std::string figure;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(MaskOptions& options);
/// Makes a mask from the series and from shapes. Returns how many pixels each step left out.
[[nodiscard]] std::string run_mask(MaskOptions options, const Invocation&, const Monitor&);

struct PartitionOptions {
  std::vector<std::string> inputs; // a series
  InputFlags input;
  GeometryFlags geometry;
  PartitionFlags partition;
  std::string figure;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(PartitionOptions& options);
/// Makes q rings and sectors. Returns the table of bins.
[[nodiscard]] std::string
run_partition(PartitionOptions options, const Invocation&, const Monitor&);

struct SynthXpcsOptions {
  std::vector<std::string> inputs; // none
  std::string preset;              // r24: see synth/presets.hpp
  Index frames = 2000;
  Index height = 128;
  Index width = 128;
  double frame_time_s = 1;
  Index seed = 1;
  std::string model = "kww";
  double tau_s = 100;
  double exponent = 0.7;
  double fraction = 0.5; // kww2
  double tau2_s = 1000;
  double exponent2 = 0.7;
  double q_power = 2;
  Index q_bins = 4;
  Index static_per_bin = 3;
  double contrast = 0.3;
  Index modes = 1;
  double mean_counts = 1;
  double sq_slope = 0;
  double background = 0;
  Index hot_pixels = 0;
  Index dead_pixels = 0;
  std::vector<std::string> gaps;   // frame ranges
  double drift = 0;                // relative change of the beam intensity over the series
  double jitter = 0;               // relative frame-to-frame spread of it
  std::string aging = "none";      // none | exponential | power
  double aging_time_s = not_given; // t′ of τ = τ0 exp(t_a/t′)
  double aging_power = 1;
  std::vector<std::string> events; // "time_s:drop"
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(SynthXpcsOptions& options);
/// Writes a virtual experiment and, beside it, its truth. Returns both paths.
[[nodiscard]] std::string
run_synth_xpcs(SynthXpcsOptions options, const Invocation&, const Monitor&);

struct SynthCtrwOptions {
  std::vector<std::string> inputs; // none
  Index frames = 1000;
  Index height = 64;
  Index width = 64;
  double frame_time_s = 1;
  Index seed = 1;
  double tau_s = 10;
  double exponent = 0.45;
  double kept = 0;
  double start_s = 0;
  Index walkers = 50;
  double mean_counts = 5;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(SynthCtrwOptions& options);
/// Writes a movie of continuous-time random walkers and, beside it, its truth. Returns both paths.
[[nodiscard]] std::string
run_synth_ctrw(SynthCtrwOptions options, const Invocation&, const Monitor&);

struct ShowOptions {
  std::vector<std::string> inputs; // a result
  bool json = false;
  std::string figure; // "two-time", "g2", …: draw this one to -o
  Index bin = 1;
  OutputFlags output;
};
[[nodiscard]] Settings describe(ShowOptions& options);
/// Every scalar result with its error and unit.
[[nodiscard]] std::string run_show(ShowOptions options, const Invocation&, const Monitor&);

struct ValidateOptions {
  std::vector<std::string> inputs; // results
};
[[nodiscard]] Settings describe(ValidateOptions& options);
/// Whether results keep what the layout promises. Throws DataError that lists what they do not.
[[nodiscard]] std::string run_validate(ValidateOptions options, const Invocation&, const Monitor&);

struct ExportOptions {
  std::vector<std::string> inputs; // a result
  std::string format = "csv";      // csv | tiff | npz | hdf5 | 8id
  OutputFlags output;
};
[[nodiscard]] Settings describe(ExportOptions& options);
/// Writes a result in another layout. Returns what was written.
[[nodiscard]] std::string run_export(ExportOptions options, const Invocation&, const Monitor&);

struct ReportOptions {
  std::vector<std::string> inputs; // a result
  std::string truth;               // truth of a virtual experiment, to be compared with
  OutputFlags output;              // a folder
};
[[nodiscard]] Settings describe(ReportOptions& options);
/// Writes the page with its figures and tables. Returns the path of the page.
[[nodiscard]] std::string run_report(ReportOptions options, const Invocation&, const Monitor&);

} // namespace vitrum::app
