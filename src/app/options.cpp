#include "vitrum/app/options.hpp"

#include "setting_group.hpp"

namespace vitrum::app {

void describe(InputFlags& f, Settings& s) {
  const Group add(s, "input");
  add("frames", "RANGE", "frames to use, first:last[:step]", &f.frames);
  add("frame-time", "S", "time from frame to frame; overrides what the file says", &f.frame_time_s);
  add("bad-frames",
      "LIST",
      "frames to treat as gaps: indices and ranges of the file, 17,40:52",
      &f.bad_frames);
  add("find-bad-frames",
      "",
      "treat frames whose mean intensity is far off as gaps",
      &f.find_bad_frames);
  add("format", "NAME", "reader to use instead of the one that recognises the file", &f.format);
  add("missing-data-files",
      "",
      "read a series as far as it goes when the last of its data files do not exist",
      &f.missing_data_files);
  add("pixel-order",
      "row-major|column-major",
      "numbering of the pixels in Rigaku files; older ones count down the columns",
      &f.pixel_order);
  add("first-frame", "0|1", "number that Rigaku files give to their first frame", &f.first_frame);
  add("raw-shape",
      "N,Y,X",
      "shape of a raw file; with --format of events, their frames (0: as many as there are) and "
      "detector",
      &f.raw_shape);
  add("raw-type", "TYPE", "number type of a raw file", &f.raw_type, "--raw-shape");
  add("raw-offset", "BYTES", "header length of a raw file", &f.raw_offset, "--raw-shape");
  add("raw-big-endian", "", "byte order of a raw file", &f.raw_big_endian, "--raw-shape");
}

void describe(GeometryFlags& f, Settings& s) {
  const Group add(s, "geometry");
  add("wavelength", "ANGSTROM", "wavelength", &f.wavelength_angstrom);
  add("energy", "KEV", "photon energy, instead of the wavelength", &f.energy_kev);
  add("distance", "M", "sample to detector", &f.distance_m);
  add("pixel-size", "NM", "edge of a pixel (75 um is 75000)", &f.pixel_size_nm);
  add("center-x", "PX", "column of the direct beam", &f.center_x_px);
  add("center-y", "PX", "row of the direct beam", &f.center_y_px);
  add("tilt-x",
      "DEG",
      "detector tilt about its horizontal axis",
      &f.tilt_x_deg,
      "no --q-per-pixel");
  add("tilt-y", "DEG", "detector tilt about its vertical axis", &f.tilt_y_deg, "no --q-per-pixel");
  add("tilt-z", "DEG", "detector rotation about the beam", &f.tilt_z_deg, "no --q-per-pixel");
  add("q-per-pixel", "Q", "flat q scale about the centre, instead of a geometry", &f.q_per_pixel);
  add("q-unit", "TEXT", "unit of q-per-pixel", &f.q_unit, "--q-per-pixel");
}

void describe(PartitionFlags& f, Settings& s) {
  const Group add(s, "partition");
  add("mask",
      "FILES",
      "masks of pixels to use (.npy, TIFF, HDF5, qmap); pixels must be in all",
      &f.masks);
  add("partition", "FILE", "label map or 8-ID qmap to use instead of rings", &f.partition);
  add("q-bins", "N", "rings", &f.q_bins);
  add("phi-sectors", "N", "sectors of each ring", &f.phi_sectors);
  add("static-per-bin",
      "N",
      "fine rings in each ring, within which the mean intensity is taken as constant",
      &f.static_per_bin);
  add("q-min", "Q", "inner edge of the first ring", &f.q_min);
  add("q-max", "Q", "outer edge of the last ring", &f.q_max);
  add("log-q", "", "ring edges evenly spaced in log q", &f.log_q, "--q-bins or --static-per-bin");
  add("equal-pixels",
      "",
      "rings of equal numbers of pixels",
      &f.equal_pixels,
      "--q-bins or --static-per-bin");
  add("phi-start", "DEG", "where the first sector begins", &f.phi_start_deg, "--phi-sectors");
  add("friedel", "", "sectors half a turn apart are one bin", &f.friedel, "--phi-sectors");
  add_pixel_finders(add, f.find_hot, f.find_dead, f.false_alarms);
}

void describe(CorrectionFlags& f, Settings& s) {
  const Group add(s, "corrections");
  add("dark", "FILE", "dark image D: I - D in place of I", &f.dark);
  add("flat", "FILE", "flat field F: (I - D)/F", &f.flat);
  add("static-correction",
      "none|polynomial|azimuthal|smooth|pixel-mean",
      "I/S with S from the time mean <I>t. polynomial: sum of a_ij x^i y^j, i + j <= degree, "
      "fitted to its block means; azimuthal: its mean over each static ring; smooth: its average "
      "over a Gaussian; pixel-mean: <I>t itself",
      &f.static_correction);
  add("polynomial-degree",
      "N",
      "total degree",
      &f.polynomial_degree,
      "--static-correction polynomial");
  add("coarse-block",
      "PX",
      "block of the coarse time mean",
      &f.coarse_block_px,
      "--static-correction polynomial");
  add("smooth-sigma",
      "PX",
      "width of the smoothing Gaussian",
      &f.smooth_sigma_px,
      "--static-correction smooth");
  add("frame-normalization",
      "none|mean",
      "mean: I <<I>p>t / <I>p, each frame divided by its mean over the mean of the series "
      "(cancels in C, not in per-pixel g2)",
      &f.frame_normalization);
}

void describe(CorrelationFlags& f, Settings& s) {
  const Group add(s, "correlation");
  add("normalization",
      "plain|static-bin|corrcoef",
      "of the two-time map, <> over the pixels of a bin: plain <II'>/(<I><I'>); static-bin: plain "
      "with I/<I>s, <I>s the mean of the frame over the static bin; corrcoef: 1 + <(I - <I>)(I' - "
      "<I'>)>/(std std')",
      &f.normalization);
  add("lags", "linear|log", "lag axis of g2", &f.lags);
  add("points-per-decade",
      "N",
      "of a log lag axis",
      &f.points_per_decade,
      "--lags log or --pixel-lags log");
  add("max-lag", "FRAMES", "longest lag; 0: as far as the series allows", &f.max_lag);
  add_pixel_groups(add, f.pixel_groups, f.speckle_size_px);
  add("kernel",
      "auto|float|integer|bits|events",
      "how products of frames are made: as floats; exact sums of integer counts; bits of counts "
      "that are mostly 0 and 1; pairs of events. auto: the fastest, see --dry-run",
      &f.kernel);
  add("keep-bias", "", "leave the bias of the ratio over finitely many pixels in g2", &f.keep_bias);
  add("pixel-g2",
      "none|plain|symmetric|symmetric-bin",
      "also correlate pixel by pixel: plain <II'>/<I>^2, symmetric <II'>/(<I>left <I>right), "
      "symmetric-bin: the ratio of static-bin means",
      &f.pixel_g2);
  add("pixel-lags", "linear|log|multi-tau", "lag axis of it", &f.pixel_lags, "--pixel-g2");
  add("no-map", "", "do not store the two-time maps", &f.no_map);
  add("log-map",
      "",
      "store the maps in cells of lag and age that grow with the lag, with errors: small for any "
      "length of the series",
      &f.log_map);
  add("map-lags",
      "FRAMES",
      "longest lag stored of the two-time maps; 0: all",
      &f.map_lags,
      "no --no-map");
}

void describe(AgeFlags& f, Settings& s) {
  const Group add(s, "age");
  add("window", "S", "length of an age window; 0: a tenth of the series", &f.window_s);
  add("window-step", "S", "from window to window; 0: no overlap", &f.window_step_s);
  add("age", "start|mid", "age of a pair of frames: its earlier time, or its middle", &f.age);
  add("plateau",
      "measured|fitted|NUMBER",
      "short-time plateau g2(0): g2 at a lag of one frame, contrast + baseline of the first model, "
      "or a number",
      &f.plateau);
  add("baseline",
      "measured|fitted|NUMBER",
      "long-time plateau of the normalised decay: the mean of the longest tenth of the lags, the "
      "baseline of the first model, or a number",
      &f.baseline);
}

void describe(DynamicsFlags& f, Settings& s) {
  const Group add(s, "dynamics");
  add("event-false-alarms",
      "X",
      "sudden events expected by chance in a series that has none",
      &f.event_false_alarms);
  add("aging-ranges",
      "A:B,…",
      "ages in seconds over which laws of aging are fitted; without: the stretches found",
      &f.aging_ranges);
  add("stationary-ranges",
      "A:B,…",
      "ages in seconds over which it is tested whether the dynamics are stationary",
      &f.stationary_ranges);
  add("coupling-ranges",
      "A:B,…",
      "ages in seconds over which the coupling of short-time plateau and mean time is tested",
      &f.coupling_ranges);
  add("plateau-slope",
      "1/S",
      "slope taken from the short-time plateau before it is compared with the mean time; without: "
      "its best line",
      &f.plateau_slope_per_s);
  add("rolling-windows",
      "N",
      "age windows of the rolling correlation of plateau and mean time; 0: a tenth",
      &f.rolling_windows);
  add("renewal", "", "fit the aging law of a continuous-time random walk to the map", &f.renewal);
  const char* with = "--renewal";
  add("renewal-start", "S", "age of the first frame of the walk", &f.renewal_start_s, with);
  add("renewal-kept", "X", "mean phase factor that a jump leaves", &f.renewal_kept, with);
}

void describe(FitFlags& f, Settings& s) {
  const Group add(s, "fit");
  add("models",
      "LIST",
      "of exp, kww, ml, ml-squared, kww2, power-cutoff; the first one leads in summaries",
      &f.models);
  add("fix", "LIST", "parameters to hold: baseline=1,kww_exponent=0.5", &f.fix);
  add("bounds", "LIST", "bounds of parameters: kww_exponent=0.2:3", &f.bounds);
  add("unweighted", "", "fit without the errors of the points", &f.unweighted);
  add("share",
      "LIST",
      "parameters with one value for all windows (age, xpcs) or all bins (fit): contrast, "
      "baseline, "
      "exponent, or the name of any",
      &f.share);
}

void describe(CompareFlags& f, Settings& s) {
  const Group add(s, "compare");
  add("compare",
      "",
      "say which law of decay g2 prefers, with the whole covariance of the lags",
      &f.compare);
  add("compare-models",
      "LIST",
      "laws to compare; the lag difference is between the first two",
      &f.models,
      "--compare");
  add("compare-points-per-decade",
      "N",
      "g2 is averaged over this many bins to a decade of lag before",
      &f.per_decade,
      "--compare");
  add("compare-level",
      "X",
      "chance that the true law is called contradicted",
      &f.level,
      "--compare");
  add("compare-replicates",
      "N",
      "virtual data sets drawn from each law",
      &f.replicates,
      "--compare");
}

void describe(OutputFlags& f, Settings& s) {
  const Group add(s, "output");
  add("output", "PATH", "where to write", &f.output);
  add("overwrite", "", "replace what is there", &f.overwrite);
}

void describe(RunFlags& f, Settings& s) {
  const Group add(s, "run");
  add("threads", "N", "processors to use; 0: all", &f.threads);
  add("dry-run", "", "say what would be read, made and needed, and stop", &f.dry_run);
}

void describe(CheckpointFlags& f, Settings& s) {
  const Group add(s, "run");
  add("resume",
      "",
      "go on from the checkpoint that a stopped run left beside its output, if there is one",
      &f.resume);
  add("checkpoint-every", "S", "seconds between checkpoints; 0: only when interrupted", &f.every_s);
  add("shard",
      "I/N",
      "make only this part of the work, to be joined with the others by vitrum merge",
      &f.shard);
}

void describe_memory(RunFlags& f, Settings& s) {
  const Group add(s, "run");
  add("memory", "SIZE", "memory to stay within, such as 8G", &f.memory);
}

} // namespace vitrum::app
