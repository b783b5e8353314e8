#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "ecm_run.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void take_image_fit(EcmRun& run, const Tree& tree) {
  run.image_tau_s = run.image_exponent = run.image_contrast = nan;
  const auto status = tree.texts("entry/fit/kww/status");
  if (status.empty() || (status[0] != "converged" && status[0] != "near bound"))
    return;
  run.image_tau_s = tree.numbers("entry/fit/kww/tau_s").at(0);
  run.image_exponent = tree.numbers("entry/fit/kww/kww_exponent").at(0);
  run.image_contrast = tree.numbers("entry/fit/kww/contrast").at(0);
  const double length = static_cast<double>(run.series.info().frames) * run.frame_time_s;
  if (run.image_tau_s <= length)
    return;
  run.series.warnings.push_back(fmt::format(
      "the fit of the image's g2 says tau = {}, beyond the {} of the series: an extrapolation",
      report::format_value(run.image_tau_s, nan, "s"),
      report::format_value(length, nan, "s")));
  run.image_tau_s = run.image_exponent = run.image_contrast = nan;
}

/// Errors from virtual pixels that are like those of the image on average, with an exponent of
/// their own.
ecm::ErrorTable error_table(const EcmRun& run,
                            double exponent,
                            const fit::BatchKwwOptions& fit,
                            ecm::Estimator estimator,
                            const Monitor& monitor) {
  ecm::PixelErrorOptions options;
  options.kww_exponent = exponent;
  options.contrast = run.image_contrast;
  double variance = 0;
  for (const float v : run.correlation.variance)
    variance += static_cast<double>(v) / static_cast<double>(run.correlation.variance.size());
  options.white_variance = std::max(0.0, variance - run.image_contrast);
  options.estimator = estimator;
  options.fit = fit;
  options.frame_time_s = run.frame_time_s;
  const double longest = static_cast<double>(run.correlation.lags.back()) * run.frame_time_s;
  constexpr double decade = 10;
  options.tau_low_s = std::max(run.frame_time_s, run.image_tau_s / decade);
  options.tau_high_s = std::max(4 * options.tau_low_s, std::min(longest, run.image_tau_s * decade));
  return ecm::make_error_table(run.correlation.lags, run.field->valid(), options, monitor);
}

/// The width of ln τ from what the map shows in space: noise is told apart by its range, which is
/// several times more exact than taking its width out of that of the histogram.
void take_width_from_space(EcmRun& run) {
  auto& p = run.population;
  run.histogram_sigma = p.sigma;
  run.histogram_sigma_error = p.sigma_error;
  const auto& space = run.space;
  if (!std::isfinite(space.length_px) || !(p.sigma >= 0))
    return;
  p.sigma = ecm::width_of_places(space.amplitude, p.log_mean, *run.errors);
  p.sigma_error = 0.5 * p.sigma * space.amplitude_error / space.amplitude;
}

/// Virtual pixels and the population of relaxation times that they tell apart from noise: each
/// needs the other, for the image stretches more than its pixels do. Returns the exponent of the
/// pixels.
double find_errors(EcmRun& run,
                   std::span<const double> found,
                   double places,
                   const fit::BatchKwwOptions& fit,
                   ecm::Estimator estimator,
                   const Monitor& monitor) {
  // above one nothing can be embedded
  const auto allowed = [](double exponent) { return std::clamp(exponent, 0.3, 1.0); };
  double exponent = allowed(run.image_exponent);
  for (int round = 0;; ++round) {
    run.errors = error_table(run, exponent, fit, estimator, monitor);
    run.population = ecm::find_population(found, *run.errors, places);
    take_width_from_space(run);
    const double next = allowed(ecm::exponent_of_parts(run.image_exponent, run.population.sigma));
    constexpr int rounds = 3;
    if (std::isnan(next) || std::abs(next - exponent) < 0.005 || round + 1 == rounds)
      return exponent;
    exponent = next;
  }
}

/// What averaging over a speckle has taken from the width; and places that are alike are fewer than
/// speckles.
void take_out_resolution(EcmRun& run, double pixels) {
  auto& p = run.population;
  if (!(p.sigma > 0) || !std::isfinite(run.space.length_px))
    return;
  const double share = std::sqrt(run.space.variance_share);
  for (double* one : {&p.sigma, &p.sigma_error, &run.histogram_sigma, &run.histogram_sigma_error})
    *one /= share;
  const double few_places =
      std::max(2.0, pixels / (std::numbers::pi * run.space.length_px * run.space.length_px));
  p.log_mean_error = std::hypot(p.log_mean_error, p.sigma / std::sqrt(few_places));
  const double places_error = p.sigma / std::sqrt(2 * few_places);
  const double difference = run.histogram_sigma - p.sigma;
  if (std::abs(difference) > 3 * std::hypot(p.sigma_error, run.histogram_sigma_error))
    run.series.warnings.push_back(
        fmt::format("the width of ln tau is {:.2f} by the histogram and {:.2f} by the map in "
                    "space: noise or the shape of the correlation are not as assumed",
                    run.histogram_sigma,
                    p.sigma));
  for (double* one : {&p.sigma_error, &run.histogram_sigma_error})
    *one = std::hypot(*one, places_error);
}

void correct(EcmRun& run, double largest_error) {
  auto& f = run.fits;
  parallel_for(0, static_cast<Index>(run.accepted.size()), 4096, [&](Index begin, Index end) {
    for (Index p = begin; p < end; ++p) {
      const auto i = static_cast<std::size_t>(p);
      if (run.accepted[i] == 0) {
        f.log_tau_error[i] = f.kww_exponent_error[i] = f.contrast_error[i] =
            static_cast<float>(nan);
        continue;
      }
      const auto e = ecm::correct_pixel(std::log(static_cast<double>(f.tau_s[i])),
                                        static_cast<double>(f.kww_exponent[i]),
                                        static_cast<double>(f.contrast[i]),
                                        *run.errors,
                                        run.population);
      f.tau_s[i] = static_cast<float>(std::exp(e.log_tau));
      f.log_tau_error[i] = static_cast<float>(e.log_tau_error);
      f.kww_exponent[i] = static_cast<float>(e.kww_exponent);
      f.kww_exponent_error[i] = static_cast<float>(e.kww_exponent_error);
      f.contrast[i] = static_cast<float>(e.contrast);
      f.contrast_error[i] = static_cast<float>(e.contrast_error);
      run.accepted[i] = e.log_tau_error <= largest_error;
    }
  });
}

std::vector<double> accepted_tau(const EcmRun& run) {
  std::vector<double> out;
  for (std::size_t i = 0; i < run.accepted.size(); ++i)
    out.push_back(run.accepted[i] == 0 ? nan : static_cast<double>(run.fits.tau_s[i]));
  return out;
}

/// What a fit says of its own errors holds for independent lags, which these are not.
void forget_errors(EcmRun& run) {
  run.errors.reset();
  for (auto* errors :
       {&run.fits.log_tau_error, &run.fits.kww_exponent_error, &run.fits.contrast_error})
    std::fill(errors->begin(), errors->end(), static_cast<float>(nan));
}

/// At lags about the relaxation time of the image.
void find_four_points(EcmRun& run, const Monitor& monitor) {
  const Index frames = run.series.info().frames;
  ecm::FourPointOptions options;
  for (const double part : {0.1, 0.3, 1.0}) { // beyond, nothing of the overlap is left
    const Index lag = std::max<Index>(1, std::llround(part * run.image_tau_s / run.frame_time_s));
    if (lag < frames / 3 && (options.lags.empty() || lag > options.lags.back()))
      options.lags.push_back(lag);
  }
  if (!options.lags.empty())
    run.four_point = ecm::correlate_four_points(*run.field, options, monitor);
}

} // namespace

void analyse_pixels(EcmRun& run,
                    const Tree& tree,
                    const EcmOptions& options,
                    const Monitor& monitor) {
  take_image_fit(run, tree);
  const auto& c = run.correlation;
  std::vector<double> lag_s;
  for (const Index lag : c.lags)
    lag_s.push_back(static_cast<double>(lag) * run.frame_time_s);
  // Pixels weigh all lags alike: their noise is one slow wave over many lags, and weights by its
  // size leave the few early lags to fix everything.
  const std::vector<double> sigma(c.lags.size(), 1.0);
  const bool corrected = options.estimator == "time-mean-corrected";
  const auto estimator =
      options.estimator == "pixel-mean" ? ecm::Estimator::pixel_mean : ecm::Estimator::time_mean;
  fit::BatchKwwOptions fit;
  fit.fit_baseline = options.fit_baseline;
  fit::DecayOffset offset;
  if (corrected) {
    offset = ecm::make_duration_offset(c.lags, run.series.info().frames, run.frame_time_s);
    fit.offset = &offset;
  }
  monitor.message(Level::info, fmt::format("fitting {} pixels", c.pixels()));
  run.fits = fit::fit_kww_batch<float>(lag_s, sigma, c.g2.span(), c.pixels(), c.pixels(), fit);
  std::vector<double> found;
  std::vector<double> log_tau(run.fits.status.size(), nan); // [pixel], as fitted
  for (std::size_t i = 0; i < log_tau.size(); ++i) {
    run.accepted.push_back(ecm::usable(run.fits, i, lag_s.front(), lag_s.back()));
    if (run.accepted.back() == 0)
      continue;
    log_tau[i] = std::log(static_cast<double>(run.fits.tau_s[i]));
    found.push_back(log_tau[i]);
  }
  run.population.log_mean = run.population.log_mean_error = run.population.sigma =
      run.population.sigma_error = run.population.seen_sigma = run.population.noise_sigma = nan;
  run.apparent = {nan, nan, nan};
  run.space.length_px = run.space.length_error_px = nan;
  run.histogram_sigma = run.histogram_sigma_error = nan;
  if (std::isnan(run.image_tau_s)) {
    run.series.warnings.emplace_back(
        "without a relaxation time of the image, errors of pixels, the width of their relaxation "
        "times and domains are not known");
    forget_errors(run);
    return;
  }
  const Index frames = run.series.info().frames;
  run.apparent =
      ecm::apparent_kww(run.image_tau_s, run.image_exponent, c.lags, frames, run.frame_time_s);
  const double times = static_cast<double>(frames) * run.frame_time_s / run.image_tau_s;
  constexpr double few = 40; // Zhang et al., Ultramicroscopy 2017: series this long
  if (times < few)
    run.series.warnings.push_back(fmt::format(
        "the series is {:.3g} relaxation times long, less than {}: single pixels tell "
        "little; divided by time means they would show tau = {} and an exponent of {:.2f} "
        "instead of {} and {:.2f}",
        times,
        few,
        report::format_value(run.apparent.tau_s, nan, "s"),
        run.apparent.kww_exponent,
        report::format_value(run.image_tau_s, nan, "s"),
        run.image_exponent));
  const double speckle = run.path.speckle_px / static_cast<double>(options.bin);
  const double places = std::isnan(speckle) ? static_cast<double>(found.size())
                                            : static_cast<double>(found.size()) /
                                                  (std::numbers::pi * speckle * speckle);
  if (!std::isnan(speckle))
    // of all fits, not of those with small errors alone: the noise is told apart in space, and
    // small errors go with short relaxation times
    run.space = ecm::correlate_in_space(log_tau, run.field->rows(), run.field->columns(), speckle);
  double pixel_exponent = nan;
  try {
    pixel_exponent = find_errors(run, found, places, fit, estimator, monitor);
  } catch (const DataError& error) {
    run.series.warnings.emplace_back(error.what());
    forget_errors(run);
    return;
  }
  correct(run, options.largest_error);
  run.series.notes.push_back(
      fmt::format("tau, exponent and contrast of pixels: the bias of few relaxation times removed, "
                  "errors from {} virtual pixels of exponent {:.3f}, contrast {:.3g}",
                  12 * 1536,
                  pixel_exponent,
                  run.image_contrast));
  take_out_resolution(run, static_cast<double>(c.pixels()));
  find_four_points(run, monitor);
  run.domains = ecm::find_domains(
      accepted_tau(run), run.field->rows(), run.field->columns(), 2 * run.image_tau_s);
}

} // namespace vitrum::app
