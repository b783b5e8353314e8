#include "vitrum/fit/exposure_fit.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

double contrast_of(const Exposure& e, DecayModel model, const std::vector<double>& p) {
  double sum = 0;
  for (const auto& [lag, share] : exposure_shares(e)) {
    double at = 0;
    models::evaluate(model, p, {&lag, 1}, {&at, 1});
    sum += share * at;
  }
  return sum;
}

double decay_at(double t, double tau, double b) {
  return std::exp(-2 * std::pow(t / tau, b));
}

TEST(ExposureFit, SharesSumToOne) {
  for (const Index frames : {1, 2, 3, 64, 65, 100, 4096})
    for (const double open : {0.0, 0.1, 0.7, 0.999, 1.0}) {
      double sum = 0;
      for (const auto& share : exposure_shares({frames, 1, open}))
        sum += share.share;
      EXPECT_NEAR(sum, 1, 1e-10) << frames << " " << open;
    }
}

TEST(ExposureFit, ExponentialDecayHasItsClosedForm) {
  // (e^−2x − 1 + 2x)/(2x²), x = T/tau (Bandyopadhyay et al., Lorentzian spectrum, with the 2)
  for (const double tau : {1e-3, 0.1, 1.0, 30.0, 1e5})
    for (const Index frames : {1, 4, 512}) {
      const double x = static_cast<double>(frames) * 0.5 / tau;
      const double exact = x < 1e-3 ? 1 - 2 * x / 3 : (std::expm1(-2 * x) + 2 * x) / (2 * x * x);
      const double got = contrast_of({frames, 0.5, 0.5}, DecayModel::exp, {0.7, 0, tau});
      EXPECT_NEAR(got / (0.7 * exact), 1, 1e-6) << tau << " " << frames;
    }
}

TEST(ExposureFit, InstantsAreSummedOneByOne) {
  for (const Index frames : {1, 2, 7, 64, 65, 300, 2048})
    for (const double tau : {0.3, 5.0, 200.0})
      for (const double b : {0.4, 1.0, 1.8}) {
        double sum = 0;
        for (Index i = 0; i < frames; ++i)
          for (Index k = 0; k < frames; ++k)
            sum += decay_at(static_cast<double>(std::abs(i - k)), tau, b);
        sum /= static_cast<double>(frames * frames);
        EXPECT_NEAR(contrast_of({frames, 1, 0}, DecayModel::kww, {1, 0, tau, b}) / sum, 1, 1e-5)
            << frames << " " << tau << " " << b;
      }
}

TEST(ExposureFit, BreaksBetweenFramesAreLeftOut) {
  // The detector is open in [0, 0.6), [1, 1.6), …: a mean over pairs of instants on a fine grid.
  const double open = 0.6;
  const Index steps = 150;
  for (const Index frames : {1, 2, 10})
    for (const double tau : {0.5, 4.0}) {
      double sum = 0;
      for (Index k = 0; k < frames; ++k)
        for (Index i = 0; i < steps; ++i)
          for (Index j = 0; j < steps; ++j) {
            const double t = static_cast<double>(k) + open * static_cast<double>(i - j) / steps;
            const double weight =
                k == 0 ? static_cast<double>(frames) : 2 * static_cast<double>(frames - k);
            sum += weight * decay_at(std::abs(t), tau, 1.0);
          }
      sum /= static_cast<double>(frames * frames * steps * steps);
      EXPECT_NEAR(contrast_of({frames, 1, open}, DecayModel::kww, {1, 0, tau, 1.0}) / sum, 1, 1e-4)
          << frames << " " << tau;
    }
}

ExposureData exact_data(double open, double tau, double b) {
  ExposureData data;
  for (Index frames = 1; frames <= 1024; frames *= 2) {
    data.exposure.push_back({frames, 1, open});
    data.contrast.push_back(contrast_of(data.exposure.back(), DecayModel::kww, {0.4, 0, tau, b}));
    data.sigma.push_back(0.002);
  }
  return data;
}

TEST(ExposureFit, FindsWhatWasPutIn) {
  for (const double open : {0.0, 0.4, 1.0})
    for (const double b : {0.6, 1.0, 1.5}) {
      const auto data = exact_data(open, 40, b);
      const auto fit = fit_exposure(DecayModel::kww, data);
      EXPECT_EQ(fit.status, FitStatus::converged) << fit.message;
      EXPECT_NEAR(fit.at("tau_s").value, 40, 1e-3);
      EXPECT_NEAR(fit.at("kww_exponent").value, b, 1e-4);
      EXPECT_NEAR(fit.at("contrast").value, 0.4, 1e-5);
      EXPECT_EQ(fit.at("baseline").value, 0);
      for (std::size_t i = 0; i < data.contrast.size(); ++i)
        EXPECT_NEAR(fit.curve[i], data.contrast[i], 1e-6);
    }
}

TEST(ExposureFit, PullsHaveWidthOne) {
  auto data = exact_data(1, 40, 0.8);
  const auto exact = data.contrast;
  double squares = 0;
  const int seeds = 200;
  for (int seed = 0; seed < seeds; ++seed) {
    Random random(static_cast<std::uint64_t>(seed), 0);
    for (std::size_t i = 0; i < exact.size(); ++i)
      data.contrast[i] = exact[i] + 0.002 * random.normal();
    FitOptions options;
    options.profile = false;
    const auto fit = fit_exposure(DecayModel::kww, data, options);
    const auto& tau = fit.at("tau_s");
    squares += std::pow(std::log(tau.value / 40) * tau.value / tau.error, 2) / seeds;
  }
  EXPECT_NEAR(std::sqrt(squares), 1, 0.2); // 4 standard errors of a width from 200
}

TEST(ExposureFit, RefusesNonsense) {
  EXPECT_THROW((void)exposure_shares({0, 1, 0}), OptionError);
  EXPECT_THROW((void)exposure_shares({1, 1, 1.1}), OptionError);
  EXPECT_THROW((void)exposure_shares({1, 0, 0}), OptionError);
  ExposureData data = exact_data(1, 40, 1);
  data.contrast.pop_back();
  EXPECT_THROW((void)fit_exposure(DecayModel::kww, data), DataError);
  EXPECT_EQ(
      fit_exposure(DecayModel::kww, {{{1, 1, 1}, {2, 1, 1}}, {0.3, 0.2}, {0.1, 0.1}, {}}).status,
      FitStatus::too_few_points);
}

} // namespace
} // namespace vitrum::fit
