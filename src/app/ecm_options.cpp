#include "vitrum/app/ecm.hpp"

namespace vitrum::app {
namespace {

auto group(Settings& settings, const char* name) {
  return [&settings, name](const char* flag,
                           const char* value,
                           const char* help,
                           SettingTarget target,
                           const char* needs = "") {
    settings.push_back({flag, name, value, help, target, needs});
  };
}

} // namespace

Settings describe(EcmOptions& o) {
  Settings s;
  describe(o.input, s);
  const auto image = group(s, "image");
  image("pixel-size",
        "NM",
        "edge of a pixel on the sample; overrides what the file says",
        &o.pixel_size_nm);
  image("mask",
        "FILES",
        "masks of the camera's pixels to use; others are filled from around them",
        &o.masks);
  image("find-hot", "", "leave out pixels that count too much or flicker", &o.find_hot);
  image("find-dead", "", "leave out pixels that never change", &o.find_dead);
  image("false-alarms",
        "N",
        "sound pixels per frame that these finders may take for bad ones",
        &o.false_alarms,
        "--find-hot or --find-dead");
  image("dark", "FILE", "dark image, subtracted from each frame", &o.dark);
  image("pedestal", "COUNTS", "value of a pixel without electrons, subtracted", &o.pedestal);
  const auto drift = group(s, "drift");
  drift("no-drift", "", "take the frames as they are", &o.no_drift);
  drift("drift-window",
        "FRAMES",
        "longest lag at which frames are compared to find the drift",
        &o.drift_window,
        "no --no-drift");
  drift("shift",
        "sinc|whole",
        "how frames are moved back: by fractions of a pixel with a windowed sinc; to the nearest "
        "pixel",
        &o.shift,
        "no --no-drift");
  const auto field = group(s, "intensity");
  field("dose",
        "frame-mean|trend|none",
        "what frames are divided by: their own mean; a smooth trend of the means; the mean of all",
        &o.dose);
  field(
      "smooth",
      "PX",
      "pixels are divided by the time mean smoothed over so many, for thickness and illumination; "
      "0: not at all",
      &o.smooth_px);
  field("bin", "N", "average N x N pixels", &o.bin);
  const auto correlation = group(s, "correlation");
  correlation(
      "estimator",
      "pixel-mean|time-mean|time-mean-corrected",
      "what a pixel is normalised by: a mean over pixels, unbiased; its own time mean, which "
      "makes relaxation look faster in a short series; the same, fitted with what that takes "
      "away",
      &o.estimator);
  correlation("lags", "N", "lags on a logarithmic axis", &o.lags);
  correlation("max-lag", "FRAMES", "longest lag; 0: half the series", &o.max_lag);
  correlation("fit-baseline",
              "",
              "fit the baseline of g2, too, where static differences between pixels remain",
              &o.fit_baseline);
  correlation("largest-error",
              "X",
              "pixels whose ln tau has a larger standard error are left out of the statistics",
              &o.largest_error);
  const auto image_map = group(s, "two-time map of the image");
  image_map("no-map", "", "make neither the map nor windows of age", &o.no_map);
  image_map("window",
            "S",
            "length of an age window, 0: a tenth of the series",
            &o.age.window_s,
            "no --no-map");
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(SynthEcmOptions& o) {
  Settings s;
  const auto add = group(s, "experiment");
  add("frames", "N", "length of the series", &o.frames);
  add("height", "PX", "rows", &o.height);
  add("width", "PX", "columns", &o.width);
  add("frame-time", "S", "time from frame to frame", &o.frame_time_s);
  add("pixel-size", "NM", "edge of a pixel on the sample", &o.pixel_size_nm);
  add("seed", "N", "of the random numbers", &o.seed);
  const auto sample = group(s, "sample");
  sample("tau", "S", "median relaxation time", &o.tau_s);
  sample("exponent", "X", "stretching exponent, above 0 and up to 1", &o.exponent);
  sample("tau-log-sigma", "X", "standard deviation of ln tau over the sample", &o.tau_log_sigma);
  sample("tau-correlation",
         "PX",
         "distance at which the correlation of ln tau has fallen to 1/e",
         &o.tau_correlation_px,
         "--tau-log-sigma");
  sample("speckle", "PX", "distance at which that of the intensity has, 2 or more", &o.speckle_px);
  sample("contrast", "X", "of the speckle, up to 1", &o.contrast);
  const auto camera = group(s, "camera");
  camera("electrons", "X", "mean per pixel and frame", &o.mean_electrons);
  camera("dose-decay", "X", "share of the intensity that is lost by the last frame", &o.dose_decay);
  camera(
      "dose-jitter", "X", "relative spread of the intensity from frame to frame", &o.dose_jitter);
  camera("gain", "X", "counts per electron", &o.gain);
  camera("pedestal", "COUNTS", "value of a pixel without electrons", &o.pedestal);
  camera("read-noise", "COUNTS", "standard deviation of the camera's noise", &o.read_noise);
  const auto drift = group(s, "drift");
  drift("drift", "PX", "distance between the first and the last frame", &o.drift_px);
  drift("drift-angle", "DEG", "direction of it, from +x towards +y", &o.drift_angle_deg);
  drift("drift-wave", "PX", "amplitude of one slow wave across it", &o.drift_wave_px);
  drift("drift-walk", "PX", "random walk by the last frame, along each axis", &o.drift_walk_px);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

} // namespace vitrum::app
