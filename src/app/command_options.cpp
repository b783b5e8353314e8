#include <algorithm>

#include "setting_group.hpp"
#include "vitrum/app/commands.hpp"

namespace vitrum::app {
namespace {

/// One of the list, to change what a command shares with others.
Settings::iterator find(Settings& settings, const std::string& name) {
  return std::find_if(
      settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
}

void describe_adaptive(bool& adaptive, const char* needs, Settings& s) {
  Group(s, "age")("adaptive",
                  "",
                  "join windows as long as the dynamics of all bins stay stationary within noise",
                  &adaptive,
                  needs);
}

} // namespace

Settings describe(XpcsOptions& o) {
  Settings s;
  describe(o.input, s);
  describe(o.geometry, s);
  describe(o.partition, s);
  describe(o.corrections, s);
  describe(o.correlation, s);
  describe(o.age, s);
  describe_adaptive(o.adaptive, "no --no-map", s);
  describe(o.dynamics, s);
  describe(o.fit, s);
  describe(o.compare, s);
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  describe(o.checkpoint, s);
  return s;
}

Settings describe(MergeOptions& o) {
  Settings s;
  Group(s, "input")("series", "SERIES", "where the series is now, if it has moved", &o.series);
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(XsvsOptions& o) {
  Settings s;
  describe(o.input, s);
  describe(o.geometry, s);
  describe(o.partition, s);
  const Group add(s, "photon statistics");
  add("exposure",
      "S",
      "time that a frame is open, 0: an instant; overrides what the file says",
      &o.exposure_s);
  add("max-exposure",
      "FRAMES",
      "longest exposure, summed from frames; 0: as long as --fewest-exposures allows",
      &o.max_exposure);
  add("fewest-exposures", "N", "complete ones that a length needs", &o.fewest_exposures);
  add("estimator",
      "moments|likelihood",
      "contrast that is fitted against exposure: <k(k-1)>/<k>^2 - 1, which assumes no law; 1/M of "
      "the negative-binomial law, which is not exact for exposures as long as the relaxation",
      &o.estimator);
  add_pixel_groups(add, o.pixel_groups, o.speckle_size_px);
  describe(o.fit, s);
  leave_out(s, {"share"});
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(AgeOptions& o) {
  Settings s;
  Group(s, "input")("frame-time", "S", "for maps that do not know it", &o.frame_time_s);
  Group(s, "age")("lags", "linear|log", "lag axis of g2 in a window", &o.lags);
  Group(s,
        "age")("points-per-decade", "N", "of a log lag axis", &o.points_per_decade, "--lags log");
  Group(s, "age")("max-lag", "FRAMES", "longest lag; 0: as far as the series allows", &o.max_lag);
  describe(o.age, s);
  describe_adaptive(o.adaptive, "", s);
  describe(o.dynamics, s);
  describe(o.fit, s);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(StitchOptions& o) {
  Settings s;
  const Group input(s, "input");
  input("starts",
        "T1,T2,…",
        "times of the first frames of the parts in seconds; results of one series know them",
        &o.starts);
  input("frame-time", "S", "for maps that do not know it", &o.frame_time_s);
  const Group seams(s, "seams");
  seams("seam-window",
        "S",
        "time before and after a seam in which C at short lags is averaged; 0: a twentieth of the "
        "shorter part",
        &o.seam_window_s);
  seams("seam-lags", "N", "short lags: those of 1 to N frames", &o.seam_lags);
  const Group g2(s, "g2");
  g2("lags", "linear|log", "lag axis of g2", &o.lags);
  g2("points-per-decade", "N", "of a log lag axis", &o.points_per_decade, "--lags log");
  describe(o.fit, s);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(FitOptions& o) {
  Settings s;
  Group(s, "input")("frame-time", "S", "for tables whose lags count frames", &o.frame_time_s);
  describe(o.fit, s);
  describe(o.compare, s);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(InfoOptions& o) {
  Settings s;
  describe(o.input, s);
  leave_out(s, {"find-bad-frames"});
  find(s, "bad-frames")->needs = "--scan";
  Group(s, "output")("scan", "", "read all frames and say what is in them", &o.scan);
  Group(s, "output")("json", "", "print JSON", &o.json);
  return s;
}

Settings describe(FormatsOptions& o) {
  return {{"json", "output", "", "print JSON", &o.json}};
}

Settings describe(MaskOptions& o) {
  Settings s;
  describe(o.input, s);
  const Group add(s, "mask");
  add("mask", "FILES", "masks to start from", &o.masks);
  add("rectangle", "Y0:Y1:X0:X1,…", "rectangles to leave out", &o.rectangles);
  add("disc", "Y:X:R,…", "discs to leave out", &o.discs);
  add("outside-disc", "Y:X:R", "leave out all but this disc", &o.outside_disc);
  add("friedel-half",
      "Y:X",
      "leave out one of each pair of pixels that a half turn about this centre joins",
      &o.friedel_half);
  add("above", "COUNTS", "leave out pixels with a higher time mean", &o.above);
  add("below", "COUNTS", "leave out pixels with a lower time mean", &o.below);
  add_pixel_finders(add, o.find_hot, o.find_dead, o.false_alarms);
  add("dilate", "PX", "grow what is left out", &o.dilate_px);
  Group(s, "output")("figure", "FILE", "draw the mask over the time mean", &o.figure);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(PartitionOptions& o) {
  Settings s;
  describe(o.input, s);
  describe(o.geometry, s);
  describe(o.partition, s);
  Group(s, "output")("figure", "FILE", "draw the bins over the time mean", &o.figure);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(SynthXpcsOptions& o) {
  Settings s;
  const Group add(s, "experiment");
  add("preset",
      "r24",
      "a published experiment: 300,000 s of a metallic glass with aging, stationary and "
      "accelerated stretches and an event; of the other settings only frames (1000 to 120000), "
      "height, width, counts and seed change it",
      &o.preset);
  add_virtual_series(add, o);
  add("model", "exp|kww|ml|ml-squared|kww2", "law of decay", &o.model);
  add("tau", "S", "relaxation time at the mean q", &o.tau_s);
  add("exponent", "X", "of the model", &o.exponent, "--model kww|ml|ml-squared|kww2");
  add("fraction", "X", "kww2: share of the first process", &o.fraction, "--model kww2");
  add("tau2", "S", "kww2: time of the second process", &o.tau2_s, "--model kww2");
  add("exponent2", "X", "kww2: exponent of the second process", &o.exponent2, "--model kww2");
  add("q-power", "N", "relaxation time falls as q^-N", &o.q_power);
  add("q-bins", "N", "rings", &o.q_bins);
  add("static-per-bin", "N", "fine rings in each ring", &o.static_per_bin);
  add("contrast", "X", "speckle contrast, above 0 to 1/modes", &o.contrast);
  add("modes", "N", "speckle patterns added up", &o.modes);
  add("counts", "X", "mean photons per pixel and frame", &o.mean_counts);
  add("sq-slope", "X", "relative slope of the mean intensity in q", &o.sq_slope);
  add("background", "X", "share of the light that does not move", &o.background);
  add("hot-pixels", "N", "pixels that count too much", &o.hot_pixels);
  add("dead-pixels", "N", "pixels that never count", &o.dead_pixels);
  add("gaps", "RANGES", "frames that are lost, 100:120,400:410", &o.gaps);
  add("drift", "X", "relative change of the beam over the series", &o.drift);
  add("jitter", "X", "relative spread of the beam from frame to frame", &o.jitter);
  add("aging",
      "none|exponential|power",
      "relaxation time grows as exp(t/aging-time) or as a power of the age",
      &o.aging);
  add("aging-time", "S", "of exponential aging", &o.aging_time_s, "--aging exponential|power");
  add("aging-power", "X", "of power-law aging", &o.aging_power, "--aging power");
  add("events",
      "T:DROP,…",
      "times at which the field loses this share of its correlation at once",
      &o.events);
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(SynthCtrwOptions& o) {
  Settings s;
  const Group add(s, "experiment");
  add_virtual_series(add, o);
  add("tau", "S", "of the Mittag-Leffler waiting times", &o.tau_s);
  add("exponent", "X", "of the waiting times, 0.1 to 1", &o.exponent);
  add("kept", "X", "correlation left by one jump, 0 to below 1", &o.kept);
  add("start", "S", "age of the sample in the first frame", &o.start_s);
  add("walkers", "N", "per pixel", &o.walkers);
  add("counts", "X", "mean photons per pixel and frame", &o.mean_counts);
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(ValidateOptions&) {
  return {};
}

Settings describe(ShowOptions& o) {
  Settings s;
  Group(s, "output")("json", "", "print JSON", &o.json, "no --figure");
  Group(s, "output")(
      "figure",
      "NAME",
      "draw one figure to -o: two-time, log-map, g2, g2-pixel, overlay, age, decay, "
      "dynamics, law, tau-q, "
      "saxs, intensity, image, xsvs, tau-map, tau-histogram, drift, domains, duration, "
      "heat-flow, kissinger, spectrum, thickness, pdf, structure, speckle, windows, waiting, hops, "
      "motion, "
      "van-hove, order, "
      "variance, definitions, pattern, places, angular, peaks, lengths, peak-ratio, temperature",
      &o.figure);
  Group(s, "output")("bin",
                     "N",
                     "of the figure; of fem: the series",
                     &o.bin,
                     "--figure two-time|log-map|g2|g2-pixel|age|decay|dynamics|law|xsvs|"
                     "definitions|pattern|places|angular|peaks");
  describe(o.output, s);
  for (const char* name : {"output", "overwrite"})
    find(s, name)->needs = "--figure";
  return s;
}

Settings describe(ExportOptions& o) {
  Settings s;
  Group(s, "output")("format", "csv|tiff|npz|hdf5|8id", "layout to write", &o.format);
  describe(o.output, s);
  return s;
}

Settings describe(ReportOptions& o) {
  Settings s;
  Group(s, "input")("truth", "FILE", "truth of a virtual experiment to compare with", &o.truth);
  describe(o.output, s);
  return s;
}

} // namespace vitrum::app
