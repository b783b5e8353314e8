#include "setting_group.hpp"
#include "vitrum/app/fem.hpp"

namespace vitrum::app {

Settings describe(FemOptions& o) {
  Settings s;
  describe(o.input, s);
  const Group series(s, "series");
  series("files", "FILES", "series to read, beside those named without a flag", &o.files);
  series("probe-size",
         "NM,…",
         "width (FWHM) of the probe of each series in their order, or one for all temperatures; "
         "must be "
         "what the file says, where it does",
         &o.probe_size_nm);
  series("temperature", "C,…", "temperature of each series", &o.temperature_c);
  series("scan", "ROWS,COLUMNS", "positions of the probe; without: what the file says", &o.scan);
  series("leave-out",
         "outliers,crystals",
         "patterns that are flagged for their intensity or for sharp spots are left out; without: "
         "they are only named",
         &o.leave_out);
  series("thickness-map",
         "FILE",
         "image of the scan that follows the thickness (HAADF), or a result of vitrum thickness",
         &o.thickness_map,
         "--thickness-range");
  series("thickness-range",
         "LOW:HIGH",
         "values of the map between which patterns are used",
         &o.thickness_range,
         "--thickness-map");
  series(
      "equal-intensity",
      "",
      "scale each pattern to the same intensity on the first ring: changes of thickness then make "
      "no variance",
      &o.equal_intensity);
  const Group pixels(s, "pixels");
  pixels("mask", "FILES", "masks of the camera's pixels to use", &o.masks);
  pixels("keep-beam-stop", "", "do not look for the shadow of a beam stop", &o.keep_beam_stop);
  pixels("keep-bad-pixels", "", "do not look for hot and dead pixels", &o.keep_bad_pixels);
  pixels("dark", "FILE", "dark image, subtracted from each pattern", &o.dark);
  pixels("flat", "FILE", "flat field, each pattern is divided by it", &o.flat);
  const Group rings(s, "rings");
  rings("center-x", "PX", "column of the centre; without: found from the ring", &o.center_x_px);
  rings("center-y", "PX", "row of the centre; without: found from the ring", &o.center_y_px);
  rings("ring", "PX", "radius around which the first ring lies; without: found", &o.ring_px);
  rings("no-ellipse", "", "take rings for circles", &o.no_ellipse);
  rings(
      "centers",
      "common|scan|pattern",
      "one centre for all patterns; one that moves evenly over the scan (descan); or that of each "
      "pattern. Patterns are moved back by whole pixels",
      &o.centers);
  rings("k-per-pixel", "1/NM", "k = 1/d of a pixel; overrides what the file says", &o.k_per_pixel);
  rings("known-ring",
        "1/NM",
        "k of the first ring, from which that of a pixel follows",
        &o.known_ring);
  rings("k-reference",
        "FILE",
        "patterns of a known sample under the same conditions, whose ring is --known-ring",
        &o.k_reference,
        "--known-ring");
  rings("energy",
        "KEV",
        "of the electrons: k on the curved Ewald sphere; without: flat",
        &o.energy_kev);
  rings("k-min", "1/NM", "inner edge of the first ring", &o.k_min);
  rings(
      "k-max", "1/NM", "outer edge of the last ring; without: the corner of the pattern", &o.k_max);
  rings("k-step", "1/NM", "width of a ring; without: a pixel", &o.k_step);
  rings("no-split", "", "give each pixel to one ring, instead of sharing it by area", &o.no_split);
  const Group variance(s, "variance");
  variance("gain",
           "COUNTS",
           "counts per electron, whose shot noise is subtracted, or 'measure': found from the "
           "patterns themselves (photon transfer); without: nothing is",
           &o.gain);
  variance("read-noise", "COUNTS", "standard deviation of the camera's own noise", &o.read_noise);
  variance(
      "mtf",
      "FILE",
      "table of cycles per pixel (0.5: Nyquist) and MTF of the camera: single pixels and small "
      "cells have less shot noise where an electron\'s signal spreads",
      &o.mtf,
      "--gain");
  variance("point-spread",
           "PX",
           "the same for a Gaussian spread of this standard deviation",
           &o.point_spread,
           "--gain");
  variance("variance",
           "image|annular-mean|ring-mean|ring-ensemble|mean-ratio",
           "definition that leads: annular mean of the variance image; variance of annular means; "
           "mean of the variances within each ring; of ring and positions together; mean variance "
           "over squared mean. All are computed",
           &o.variance);
  variance("cells",
           "PX,DEG",
           "besides, the ratio of annular means of cells of this width and angle (2,5), about the "
           "median pattern, as some programs have it; the patterns are read once more, for these "
           "and --angular together",
           &o.cells);
  variance(
      "unbiased",
      "",
      "remove what the small number of patterns does to the variance (N - 1, the ratio and, in "
      "cells, the median)",
      &o.unbiased);
  variance("replicates", "N", "bootstrap samples of positions for the errors", &o.replicates);
  variance("seed", "N", "of the bootstrap", &o.seed);
  const Group peaks(s, "peaks");
  peaks("peak-range",
        "LOW:HIGH",
        "k between which peaks are fitted; without: from the valley before the first to the one "
        "after the last",
        &o.peak_range);
  peaks("peaks", "N", "peaks fitted at most", &o.peaks);
  peaks("table-unit", "1/angstrom|1/nm", "of k = 1/d in tables of V(k)", &o.table_unit);
  const Group symmetry(s, "symmetry and maps");
  symmetry("angular",
           "",
           "angular correlations C(k, dphi) of each pattern and their symmetries 2 to 12 at the "
           "first peak; the patterns are read once more, for these and --cells together",
           &o.angular);
  symmetry("tau-map",
           "RESULT",
           "result of vitrum ecm of the same region, whose map of relaxation times is correlated "
           "with that of the local variance",
           &o.tau_map,
           "--scan");
  const Group lengths(s, "correlation length");
  lengths("smallest-probe",
          "NM",
          "smallest probe size in the line of pair persistence; without: where V is largest",
          &o.smallest_probe_nm);
  lengths("compare",
          "RESULT",
          "result of another state with the same probe sizes, to compare with",
          &o.compare);
  const Group model(s, "model of atoms");
  model("model",
        "XYZ",
        "atoms in a box (XYZ) whose variance of annular means is computed, instead of PATTERNS",
        &o.model);
  model("orientations", "N", "random orientations of the model", &o.orientations, "--model");
  model("orientation-grid",
        "PSI,THETA",
        "a grid of so many Euler angles instead of random orientations",
        &o.orientation_grid,
        "--model");
  model("probe-width",
        "rayleigh|fwhm",
        "what --probe-size means: 0.61/Q of an aperture of radius Q, or the full width at half "
        "maximum of its probe",
        &o.probe_width,
        "--model");
  model("femsim",
        "",
        "place probes and cut distances down to table entries as the program femsim does",
        &o.femsim,
        "--model");
  describe(o.output, s);
  describe(o.run, s);
  describe_memory(o.run, s);
  return s;
}

Settings describe(SynthFemOptions& o) {
  Settings s;
  const Group add(s, "experiment");
  add("probe-size",
      "NM,…",
      "widths (FWHM) of the probe, a series of patterns for each",
      &o.probe_size_nm);
  add("scan", "ROWS,COLUMNS", "positions of the probe", &o.scan);
  add("height", "PX", "rows of a pattern", &o.height);
  add("width", "PX", "columns of a pattern", &o.width);
  add("k-per-pixel", "1/NM", "k = 1/d of a pixel", &o.k_per_pixel);
  add("seed", "N", "of the random numbers", &o.seed);
  const Group sample(s, "sample");
  sample("length",
         "NM",
         "correlation length: V is largest for a probe of this size, and pair persistence gives it",
         &o.length_nm);
  sample("floor", "V", "variance beside the peaks", &o.floor);
  sample("peak-height", "V", "of the first peak at its largest", &o.peak_height);
  sample("peak-k", "1/NM", "place of the first peak", &o.peak_k);
  sample("second-k", "1/NM", "place of the second peak", &o.second_k);
  sample("height-ratio", "X", "height of the second over that of the first", &o.height_ratio);
  sample(
      "peak-width", "1/NM", "standard deviation of the peaks for an endless probe", &o.peak_width);
  sample("broadening", "X", "the peaks are wider by this over the probe size", &o.broadening);
  sample("split", "1/NM", "the first peak is two, this far apart", &o.split);
  sample("speckle",
         "PX",
         "distance over which speckle is correlated; 0: 0.35 over the probe size; below 0.5: every "
         "pixel its own",
         &o.speckle_px);
  sample("thickness-gradient",
         "X",
         "relative rise of the intensity from the first pattern to the last",
         &o.thickness_gradient);
  sample("crystals", "N", "patterns with strong sharp spots", &o.crystals);
  sample("cluster-fraction",
         "X",
         "more than 0: patterns of atoms, ordered clusters of this volume fraction in a random "
         "matrix; "
         "length, floor, heights, broadening, split and speckle mean nothing then",
         &o.cluster_fraction);
  sample("cluster-size",
         "NM",
         "diameter of the clusters, face-centred cubic with (111) at --peak-k",
         &o.cluster_size_nm,
         "--cluster-fraction");
  sample("layers",
         "N",
         "layers of the sample that scatter independently: V is about one over their number",
         &o.layers,
         "--cluster-fraction");
  sample("layer", "NM", "thickness of a layer", &o.layer_nm, "--cluster-fraction");
  const Group camera(s, "camera");
  camera("electrons", "X", "mean per pixel on the crest of the first ring", &o.mean_electrons);
  camera("gain", "X", "counts per electron", &o.gain);
  camera("read-noise", "COUNTS", "standard deviation of the camera's noise", &o.read_noise);
  camera("point-spread",
         "PX",
         "standard deviation over which the signal of an electron spreads",
         &o.point_spread);
  camera("center-x", "PX", "column of the centre; -1: the middle", &o.center_x_px);
  camera("center-y", "PX", "row of the centre; -1: the middle", &o.center_y_px);
  camera("stretch", "X", "rings are ellipses: (1 + X) dx^2 + (1 - X) dy^2", &o.stretch);
  camera("shear", "X", "and 2 X dx dy", &o.shear);
  camera("descan",
         "PX",
         "way of the centre from the first column of the scan to the last",
         &o.descan_px);
  camera("beam-stop", "", "put a bar before the direct beam", &o.beam_stop);
  camera("hot-pixels", "N", "pixels that count too much", &o.hot_pixels);
  camera("dead-pixels", "N", "pixels that never count", &o.dead_pixels);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

} // namespace vitrum::app
