#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::app {
namespace {

void set(Tree& group, const std::string& name, double value, double error, const char* unit) {
  group.set(name, make_scalar(value, unit));
  if (std::isfinite(error))
    group.set(name + "_errors", make_scalar(error, unit));
}

void add_shape(Tree& group, const FemSeries& s) {
  const auto& ring = s.ring;
  set(group, "center_x_px", ring.shape.center_x_px, ring.center_x_error_px, "px");
  set(group, "center_y_px", ring.shape.center_y_px, ring.center_y_error_px, "px");
  group.set("center", make_scalar(std::string(s.center_given ? "given" : "fitted to the ring")));
  if (!std::isnan(ring.radius_px)) {
    set(group, "ring_radius_px", ring.radius_px, ring.radius_error_px, "px");
    set(group, "ring_k", s.scale.k_inv_nm(ring.radius_px), not_given, s.calibrated ? "1/nm" : "px");
    const double e = std::hypot(ring.shape.stretch, ring.shape.shear);
    const double error = e > 0 ? std::hypot(ring.shape.stretch * ring.stretch_error,
                                            ring.shape.shear * ring.shear_error) /
                                     e
                               : std::hypot(ring.stretch_error, ring.shear_error);
    const double ratio = ring.shape.axis_ratio();
    // ratio = √((1 + e)/(1 − e))
    set(group, "ellipse_axis_ratio", ratio, ratio * error / (1 - e * e), "");
    set(group,
        "ellipse_angle_deg",
        ring.shape.axis_angle_deg(),
        e > 0 ? 28.6479 *
                    std::hypot(ring.shape.stretch * ring.shear_error,
                               ring.shape.shear * ring.stretch_error) /
                    (e * e)
              : not_given,
        "deg");
    set(group, "ellipse_stretch", ring.shape.stretch, ring.stretch_error, "");
    set(group, "ellipse_shear", ring.shape.shear, ring.shear_error, "");
  }
}

void add_variances(Tree& group, const FemRun& run, const FemSeries& s) {
  const std::string unit = s.calibrated ? "1/nm" : "px";
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("variance");
  group.attributes["axes"] = std::vector<std::string>{"k"};
  auto& k = group.set("k", make_array(s.map.k, unit));
  k.attributes["convention"] = std::string("k=1/d");
  auto& value = group.set("variance", make_array(run.value(s)));
  value.attributes["definition"] = std::string(formula_of(run.leading));
  value.attributes["name"] = std::string(name_of(run.leading));
  group.set("variance_errors", make_array(s.variances.of(run.leading).error));
  group.set("intensity", make_array(s.variances.intensity, "counts"));
  group.set("intensity_errors", make_array(s.variances.intensity_error, "counts"));
  group.set("ring_pixels", make_array(s.map.area));
  for (const fem::Variance v : fem::all_variances) {
    const auto& curve = s.variances.of(v);
    auto& one = group.group(fmt::format("definition/{}", name_of(v)));
    one.attributes["formula"] = std::string(formula_of(v));
    one.attributes["NX_class"] = std::string("NXdata");
    one.attributes["signal"] = std::string("value");
    one.set("value", make_array(curve.value));
    one.set("value_errors", make_array(curve.error));
    one.set("raw", make_array(curve.raw));
    one.set("shot_noise", make_array(curve.shot_noise));
    one.set("bias", make_array(curve.bias));
  }
  if (s.cells) {
    auto& one = group.group("cells");
    one.attributes["formula"] = std::string("<<(I - med_r I)^2>r>phi/<med_r I>phi^2 of cells");
    one.attributes["NX_class"] = std::string("NXdata");
    one.attributes["signal"] = std::string("value");
    one.attributes["axes"] = std::vector<std::string>{"k"};
    one.set("k", make_array(s.cells->k, s.calibrated ? "1/nm" : "px"));
    auto shown = s.cells->value;
    if (run.unbiased)
      for (std::size_t r = 0; r < shown.size(); ++r)
        shown[r] -= s.cells->bias[r];
    one.set("value", make_array(shown));
    one.set("value_errors", make_array(s.cells->error));
    one.set("bias", make_array(s.cells->bias));
    one.set("raw", make_array(s.cells->raw));
    one.set("shot_noise", make_array(s.cells->shot_noise));
    one.set("angles", make_scalar(s.cells->angles));
  }
}

void set(Tree& group, const std::string& name, const fem::Value& value, const std::string& unit) {
  set(group, name, value.value, value.error, unit.c_str());
}

void add_split(Tree& group, const fem::Split& split, const std::string& unit) {
  group.set("found", make_scalar(Index{split.found ? 1 : 0}));
  group.set("f", make_scalar(split.f));
  group.set("p", make_scalar(split.p));
  group.set("information_gain", make_scalar(split.information_gain));
  set(group, "first_k", split.first_center, unit);
  set(group, "second_k", split.second_center, unit);
  set(group, "first_height", split.first_height, "");
  set(group, "second_height", split.second_height, "");
  set(group, "width", split.width, unit);
  set(group, "separation", split.separation, unit);
  set(group, "first_share", split.first_share, "");
}

void add_peaks(Tree& group, const FemSeries& s) {
  const std::string unit = s.calibrated ? "1/nm" : "px";
  const std::string k = s.calibrated ? "k_inv_nm" : "k_px";
  const auto& f = s.peaks;
  for (std::size_t i = 0; i < f.peaks.size(); ++i) {
    auto& one = group.group(fmt::format("peak/{}", i + 1));
    const auto& p = f.peaks[i];
    set(one, k, p.center, unit);
    set(one, "height", p.height, "");
    set(one, s.calibrated ? "width_inv_nm" : "width_px", p.width, unit);
    set(one, "integral", p.integral, unit);
    set(one, "maximum_" + k, p.maximum_k, unit);
    set(one, "maximum_height", p.maximum, "");
    if (i < f.splits.size() && std::isfinite(f.splits[i].p))
      add_split(one.group("split"), f.splits[i], unit);
  }
  for (std::size_t i = 0; i < f.shoulders.size(); ++i) {
    auto& one = group.group(fmt::format("shoulder/{}", i + 1));
    one.set(k, make_scalar(f.shoulders[i].k, unit));
    one.set("height", make_scalar(f.shoulders[i].height));
    one.set("significance", make_scalar(f.shoulders[i].significance));
  }
  if (f.peaks.empty())
    return;
  if (f.peaks.size() > 1)
    set(group, "peak_height_ratio", f.height_ratio, "");
  auto& fit = group.group("peak_fit");
  fit.set("k", make_array(f.k, unit));
  fit.set("curve", make_array(f.curve));
  const auto n = static_cast<Index>(3 * f.peaks.size() + 2);
  fit.set("covariance", make_array({n, n}, f.covariance, ""));
  set(fit, "background", f.background, "");
  set(fit, "background_slope", f.background_slope, "");
  fit.set("chi2", make_scalar(f.chi2));
  fit.set("points", make_scalar(f.points));
  fit.set("independent_points", make_scalar(f.independent_points));
  fit.set("status", make_scalar(std::string(f.converged ? "converged" : "not converged")));
}

void add_lengths(Tree& tree, const FemRun& run) {
  if (run.sized.empty())
    return;
  auto& sv = tree.group("entry/stratton_voyles");
  sv.attributes["NX_class"] = std::string("NXdata");
  sv.attributes["signal"] = std::string("height");
  sv.attributes["axes"] = std::vector<std::string>{"inverse_square_size"};
  std::vector<double> size, inverse, height, error, common, q2, ratio, ratio_error;
  for (const auto& one : run.sized) {
    size.push_back(one.probe_size_nm);
    inverse.push_back(1 / (one.probe_size_nm * one.probe_size_nm));
    height.push_back(one.height);
    error.push_back(one.total_error());
    common.insert(common.end(), one.common.begin(), one.common.end());
    q2.push_back(0.61 * 0.61 * inverse.back());
    ratio.push_back(q2.back() / one.height);
    ratio_error.push_back(ratio.back() * error.back() / one.height);
  }
  sv.set("probe_size_nm", make_array(size, "nm"));
  sv.set("inverse_square_size", make_array(inverse, "1/nm^2"));
  sv.set("height", make_array(height));
  sv.set("height_errors", make_array(error));
  if (run.pair) {
    set(sv, "pair_separation", run.pair->separation, run.series[0].calibrated ? "1/nm" : "px");
    set(sv, "pair_first_share", run.pair->first_share, "");
    sv.set("height_common", make_array({static_cast<Index>(run.sized.size()), 2}, common, ""));
  }
  const auto& s = run.stratton_voyles;
  sv.set("status", make_scalar(s.status));
  if (!std::isnan(s.length_nm.value)) {
    set(sv, "length_nm", s.length_nm, "nm");
    set(sv, "maximum", s.maximum, "");
    if (!std::isnan(s.rise.value)) {
      set(sv, "rise", s.rise, "");
      sv.set("curve_probe_size_nm", make_array(s.curve_size_nm, "nm"));
      sv.set("curve_height", make_array(s.curve));
      sv.set("chi2", make_scalar(s.chi2));
      sv.set("points", make_scalar(s.points));
    }
  }
  auto& pp = tree.group("entry/pair_persistence");
  pp.attributes["NX_class"] = std::string("NXdata");
  pp.attributes["signal"] = std::string("ratio");
  pp.attributes["axes"] = std::vector<std::string>{"q_squared"};
  pp.set("q_squared", make_array(q2, "1/nm^2"));
  pp.set("ratio", make_array(ratio, "1/nm^2"));
  pp.set("ratio_errors", make_array(ratio_error, "1/nm^2"));
  const auto& p = run.pair_persistence;
  pp.set("status", make_scalar(p.status));
  pp.set("points", make_scalar(p.points));
  if (std::isnan(p.slope.value))
    return;
  set(pp, "slope", p.slope, "");
  set(pp, "intercept", p.intercept, "1/nm^2");
  pp.set("covariance", make_scalar(p.covariance, "1/nm^2"));
  pp.set("chi2", make_scalar(p.chi2));
  pp.set("smallest_probe_nm", make_scalar(p.smallest_nm, "nm"));
  pp.set("largest_probe_nm", make_scalar(p.largest_nm, "nm"));
  if (!std::isnan(p.length_nm.value))
    set(pp, "length_nm", p.length_nm, "nm");
}

void add_table(Tree& group, const FemSeries& s) {
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("variance");
  group.attributes["axes"] = std::vector<std::string>{"k"};
  auto& k = group.set("k", make_array(s.profile.k, "1/nm"));
  k.attributes["convention"] = std::string("k=1/d");
  group.set("variance", make_array(s.profile.value));
  group.set("variance_errors", make_array(s.profile.error));
}

void add_series(Tree& group, const FemRun& run, const FemSeries& s) {
  group.set("path", make_scalar(s.path));
  if (!std::isnan(s.probe_size_nm))
    group.set("probe_size_nm", make_scalar(s.probe_size_nm, "nm"));
  if (!std::isnan(s.temperature_c))
    group.set("temperature_c", make_scalar(s.temperature_c, "C"));
  if (s.table) {
    add_table(group, s);
    add_peaks(group, s);
    return;
  }
  group.set("npatterns", make_scalar(s.variances.patterns));
  group.set("mean_counts", make_scalar(s.mean_counts, "counts"));
  group.set("height", make_scalar(s.info.height));
  group.set("width", make_scalar(s.info.width));
  group.set("k_per_pixel", make_scalar(s.scale.k_per_pixel_inv_nm, s.calibrated ? "1/nm" : "px"));
  group.set("k_calibration", make_scalar(s.calibration));
  if (!std::isnan(s.scale.wavelength_nm))
    group.set("wavelength_nm", make_scalar(s.scale.wavelength_nm, "nm"));
  set(group, "gain", s.noise.gain, s.gain_measured ? s.gain.gain.error : not_given, "counts");
  if (s.gain_measured) {
    auto& gain = group.group("photon_transfer");
    gain.set("mean", make_array(s.gain.mean, "counts"));
    gain.set("noise", make_array(s.gain.noise, "counts^2"));
    gain.set("noise_errors", make_array(s.gain.noise_error, "counts^2"));
    set(gain,
        "read_noise_squared",
        s.gain.read_noise_squared.value,
        s.gain.read_noise_squared.error,
        "counts^2");
    gain.set("resolved", make_scalar(s.gain.resolved));
    gain.set("chi2", make_scalar(s.gain.chi2));
    gain.set("points", make_scalar(static_cast<Index>(s.gain.mean.size())));
  }
  add_shape(group, s);
  add_variances(group, run, s);
  add_peaks(group, s);
  add_places(group, s);
  add_symmetries(group, s);
  auto& image = group.group("image");
  const std::vector<float> mean(s.mean_image.begin(), s.mean_image.end());
  image.set("mean", make_array({s.info.height, s.info.width}, mean, "counts"));
  image.set("mask", make_array({s.info.height, s.info.width}, s.mask.use, ""));
  image.set("variance", make_array({s.info.height, s.info.width}, s.variance_image, ""));
}

} // namespace

void add_fem(Tree& tree, const FemRun& run) {
  tree.set("entry/kind", make_scalar("fem"));
  tree.set("entry/definition", make_scalar("vitrum_fem"));
  tree.set("entry/title", make_scalar("Fluctuation electron microscopy"));
  tree.set("entry/summary", make_scalar(summary_of(run)));
  auto& all = tree.group("entry/series");
  all.attributes["default"] = std::string("1");
  tree.group("entry").attributes["default"] = std::string("series");
  for (std::size_t i = 0; i < run.series.size(); ++i)
    add_series(all.group(fmt::format("{}", i + 1)), run, run.series[i]);
  add_lengths(tree, run);
}

} // namespace vitrum::app
