#include "setting_group.hpp"
#include "vitrum/app/ecm.hpp"

namespace vitrum::app {
Settings describe(EcmOptions& o) {
  Settings s;
  describe(o.input, s);
  const Group image(s, "image");
  image("pixel-size",
        "NM",
        "edge of a pixel on the sample; overrides what the file says",
        &o.pixel_size_nm);
  image("mask",
        "FILES",
        "masks of the camera's pixels to use; others are filled from around them",
        &o.masks);
  add_pixel_finders(image, o.find_hot, o.find_dead, o.false_alarms);
  image("dark", "FILE", "dark image D: I - D in place of I", &o.dark);
  image("pedestal", "COUNTS", "value of a pixel without electrons, subtracted", &o.pedestal);
  const Group drift(s, "drift");
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
  const Group field(s, "intensity");
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
  const Group correlation(s, "correlation");
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
  const Group image_map(s, "two-time map of the image");
  image_map("no-map", "", "make neither the map nor windows of age", &o.no_map);
  image_map("window",
            "S",
            "length of an age window, 0: a tenth of the series",
            &o.age.window_s,
            "no --no-map");
  Group(s, "output")(
      "keep-g2",
      "SIZE",
      "bytes of the g2 of all pixels up to which the result keeps it, for the viewer; 0: "
      "never",
      &o.keep_g2);
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(EcmSeriesOptions& o) {
  Settings s;
  const Group add(s, "series");
  add("values",
      "V1,V2,…",
      "temperature, dose or the like of each result, in their order",
      &o.values);
  add("quantity", "NAME", "what the values are", &o.quantity);
  add("unit", "UNIT", "of the values", &o.unit);
  add("starts",
      "T1,T2,…",
      "when each measurement began, in seconds, for a figure of the protocol",
      &o.starts);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(EcmStemOptions& o) {
  Settings s;
  describe(o.input, s);
  leave_out(s, {"frame-time"});
  const Group scan(s, "scan");
  scan("scan", "ROWS,COLUMNS", "places of one scan; else from the file", &o.scan);
  scan("scan-time", "S", "time from one scan to the next", &o.scan_time_s);
  scan("step", "NM", "distance between places, for the axes of maps", &o.step_nm);
  const Group detector(s, "detector");
  detector("mask", "FILES", "masks of the pixels to use", &o.masks);
  detector("partition", "FILE", "bins of the detector: labels or a qmap", &o.partition);
  detector("center", "Y,X", "of the patterns, in pixels", &o.center, "no --partition");
  detector(
      "k-per-pixel", "K", "of the patterns, in 1/nm (k = 1/d)", &o.k_per_pixel, "no --partition");
  detector("k-range", "LOW,HIGH", "what the rings cover, in 1/nm", &o.k_range, "no --partition");
  detector("rings", "N", "rings of equal width", &o.rings, "no --partition");
  detector("sectors", "N", "parts of each ring", &o.sectors, "no --partition");
  detector("pedestal", "COUNTS", "value of a pixel without electrons, subtracted", &o.pedestal);
  const Group correlation(s, "correlation");
  correlation("lags", "N", "lags on a logarithmic axis up to half the series", &o.lags);
  correlation("fit-baseline", "", "fit the baseline of g2, too", &o.fit_baseline);
  correlation("largest-error",
              "X",
              "places whose ln tau has a larger standard error are left out of the maps",
              &o.largest_error);
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(SynthEcmOptions& o) {
  Settings s;
  const Group add(s, "experiment");
  add_virtual_series(add, o);
  add("pixel-size", "NM", "edge of a pixel on the sample", &o.pixel_size_nm);
  const Group sample(s, "sample");
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
  const Group camera(s, "camera");
  camera("electrons", "X", "mean per pixel and frame", &o.mean_electrons);
  camera("dose-decay", "X", "share of the intensity that is lost by the last frame", &o.dose_decay);
  camera(
      "dose-jitter", "X", "relative spread of the intensity from frame to frame", &o.dose_jitter);
  camera("gain", "X", "counts per electron", &o.gain);
  camera("pedestal", "COUNTS", "value of a pixel without electrons", &o.pedestal);
  camera("read-noise", "COUNTS", "standard deviation of the camera's noise", &o.read_noise);
  const Group drift(s, "drift");
  drift("drift", "PX", "distance between the first and the last frame", &o.drift_px);
  drift("drift-angle", "DEG", "direction of it, from +x towards +y", &o.drift_angle_deg);
  drift("drift-wave", "PX", "amplitude of one slow wave across it", &o.drift_wave_px);
  drift("drift-walk", "PX", "random walk by the last frame, along each axis", &o.drift_walk_px);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

} // namespace vitrum::app
