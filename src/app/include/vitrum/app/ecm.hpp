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
  AgeFlags age;               // windows of the image's g2
  double largest_error = 0.5; // of ln tau
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(EcmOptions& options);
/// Dark-field series → drift, image and per-pixel correlation, maps of the relaxation time. Returns
/// a summary.
[[nodiscard]] std::string run_ecm(EcmOptions options, const Invocation&, const Monitor&);

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
