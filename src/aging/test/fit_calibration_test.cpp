// From frames to fitted parameters and the normalised decay: are the stated errors the scatter over
// many virtual experiments, with few logarithmic lags and with more linear ones than a covariance
// matrix is written for?
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "../../correlate/test/speckle.hpp"
#include "vitrum/aging/windows.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/correlate/float_kernel.hpp"

namespace vitrum::aging {
namespace {

using correlate::testing_speckle::Speckle;

// A Gaussian field with g1 = exp(−t/τ): g2 = 1 + exp(−2t/τ)/modes, which is kww with exponent 1.
const Speckle speckle{.frames = 1300, .height = 24, .width = 24, .tau = 25, .modes = 2};

struct Experiment {
  correlate::OneTime g2;
  fit::FitResult fit, naive; // naive: as if lags were independent
  NormalisedDecay measured, fitted;
};

Experiment run(const correlate::LagOptions& lags, std::uint64_t seed) {
  Experiment e;
  correlate::OneTimeOptions options;
  options.lags = lags;
  e.g2 = correlate::make_one_time(
             correlate::FloatKernel(correlate::testing_speckle::make(speckle, seed),
                                    correlate::Normalization::plain),
             options)
             .whole;
  auto data = make_fit_data(e.g2, 1, true);
  fit::FitOptions fit_options;
  fit_options.profile = false;
  e.fit = fit::fit_decay(models::DecayModel::kww, data, fit_options);
  data.covariance.clear();
  data.deviation.clear();
  e.naive = fit::fit_decay(models::DecayModel::kww, data, fit_options);
  const PlateauRule measured{}, fitted{PlateauRule::Source::fitted, 0};
  e.measured = normalise(e.g2,
                         short_time_plateau(e.g2, measured, nullptr),
                         long_time_plateau(e.g2, measured, nullptr));
  e.fitted = normalise(
      e.g2, short_time_plateau(e.g2, fitted, &e.fit), long_time_plateau(e.g2, fitted, &e.fit));
  return e;
}

/// The fit of the truth itself, averaged over the lags of each bin as g2 is: without the spread of
/// the lags the curvature within wide bins shifts tau and exponent by 0.4 errors.
fit::FitResult fit_of_truth(const correlate::OneTime& g2) {
  auto truth = g2;
  for (std::size_t k = 0; k < g2.value.size(); ++k) {
    double sum = 0, pairs = 0;
    for (Index lag = g2.first_lag[k]; lag < g2.last_lag[k]; ++lag) {
      const auto n = static_cast<double>(speckle.frames - lag);
      sum += n * correlate::testing_speckle::truth(speckle, static_cast<double>(lag));
      pairs += n;
    }
    truth.value[k] = sum / pairs;
  }
  return fit::fit_decay(models::DecayModel::kww, make_fit_data(truth, 1, true));
}

/// Scatter over the experiments against the root of the mean stated variance.
double stated_over_scatter(const std::vector<Experiment>& experiments,
                           NormalisedDecay Experiment::*decay,
                           std::size_t lag) {
  Moments value, variance;
  for (const Experiment& e : experiments) {
    value.add((e.*decay).value[lag]);
    variance.add(std::pow((e.*decay).error[lag], 2));
  }
  return std::sqrt(variance.mean) / value.deviation();
}

void expect_calibrated(const char* name, const correlate::LagOptions& lags, std::uint64_t first) {
  const Index seeds = 200;
  std::vector<Experiment> experiments(static_cast<std::size_t>(seeds));
  parallel_for(0, seeds, 1, [&](Index begin, Index end) {
    for (Index s = begin; s < end; ++s)
      experiments[static_cast<std::size_t>(s)] = run(lags, first + static_cast<std::uint64_t>(s));
  });
  fmt::print("{}: {} lags, {} seeds from {}\n", name, experiments[0].g2.lags(), seeds, first);
  const auto averaged = fit_of_truth(experiments[0].g2);
  const std::pair<const char*, double> truth[] = {
      {"contrast", 0.5}, {"baseline", 1}, {"tau_s", speckle.tau}, {"kww_exponent", 1}};
  for (const auto& [parameter, unbinned] : truth) {
    const double expected = averaged.at(parameter).value;
    Moments pull, naive;
    for (const Experiment& e : experiments) {
      const auto& p = e.fit.at(parameter);
      pull.add((p.value - unbinned) / p.error);
      naive.add((e.naive.at(parameter).value - unbinned) / e.naive.at(parameter).error);
    }
    fmt::print(
        "  {:13} pull {:+.3f} ± {:.3f}, width {:.3f}; lags as if independent: {:.3f}; shift by "
        "the bins {:+.3f} errors\n",
        parameter,
        pull.mean,
        pull.error(),
        pull.deviation(),
        naive.deviation(),
        (expected - unbinned) / averaged.at(parameter).error);
    EXPECT_NEAR(expected, unbinned, 0.1 * averaged.at(parameter).error) << name << " " << parameter;
    EXPECT_NEAR(pull.deviation(), 1, 0.2) << name << " " << parameter;
    EXPECT_NEAR(pull.mean, 0, 0.3) << name << " " << parameter;
  }
  const auto& g2 = experiments[0].g2;
  for (std::size_t k = 0; k < g2.value.size(); ++k) {
    const double lag = g2.lag_frames[k];
    bool first_of_its_size = k == 0; // a few lags of each octave are enough
    for (double octave = 2; octave < 3 * speckle.tau; octave *= 2)
      first_of_its_size =
          first_of_its_size || (k > 0 && g2.lag_frames[k - 1] < octave && lag >= octave);
    if (!first_of_its_size)
      continue;
    const double fitted = stated_over_scatter(experiments, &Experiment::fitted, k);
    if (k == 0) { // R = 1
      for (const Experiment& e : experiments)
        EXPECT_EQ(e.measured.error[0], 0);
      fmt::print("  R at lag {:6.1f}: stated/scatter {:.3f} of fitted plateaus\n", lag, fitted);
    } else {
      const double measured = stated_over_scatter(experiments, &Experiment::measured, k);
      fmt::print(
          "  R at lag {:6.1f}: stated/scatter {:.3f} of measured, {:.3f} of fitted plateaus\n",
          lag,
          measured,
          fitted);
      EXPECT_NEAR(measured, 1, 0.2) << name << " lag " << lag;
    }
    EXPECT_NEAR(fitted, 1, 0.2) << name << " lag " << lag;
  }
}

TEST(FitCalibration, LinearLags) {
  correlate::LagOptions lags;
  lags.spacing = correlate::LagSpacing::linear;
  lags.max_lag = 650;
  expect_calibrated("linear", lags, 100);
}

TEST(FitCalibration, LogarithmicLags) {
  correlate::LagOptions lags;
  lags.per_decade = 8;
  lags.max_lag = 650;
  expect_calibrated("logarithmic", lags, 1100);
}

} // namespace
} // namespace vitrum::aging
