// The workflows of electron correlation microscopy: virtual experiment and analysis.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"

namespace vitrum::app {

struct EcmOptions {
  std::vector<std::string> inputs; // one series of images
  InputFlags input;
  double pixel_size_nm = not_given;
  std::vector<std::string> masks;
  bool find_hot = false;
  bool find_dead = false;
  double false_alarms = 0.1;
  std::string dark;
  double pedestal = 0;

  bool no_drift = false;
  Index drift_window = 24;
  std::string shift = "sinc";
  std::string dose = "frame-mean";
  double smooth_px = 32;
  Index bin = 1;

  std::string estimator = "pixel-mean";
  Index lags = 200;
  Index max_lag = 0; // frames; 0: half the series
  bool fit_baseline = false;
  bool no_map = false;
  AgeFlags age;                // windows of the image's g2
  double largest_error = 1;    // of ln tau
  std::string keep_g2 = "64M"; // bytes of the g2 of all pixels up to which the result keeps it
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(EcmOptions& options);
/// Dark-field series → drift, image and per-pixel correlation, maps of the relaxation time. Returns
/// a summary.
[[nodiscard]] std::string run_ecm(EcmOptions options, const Invocation&, const Monitor&);

struct EcmSeriesOptions {
  std::vector<std::string> inputs; // results of vitrum ecm
  std::vector<std::string> values; // temperature or dose of each
  std::string quantity = "temperature";
  std::string unit = "°C";
  std::vector<std::string> starts; // seconds; when each measurement began, for the protocol
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(EcmSeriesOptions& options);
/// Results at several temperatures or doses → one table, with what the figures need of each.
/// Returns the table.
[[nodiscard]] std::string
run_ecm_series(EcmSeriesOptions options, const Invocation&, const Monitor&);

struct EcmStemOptions {
  std::vector<std::string> inputs; // one series of patterns, scan after scan
  InputFlags input;
  std::vector<std::string> masks;
  std::vector<std::string> scan; // rows, columns
  double scan_time_s = 0;
  double step_nm = not_given; // from place to place
  std::string partition;
  std::vector<std::string> center;  // y, x
  std::vector<std::string> k_range; // low, high
  double k_per_pixel = not_given;
  Index rings = 1;
  Index sectors = 1;
  double pedestal = 0;
  Index lags = 50;
  bool fit_baseline = false;
  double largest_error = 0.5; // of ln tau
  OutputFlags output;
  RunFlags run;
  Index scan_rows = 0, scan_columns = 0; // as read from `scan`
};
[[nodiscard]] Settings describe(EcmStemOptions& options);
/// Scans of diffraction patterns repeated (time, y, x, ky, kx) → maps of the relaxation time for
/// each ring. Returns a summary.
[[nodiscard]] std::string run_ecm_stem(EcmStemOptions options, const Invocation&, const Monitor&);

struct SynthEcmOptions {
  std::vector<std::string> inputs; // none
  Index frames = 1000;
  Index height = 128;
  Index width = 128;
  double frame_time_s = 2;
  double pixel_size_nm = 0.1;
  Index seed = 1;
  double tau_s = 100;
  double exponent = 0.7;
  double tau_log_sigma = 0;
  double tau_correlation_px = 20;
  double speckle_px = 4;
  double contrast = 0.3;
  double mean_electrons = 100;
  double dose_decay = 0;
  double dose_jitter = 0;
  double gain = 1;
  double pedestal = 0;
  double read_noise = 0;
  double drift_px = 0;
  double drift_angle_deg = 30;
  double drift_wave_px = 0;
  double drift_walk_px = 0;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(SynthEcmOptions& options);
/// Writes a virtual dark-field series and, beside it, its truth. Returns both paths.
[[nodiscard]] std::string run_synth_ecm(SynthEcmOptions options, const Invocation&, const Monitor&);

} // namespace vitrum::app
