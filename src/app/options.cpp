#include "vitrum/app/options.hpp"

#include "vitrum/app/commands.hpp"

namespace vitrum::app {

void describe(InputFlags& f, Settings& s) {
  const std::string group = "input";
  s.push_back({"frames", group, "RANGE", "frames to use, first:last[:step]", &f.frames});
  s.push_back({"frame-time",
               group,
               "S",
               "time from frame to frame; overrides what the file says",
               &f.frame_time_s});
  s.push_back({"bad-frames",
               group,
               "LIST",
               "frames to treat as gaps: indices and ranges of the file, 17,40:52",
               &f.bad_frames});
  s.push_back({"find-bad-frames",
               group,
               "",
               "treat frames whose mean intensity is far off as gaps",
               &f.find_bad_frames});
  s.push_back({"raw-shape", group, "N,Y,X", "shape of a raw file", &f.raw_shape});
  s.push_back({"raw-type", group, "TYPE", "number type of a raw file", &f.raw_type});
  s.push_back({"raw-offset", group, "BYTES", "header length of a raw file", &f.raw_offset});
  s.push_back({"raw-big-endian", group, "", "byte order of a raw file", &f.raw_big_endian});
}

void describe(GeometryFlags& f, Settings& s) {
  const std::string group = "geometry";
  s.push_back({"wavelength", group, "ANGSTROM", "wavelength", &f.wavelength_angstrom});
  s.push_back({"energy", group, "KEV", "photon energy, instead of the wavelength", &f.energy_kev});
  s.push_back({"distance", group, "M", "sample to detector", &f.distance_m});
  s.push_back({"pixel-size", group, "NM", "edge of a pixel (75 um is 75000)", &f.pixel_size_nm});
  s.push_back({"center-x", group, "PX", "column of the direct beam", &f.center_x_px});
  s.push_back({"center-y", group, "PX", "row of the direct beam", &f.center_y_px});
  s.push_back({"tilt-x", group, "DEG", "detector tilt about its horizontal axis", &f.tilt_x_deg});
  s.push_back({"tilt-y", group, "DEG", "detector tilt about its vertical axis", &f.tilt_y_deg});
  s.push_back({"tilt-z", group, "DEG", "detector rotation about the beam", &f.tilt_z_deg});
  s.push_back({"q-per-pixel",
               group,
               "Q",
               "flat q scale about the centre, instead of a geometry",
               &f.q_per_pixel});
  s.push_back({"q-unit", group, "TEXT", "unit of q-per-pixel", &f.q_unit});
}

void describe(PartitionFlags& f, Settings& s) {
  const std::string group = "partition";
  s.push_back({"mask",
               group,
               "FILES",
               "masks of pixels to use (.npy, TIFF, HDF5, qmap); pixels must be in all",
               &f.masks});
  s.push_back(
      {"partition", group, "FILE", "label map or 8-ID qmap to use instead of rings", &f.partition});
  s.push_back({"q-bins", group, "N", "rings", &f.q_bins});
  s.push_back({"phi-sectors", group, "N", "sectors of each ring", &f.phi_sectors});
  s.push_back({"static-per-bin",
               group,
               "N",
               "fine rings in each ring, within which the mean intensity is taken as constant",
               &f.static_per_bin});
  s.push_back({"q-min", group, "Q", "inner edge of the first ring", &f.q_min});
  s.push_back({"q-max", group, "Q", "outer edge of the last ring", &f.q_max});
  s.push_back({"log-q", group, "", "ring edges evenly spaced in log q", &f.log_q});
  s.push_back({"equal-pixels", group, "", "rings of equal numbers of pixels", &f.equal_pixels});
  s.push_back({"phi-start", group, "DEG", "where the first sector begins", &f.phi_start_deg});
  s.push_back({"friedel", group, "", "sectors half a turn apart are one bin", &f.friedel});
  s.push_back({"find-hot",
               group,
               "",
               "leave out pixels that count too much or flicker, for their static bin",
               &f.find_hot});
  s.push_back({"find-dead", group, "", "leave out pixels that never count", &f.find_dead});
  s.push_back({"false-alarms",
               group,
               "N",
               "sound pixels per frame that these finders may take for bad ones",
               &f.false_alarms});
}

void describe(CorrectionFlags& f, Settings& s) {
  const std::string group = "corrections";
  s.push_back({"dark", group, "FILE", "dark image, subtracted from each frame", &f.dark});
  s.push_back({"flat", group, "FILE", "flat field, each frame is divided by it", &f.flat});
  s.push_back(
      {"static-correction",
       group,
       "none|polynomial|azimuthal|smooth|pixel-mean",
       "divide each frame by: a 2-D polynomial fitted to the coarse time mean; the time mean of "
       "each static ring; the smoothed time mean; each pixel's time mean",
       &f.static_correction});
  s.push_back({"polynomial-degree", group, "N", "total degree", &f.polynomial_degree});
  s.push_back({"coarse-block", group, "PX", "block of the coarse time mean", &f.coarse_block_px});
  s.push_back({"smooth-sigma", group, "PX", "width of the smoothing Gaussian", &f.smooth_sigma_px});
  s.push_back({"frame-normalization",
               group,
               "none|mean",
               "mean: divide each frame by its mean over the series mean (cancels in C, not in "
               "per-pixel g2)",
               &f.frame_normalization});
}

void describe(CorrelationFlags& f, Settings& s) {
  const std::string group = "correlation";
  s.push_back(
      {"normalization",
       group,
       "plain|static-bin|corrcoef",
       "of the two-time map: plain <II'>/(<I><I'>) over the bin; static-bin: each pixel first "
       "divided by the frame's mean over its static bin; corrcoef: Pearson coefficient + 1",
       &f.normalization});
  s.push_back({"lags", group, "linear|log", "lag axis of g2", &f.lags});
  s.push_back({"points-per-decade", group, "N", "of a log lag axis", &f.points_per_decade});
  s.push_back(
      {"max-lag", group, "FRAMES", "longest lag; 0: as far as the series allows", &f.max_lag});
  s.push_back({"pixel-groups",
               group,
               "N",
               "groups of pixels whose spread gives the errors",
               &f.pixel_groups});
  s.push_back({"speckle-size",
               group,
               "PX",
               "pixels this close see the same speckle and are counted together in the errors",
               &f.speckle_size_px});
  s.push_back({"keep-bias",
               group,
               "",
               "leave the bias of the ratio over finitely many pixels in g2",
               &f.keep_bias});
  s.push_back(
      {"pixel-g2",
       group,
       "none|plain|symmetric|symmetric-bin",
       "also correlate pixel by pixel: plain <II'>/<I>^2, symmetric <II'>/(<I>left <I>right), "
       "symmetric-bin: the ratio of static-bin means",
       &f.pixel_g2});
  s.push_back({"pixel-lags", group, "linear|log|multi-tau", "lag axis of it", &f.pixel_lags});
  s.push_back({"no-map", group, "", "do not store the two-time maps", &f.no_map});
}

void describe(AgeFlags& f, Settings& s) {
  const std::string group = "age";
  s.push_back(
      {"window", group, "S", "length of an age window; 0: a tenth of the series", &f.window_s});
  s.push_back(
      {"window-step", group, "S", "from window to window; 0: no overlap", &f.window_step_s});
  s.push_back({"age",
               group,
               "start|mid",
               "age of a pair of frames: its earlier time, or its middle",
               &f.age});
  s.push_back(
      {"plateau",
       group,
       "measured|fitted|NUMBER",
       "short-time plateau g2(0): g2 at a lag of one frame, contrast + baseline of the first "
       "model, or a number",
       &f.plateau});
  s.push_back(
      {"baseline",
       group,
       "measured|fitted|NUMBER",
       "long-time plateau of the normalised decay: the mean of the longest tenth of the lags, "
       "the baseline of the first model, or a number",
       &f.baseline});
}

void describe(FitFlags& f, Settings& s) {
  const std::string group = "fit";
  s.push_back({"models",
               group,
               "LIST",
               "of exp, kww, ml, ml-squared, kww2; the first one leads in summaries",
               &f.models});
  s.push_back({"fix", group, "LIST", "parameters to hold: baseline=1,kww_exponent=0.5", &f.fix});
  s.push_back({"bounds", group, "LIST", "bounds of parameters: kww_exponent=0.2:3", &f.bounds});
  s.push_back({"unweighted", group, "", "fit without the errors of the points", &f.unweighted});
}

void describe(OutputFlags& f, Settings& s) {
  const std::string group = "output";
  s.push_back({"output", group, "PATH", "where to write (-o)", &f.output});
  s.push_back({"overwrite", group, "", "replace what is there", &f.overwrite});
}

void describe(RunFlags& f, Settings& s) {
  const std::string group = "run";
  s.push_back({"threads", group, "N", "processors to use; 0: all", &f.threads});
  s.push_back(
      {"dry-run", group, "", "say what would be read, made and needed, and stop", &f.dry_run});
}

void describe_memory(RunFlags& f, Settings& s) {
  const std::string group = "run";
  s.push_back({"memory", group, "SIZE", "memory to stay within, such as 8G", &f.memory});
}

Settings describe(XpcsOptions& o) {
  Settings s;
  describe(o.input, s);
  describe(o.geometry, s);
  describe(o.partition, s);
  describe(o.corrections, s);
  describe(o.correlation, s);
  describe(o.age, s);
  describe(o.fit, s);
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(AgeOptions& o) {
  Settings s;
  s.push_back({"frame-time", "input", "S", "for maps that do not know it", &o.frame_time_s});
  s.push_back({"lags", "age", "linear|log", "lag axis of g2 in a window", &o.lags});
  s.push_back({"points-per-decade", "age", "N", "of a log lag axis", &o.points_per_decade});
  describe(o.age, s);
  describe(o.fit, s);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(FitOptions& o) {
  Settings s;
  s.push_back({"frame-time", "input", "S", "for tables whose lags count frames", &o.frame_time_s});
  describe(o.fit, s);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(InfoOptions& o) {
  Settings s;
  describe(o.input, s);
  s.push_back({"scan", "output", "", "read all frames and say what is in them", &o.scan});
  s.push_back({"json", "output", "", "print JSON", &o.json});
  return s;
}

Settings describe(FormatsOptions& o) {
  return {{"json", "output", "", "print JSON", &o.json}};
}

Settings describe(MaskOptions& o) {
  Settings s;
  describe(o.input, s);
  const std::string group = "mask";
  s.push_back({"mask", group, "FILES", "masks to start from", &o.masks});
  s.push_back({"rectangle", group, "Y0:Y1:X0:X1,…", "rectangles to leave out", &o.rectangles});
  s.push_back({"disc", group, "Y:X:R,…", "discs to leave out", &o.discs});
  s.push_back({"outside-disc", group, "Y:X:R", "leave out all but this disc", &o.outside_disc});
  s.push_back({"friedel-half",
               group,
               "Y:X",
               "leave out one of each pair of pixels that a half turn about this centre joins",
               &o.friedel_half});
  s.push_back({"above", group, "COUNTS", "leave out pixels with a higher time mean", &o.above});
  s.push_back({"below", group, "COUNTS", "leave out pixels with a lower time mean", &o.below});
  s.push_back({"find-hot",
               group,
               "",
               "leave out pixels that count too much or flicker, for their static bin",
               &o.find_hot});
  s.push_back({"find-dead", group, "", "leave out pixels that never count", &o.find_dead});
  s.push_back({"false-alarms",
               group,
               "N",
               "sound pixels per frame that these finders may take for bad ones",
               &o.false_alarms});
  s.push_back({"dilate", group, "PX", "grow what is left out", &o.dilate_px});
  s.push_back({"figure", "output", "FILE", "draw the mask over the time mean", &o.figure});
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(PartitionOptions& o) {
  Settings s;
  describe(o.input, s);
  describe(o.geometry, s);
  describe(o.partition, s);
  s.push_back({"figure", "output", "FILE", "draw the bins over the time mean", &o.figure});
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(SynthXpcsOptions& o) {
  Settings s;
  const std::string group = "experiment";
  s.push_back({"frames", group, "N", "length of the series", &o.frames});
  s.push_back({"height", group, "PX", "rows", &o.height});
  s.push_back({"width", group, "PX", "columns", &o.width});
  s.push_back({"frame-time", group, "S", "time from frame to frame", &o.frame_time_s});
  s.push_back({"seed", group, "N", "of the random numbers", &o.seed});
  s.push_back({"model", group, "exp|kww|ml|ml-squared|kww2", "law of decay", &o.model});
  s.push_back({"tau", group, "S", "relaxation time at the mean q", &o.tau_s});
  s.push_back({"exponent", group, "X", "of the model", &o.exponent});
  s.push_back({"fraction", group, "X", "kww2: share of the first process", &o.fraction});
  s.push_back({"tau2", group, "S", "kww2: time of the second process", &o.tau2_s});
  s.push_back({"exponent2", group, "X", "kww2: exponent of the second process", &o.exponent2});
  s.push_back({"q-power", group, "N", "relaxation time falls as q^-N", &o.q_power});
  s.push_back({"q-bins", group, "N", "rings", &o.q_bins});
  s.push_back({"static-per-bin", group, "N", "fine rings in each ring", &o.static_per_bin});
  s.push_back({"contrast", group, "X", "speckle contrast, above 0 to 1/modes", &o.contrast});
  s.push_back({"modes", group, "N", "speckle patterns added up", &o.modes});
  s.push_back({"counts", group, "X", "mean photons per pixel and frame", &o.mean_counts});
  s.push_back({"sq-slope", group, "X", "relative slope of the mean intensity in q", &o.sq_slope});
  s.push_back({"background", group, "X", "share of the light that does not move", &o.background});
  s.push_back({"hot-pixels", group, "N", "pixels that count too much", &o.hot_pixels});
  s.push_back({"dead-pixels", group, "N", "pixels that never count", &o.dead_pixels});
  s.push_back({"gaps", group, "RANGES", "frames that are lost, 100:120,400:410", &o.gaps});
  s.push_back({"drift", group, "X", "relative change of the beam over the series", &o.drift});
  s.push_back({"jitter", group, "X", "relative spread of the beam from frame to frame", &o.jitter});
  s.push_back({"aging",
               group,
               "none|exponential|power",
               "relaxation time grows as exp(t/aging-time) or as a power of the age",
               &o.aging});
  s.push_back({"aging-time", group, "S", "of exponential aging", &o.aging_time_s});
  s.push_back({"aging-power", group, "X", "of power-law aging", &o.aging_power});
  s.push_back({"events",
               group,
               "T:DROP,…",
               "times at which the field loses this share of its correlation at once",
               &o.events});
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(ShowOptions& o) {
  Settings s;
  s.push_back({"json", "output", "", "print JSON", &o.json});
  s.push_back(
      {"figure",
       "output",
       "NAME",
       "draw one figure to -o: two-time, g2, overlay, age, decay, tau-q, saxs, intensity, image",
       &o.figure});
  s.push_back({"bin", "output", "N", "of the figure", &o.bin});
  describe(o.output, s);
  return s;
}

Settings describe(ExportOptions& o) {
  Settings s;
  s.push_back({"format", "output", "csv|npz|hdf5|8id", "layout to write", &o.format});
  describe(o.output, s);
  return s;
}

Settings describe(ReportOptions& o) {
  Settings s;
  s.push_back(
      {"truth", "input", "FILE", "truth of a virtual experiment to compare with", &o.truth});
  describe(o.output, s);
  return s;
}

} // namespace vitrum::app
