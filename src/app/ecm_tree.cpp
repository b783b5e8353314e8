#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "ecm_run.hpp"
#include "result_tree.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void add_series(Tree& tree, const EcmRun& run) {
  const auto& info = run.series.info();
  const auto set = [&](const char* name, Array array) {
    tree.set(std::string("entry/series/") + name, std::move(array));
  };
  set("frames", make_scalar(info.frames));
  set("gaps", make_scalar(run.series.gap_count()));
  set("height", make_scalar(info.height));
  set("width", make_scalar(info.width));
  set("frame_time_s", make_scalar(run.frame_time_s, "s"));
  set("first_frame_s", make_scalar(run.series.first_frame * run.frame_time_s, "s"));
  if (!std::isnan(info.exposure_s))
    set("exposure_s", make_scalar(info.exposure_s, "s"));
  set("pixel_size_nm", make_scalar(run.pixel_size_nm, "nm"));
  set("pixel_type", make_scalar(std::string(frames::name_of(info.type))));
  set("format", make_scalar(info.format));
}

void add_drift(Tree& tree, const EcmRun& run) {
  auto& drift = tree.group("entry/drift");
  drift.attributes["NX_class"] = std::string("NXdata");
  drift.attributes["signal"] = std::string("x_px");
  drift.attributes["axes"] = std::vector<std::string>{"time_s"};
  const auto& path = run.path;
  std::vector<double> time;
  for (std::size_t t = 0; t < path.y_px.size(); ++t)
    time.push_back(static_cast<double>(t) * run.frame_time_s);
  drift.set("time_s", make_array(std::move(time), "s"));
  drift.set("x_px", make_array(path.x_px, "px"));
  drift.set("y_px", make_array(path.y_px, "px"));
  drift.set("x_px_errors", make_array(path.error_px, "px"));
  drift.set("y_px_errors", make_array(path.error_px, "px"));
  drift.set("total_px", make_scalar(path.total_px(), "px"));
  drift.set("total_nm", make_scalar(path.total_px() * run.pixel_size_nm, "nm"));
  drift.set("residual_rms_px", make_scalar(path.residual_rms_px, "px"));
  drift.set("residual_rms_nm", make_scalar(path.residual_rms_px * run.pixel_size_nm, "nm"));
  drift.set("pair_residual_px", make_scalar(path.pair_residual_px, "px"));
  drift.set("pairs", make_scalar(path.pairs));
  drift.set("pairs_left_out", make_scalar(path.left_out));
  drift.set("shift", make_scalar(std::string(name_of(run.field->options().shift))));
  if (!std::isnan(path.speckle_px)) {
    drift.set("speckle_nm", make_scalar(path.speckle_px * run.pixel_size_nm, "nm"));
    drift.set("shift_loss",
              make_scalar(ecm::shift_loss(run.field->options().shift, path.speckle_px)));
  }
}

void add_maps(Tree& tree, const EcmRun& run) {
  auto& map = tree.group("entry/map");
  map.attributes["NX_class"] = std::string("NXdata");
  map.attributes["signal"] = std::string("tau_s");
  map.attributes["SILX_style"] = std::string(R"({"signal_scale_type":"log"})"); // as times spread
  map.attributes["axes"] = std::vector<std::string>{"y_nm", "x_nm"};
  const auto& field = *run.field;
  const Index rows = field.rows(), columns = field.columns();
  const double pixel = run.pixel_size_nm * static_cast<double>(field.options().bin);
  const auto axis = [&](Index n) {
    std::vector<double> places;
    for (Index i = 0; i < n; ++i)
      places.push_back(static_cast<double>(i) * pixel);
    return make_array(std::move(places), "nm");
  };
  map.set("y_nm", axis(rows));
  map.set("x_nm", axis(columns));
  map.set("pixel_nm", make_scalar(pixel, "nm"));
  map.set("first_y_px", make_scalar(field.first_y(), "px"));
  map.set("first_x_px", make_scalar(field.first_x(), "px"));
  const auto put = [&](const char* name, const std::vector<float>& values, const char* unit) {
    map.set(name, make_array({rows, columns}, values, unit));
  };
  put("tau_s", run.fits.tau_s, "s");
  put("log_tau_errors", run.fits.log_tau_error, "");
  put("kww_exponent", run.fits.kww_exponent, "");
  put("kww_exponent_errors", run.fits.kww_exponent_error, "");
  put("contrast", run.fits.contrast, "");
  put("contrast_errors", run.fits.contrast_error, "");
  if (run.fit_baseline) {
    auto baseline = run.fits.baseline; // of g2 - 1
    for (float& value : baseline)
      ++value;
    put("baseline", baseline, "");
  }
  put("chi2", run.fits.chi2, "");
  put("mean", run.correlation.mean, "");
  put("variance", run.correlation.variance, "");
  std::vector<std::uint8_t> status;
  for (const auto one : run.fits.status)
    status.push_back(static_cast<std::uint8_t>(one));
  auto& states = map.set("status", make_array({rows, columns}, std::move(status), ""));
  std::vector<std::string> names;
  for (int k = 0; k < 5; ++k)
    names.emplace_back(fit::name(static_cast<fit::BatchStatus>(k)));
  states.attributes["meanings"] = names;
  map.set("accepted", make_array({rows, columns}, run.accepted, ""));
  map.set("degrees_of_freedom", make_scalar(run.fits.degrees_of_freedom));
}

/// g2 of each pixel side by side, so that one is read at once.
void add_pixel_g2(Tree& tree, const EcmRun& run) {
  const auto& c = run.correlation;
  const auto lags = static_cast<Index>(c.lags.size());
  if (c.pixels() * lags * static_cast<Index>(sizeof(float)) > run.keep_g2_bytes)
    return;
  std::vector<float> values(static_cast<std::size_t>(c.pixels() * lags));
  for (Index k = 0; k < lags; ++k) {
    const float* of_lag = c.lag(static_cast<std::size_t>(k));
    for (Index p = 0; p < c.pixels(); ++p)
      values[static_cast<std::size_t>(p * lags + k)] = 1 + of_lag[p];
  }
  std::vector<double> lag_s;
  for (const Index lag : c.lags)
    lag_s.push_back(static_cast<double>(lag) * run.frame_time_s);
  auto& group = tree.group("entry/pixel_g2");
  group.set("lag_s", make_array(std::move(lag_s), "s"));
  group.set("g2", make_array({c.rows, c.columns, lags}, std::move(values), ""));
}

/// ln τ of the pixels with a usable fit, whatever its error: a limit of the error would cut the
/// long times off.
std::vector<double> usable_log_tau(const EcmRun& run) {
  std::vector<double> out;
  for (std::size_t i = 0; i < run.accepted.size(); ++i)
    if (run.errors ? std::isfinite(run.fits.log_tau_error[i]) : run.accepted[i] != 0)
      out.push_back(std::log(static_cast<double>(run.fits.tau_s[i])));
  return out;
}

/// Fractions per unit of ln τ, and the log-normal laws of what is seen and of the sample.
void add_histogram(Tree& pixels, const EcmRun& run) {
  const auto log_tau = usable_log_tau(run);
  if (log_tau.size() < 16)
    return;
  const double middle = median(log_tau);
  const double width = 0.5 * (quantile(log_tau, 0.841345) - quantile(log_tau, 0.158655));
  const double step = std::max(width / 5, 0.02), low = middle - 4 * width;
  const auto bins = static_cast<std::size_t>(std::ceil(8 * width / step));
  std::vector<double> tau, density(bins, 0.0), seen, sample;
  for (const double v : log_tau)
    if (v >= low && v < low + step * static_cast<double>(bins))
      density[static_cast<std::size_t>((v - low) / step)] +=
          1 / (step * static_cast<double>(log_tau.size()));
  const auto normal = [](double u, double mean, double sigma) {
    const double z = (u - mean) / sigma;
    return std::exp(-0.5 * z * z) / (sigma * std::sqrt(2 * std::numbers::pi));
  };
  for (std::size_t b = 0; b < bins; ++b) {
    const double at = low + (static_cast<double>(b) + 0.5) * step;
    tau.push_back(std::exp(at));
    seen.push_back(normal(at, middle, width));
    sample.push_back(
        run.population.sigma > 0 ? normal(at, run.population.log_mean, run.population.sigma) : nan);
  }
  pixels.set("tau_s", make_array(std::move(tau), "s"));
  pixels.set("density", make_array(std::move(density)));
  pixels.set("density_fit", make_array(std::move(seen)));
  pixels.set("density_without_noise", make_array(std::move(sample)));
}

void add_space(Tree& tree, const EcmRun& run, double pixel_nm) {
  auto& space = tree.group("entry/space");
  space.attributes["NX_class"] = std::string("NXdata");
  space.attributes["signal"] = std::string("covariance");
  space.attributes["axes"] = std::vector<std::string>{"distance_nm"};
  auto distance = run.space.distance_px;
  for (double& d : distance)
    d *= pixel_nm;
  space.set("distance_nm", make_array(std::move(distance), "nm"));
  space.set("covariance", make_array(run.space.covariance));
  space.set("noise", make_array(run.space.noise));
  space.set("sample", make_array(run.space.sample));
}

void add_four_point(Tree& tree, const EcmRun& run, double pixel_nm) {
  if (!run.four_point)
    return;
  const auto& f = *run.four_point;
  auto& group = tree.group("entry/four_point");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("apart");
  group.attributes["axes"] = std::vector<std::string>{"lag_s", "distance_nm"};
  std::vector<double> lag, distance, length, error;
  for (const Index one : f.lags)
    lag.push_back(static_cast<double>(one) * run.frame_time_s);
  for (const double r : f.distance_px)
    distance.push_back(r * pixel_nm);
  std::size_t nearest = 0;
  for (std::size_t k = 0; k < lag.size(); ++k) {
    length.push_back(f.length_px[k] * pixel_nm);
    error.push_back(f.length_error_px[k] * pixel_nm);
    if (std::abs(std::log(lag[k] / run.image_tau_s)) <
        std::abs(std::log(lag[nearest] / run.image_tau_s)))
      nearest = k;
  }
  const std::vector<Index> shape{static_cast<Index>(lag.size()),
                                 static_cast<Index>(distance.size())};
  group.set("at_lag_s", make_scalar(lag[nearest], "s"));
  group.set("length_at_tau_nm", make_scalar(length[nearest], "nm"));
  if (std::isfinite(error[nearest]))
    group.set("length_at_tau_nm_errors", make_scalar(error[nearest], "nm"));
  group.set("lag_s", make_array(lag, "s"));
  group.set("distance_nm", make_array(distance, "nm"));
  group.set("together", make_array(shape, f.together, ""));
  group.set("together_errors", make_array(shape, f.together_error, ""));
  group.set("apart", make_array(shape, f.apart, ""));
  group.set("apart_errors", make_array(shape, f.apart_error, ""));
  group.set("length_nm", make_array(length, "nm"));
  group.set("length_nm_errors", make_array(error, "nm"));
}

void add_duration(Tree& tree, const EcmRun& run) {
  const auto& d = run.correlation.duration;
  if (d.points.size() < 3)
    return;
  auto& group = tree.group("entry/duration");
  std::vector<double> length;
  for (const auto& p : d.points)
    length.push_back(static_cast<double>(p.frames) * run.frame_time_s);
  group.set("duration_s", make_array(length, "s"));
  const auto column = [&](const char* name, double ecm::DurationPoint::*member, const char* unit) {
    std::vector<double> values;
    for (const auto& p : d.points)
      values.push_back(p.*member);
    group.set(name, make_array(std::move(values), unit));
  };
  using P = ecm::DurationPoint;
  column("tau_s", &P::tau_s, "s");
  column("tau_s_errors", &P::tau_error_s, "s");
  column("kww_exponent", &P::kww_exponent, "");
  column("kww_exponent_errors", &P::kww_exponent_error, "");
  column("time_mean_tau_s", &P::time_mean_tau_s, "s");
  column("time_mean_tau_s_errors", &P::time_mean_tau_error_s, "s");
  column("time_mean_kww_exponent", &P::time_mean_exponent, "");
  column("time_mean_kww_exponent_errors", &P::time_mean_exponent_error, "");
  column("predicted_tau_s", &P::predicted_tau_s, "s");
  column("predicted_kww_exponent", &P::predicted_exponent, "");
  group.set("growth", make_scalar(d.growth));
  group.set("growth_errors", make_scalar(d.growth_error));
  group.set("hyperbolic_tau_s", make_scalar(d.hyperbolic.tau_s, "s"));
  group.set("hyperbolic_tau_s_errors", make_scalar(d.hyperbolic.tau_error_s, "s"));
  group.set("hyperbolic_time_s", make_scalar(d.hyperbolic.time_s, "s"));
  group.set("exponential_time_s", make_scalar(d.exponential.time_s, "s"));
  group.set("exponential_tau_s", make_scalar(d.exponential.tau_s, "s"));
  group.set("exponential_tau_s_errors", make_scalar(d.exponential.tau_error_s, "s"));
  group.set("verdict", make_scalar(d.verdict));
}

void add_domains(Tree& tree, const EcmRun& run, double pixel_nm) {
  auto& domains = tree.group("entry/domains");
  std::vector<double> area, y, x, tau;
  for (const auto& one : run.domains.list) {
    area.push_back(static_cast<double>(one.pixels) * pixel_nm * pixel_nm);
    y.push_back(one.y * pixel_nm);
    x.push_back(one.x * pixel_nm);
    tau.push_back(one.median_tau_s);
  }
  domains.set("threshold_s", make_scalar(2 * run.image_tau_s, "s"));
  domains.set("number", make_scalar(static_cast<Index>(area.size())));
  domains.set("area_fraction", make_scalar(run.domains.area_fraction));
  domains.set("largest_nm2", make_scalar(area.empty() ? 0.0 : area.front(), "nm^2"));
  domains.set("median_nm2", make_scalar(area.empty() ? nan : median(area), "nm^2"));
  domains.set("area_nm2", make_array(area, "nm^2"));
  domains.set("y_nm", make_array(y, "nm"));
  domains.set("x_nm", make_array(x, "nm"));
  domains.set("median_tau_s", make_array(tau, "s"));
  tree.set("entry/map/domain_labels",
           make_array({run.field->rows(), run.field->columns()}, run.domains.labels, ""));
}

void add_intensity(Tree& tree, const EcmRun& run) {
  const auto& s = run.statistics;
  std::vector<double> dose = run.field->dose();
  for (std::size_t t = 0; t < dose.size(); ++t)
    if (run.series.bad[t] != 0)
      dose[t] = nan;
  auto& intensity = app::add_intensity(tree, s.frame_mean, run.series.bad, run.frame_time_s);
  intensity.set("bin_mean_counts", make_array({1, static_cast<Index>(dose.size())}, dose, "counts"))
      .attributes["processing"] =
      fmt::format("what frames are divided by ({})", name_of(run.field->options().dose));
  auto& image = tree.group("entry/image");
  image.attributes["NX_class"] = std::string("NXdata");
  image.attributes["signal"] = std::string("mean");
  const std::vector<float> picture(s.mean.begin(), s.mean.end());
  image.set("mean", make_array({s.height, s.width}, picture, "counts"));
  image.set("mask", make_array({s.height, s.width}, run.mask.use, ""));
}

} // namespace

correlate::OneTime image_curve(const EcmRun& run) {
  const auto& c = run.correlation;
  correlate::OneTime g2;
  g2.ages = {0, run.series.info().frames};
  for (std::size_t k = 0; k < c.lags.size(); ++k) {
    g2.first_lag.push_back(c.lags[k]);
    g2.last_lag.push_back(c.lags[k] + 1);
    g2.lag_frames.push_back(static_cast<double>(c.lags[k]));
    g2.value.push_back(1 + c.image.value[k]);
  }
  g2.lag_spread_frames.assign(c.lags.size(), 0);
  g2.error = c.image.error;
  g2.bias.assign(c.lags.size(), 0);
  g2.pairs = c.pairs;
  g2.deviation = c.image.deviation;
  g2.error_groups = c.image.groups;
  return g2;
}

void add_image(Tree& tree, const EcmRun& run, const correlate::OneTime& g2) {
  tree.set("entry/kind", make_scalar("ecm"));
  tree.set("entry/definition", make_scalar("vitrum_ecm"));
  tree.set("entry/title", make_scalar("Electron correlation microscopy"));
  tree.group("entry").attributes["default"] = std::string("map");
  add_series(tree, run);
  add_drift(tree, run);
  frames::Bin bin;
  double mean = 0, frames = 0;
  for (std::size_t t = 0; t < run.field->dose().size(); ++t)
    if (run.field->valid()[t] != 0) {
      mean += run.field->dose()[t];
      ++frames;
    }
  add_bins(tree, {bin}, "", {run.field->pixels()}, {mean / frames});
  add_g2(tree,
         "g2",
         {g2},
         {bin.q_inv_angstrom},
         "",
         run.frame_time_s,
         "mean over the pixels of the field, by pixel means");
  add_intensity(tree, run);
}

void add_pixels(Tree& tree, const EcmRun& run) {
  add_maps(tree, run);
  add_pixel_g2(tree, run);
  auto& pixels = tree.group("entry/pixels");
  const double pixel_nm = run.pixel_size_nm * static_cast<double>(run.field->options().bin);
  double accepted = 0;
  for (const auto one : run.accepted)
    accepted += one;
  const auto set = [&](const std::string& name, double value, double error, const char* unit) {
    pixels.set(name, make_scalar(value, unit));
    if (std::isfinite(error))
      pixels.set(name + "_errors", make_scalar(error, unit));
  };
  const auto& p = run.population;
  set("fitted_fraction", accepted / static_cast<double>(run.accepted.size()), nan, "");
  pixels.set("estimator", make_scalar(run.estimator));
  const double tau = std::exp(p.log_mean);
  set("tau_median_s", tau, tau * p.log_mean_error, "s");
  set("tau_log_sigma", p.sigma, p.sigma_error, "");
  pixels.set("tau_log_sigma_from",
             make_scalar(std::isfinite(run.space.length_px) ? "map in space" : "histogram"));
  set("tau_log_sigma_histogram", run.histogram_sigma, run.histogram_sigma_error, "");
  set("tau_log_sigma_seen", p.seen_sigma, nan, "");
  set("tau_log_sigma_noise", p.noise_sigma, nan, "");
  set("tau_correlation_length_nm",
      run.space.length_px * pixel_nm,
      run.space.length_error_px * pixel_nm,
      "nm");
  set("time_mean_tau_expected_s", run.apparent.tau_s, nan, "s");
  set("time_mean_kww_exponent_expected", run.apparent.kww_exponent, nan, "");
  add_histogram(pixels, run);
  add_space(tree, run, pixel_nm);
  add_four_point(tree, run, pixel_nm);
  add_duration(tree, run);
  if (!std::isnan(run.image_tau_s))
    add_domains(tree, run, pixel_nm);
}

} // namespace vitrum::app
