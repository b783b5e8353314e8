// What is said about τ where no fit can tell it.
#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "../time_bound.hpp"
#include "support.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

const FitOptions known_baseline = [] {
  FitOptions options;
  options.fixed = {{"baseline", 1}};
  return options;
}();

FitData noisy(
    DecayModel model, const std::vector<double>& p, double last, double sigma, std::uint64_t seed) {
  auto data = exact_data(model, p, log_lags(1, last, 20), sigma);
  Random random(seed, 77);
  for (double& v : data.value)
    v += sigma * random.normal();
  return data;
}

TEST(TimeBound, DataThatDoNotDecayGiveALowerOne) {
  auto flat = exact_data(DecayModel::kww, {0.2, 1, 1e9, 0.7}, log_lags(1, 100, 20), 1e-3);
  const auto fit = fit_decay(DecayModel::kww, flat, known_baseline);
  EXPECT_NE(fit.status, FitStatus::converged);
  EXPECT_DOUBLE_EQ(fit.tau_low_s, 100);
  EXPECT_TRUE(std::isnan(fit.tau_high_s));
  EXPECT_TRUE(fit.message.ends_with("tau > 100 s (95 %): (1 ± 0.0071) of g2(0) − g2(∞) is left at "
                                    "100 s with g2(∞) = 1"))
      << fit.message;
}

TEST(TimeBound, DataWithoutContrastGiveAnUpperOne) {
  const auto none = exact_data(DecayModel::kww, {1e-6, 1, 1e3, 0.7}, log_lags(2, 200, 20), 1e-3);
  const auto fit = fit_decay(DecayModel::ml, none, known_baseline);
  EXPECT_NE(fit.status, FitStatus::converged);
  EXPECT_TRUE(std::isnan(fit.tau_low_s));
  EXPECT_DOUBLE_EQ(fit.tau_high_s, 2);
  EXPECT_TRUE(fit.message.ends_with("tau < 2 s (95 %): g2 is not above g2(∞) = 1 at the shorter "
                                    "half of the lags: if there is contrast, it is lost before the "
                                    "first"))
      << fit.message;
}

TEST(TimeBound, DataThatDecayAtOnceHaveBoth) {
  auto data = exact_data(DecayModel::kww, {0.2, 1, 1e3, 1}, {1, 10, 100, 1000}, 1e-3);
  data.value = {1.2, 1.19, 1, 1};
  const auto bound = bound_time(DecayModel::kww, data, known_baseline);
  EXPECT_DOUBLE_EQ(bound.low_s, 10);
  EXPECT_DOUBLE_EQ(bound.high_s, 100);
}

TEST(TimeBound, AFitThatTellsTauHasNone) {
  const auto fit =
      fit_decay(DecayModel::kww, noisy(DecayModel::kww, {0.2, 1, 30, 0.7}, 1e3, 1e-3, 1));
  EXPECT_EQ(fit.status, FitStatus::converged);
  EXPECT_TRUE(std::isnan(fit.tau_low_s));
  EXPECT_TRUE(std::isnan(fit.tau_high_s));
}

TEST(TimeBound, SaysNothingWithoutErrorsOrAKnownValueAtTau) {
  auto flat = exact_data(DecayModel::kww, {0.2, 1, 1e9, 0.7}, log_lags(1, 100, 20), 1e-3);
  EXPECT_TRUE(std::isnan(fit_decay(DecayModel::kww2, flat, known_baseline).tau_low_s));
  flat.sigma.clear();
  EXPECT_TRUE(std::isnan(fit_decay(DecayModel::kww, flat, known_baseline).tau_low_s));
}

TEST(TimeBoundCalibration, TheTruthIsWithin) {
  for (const auto model :
       {DecayModel::exp, DecayModel::kww, DecayModel::ml, DecayModel::ml_squared})
    for (const double tau : {60.0, 300.0, 3000.0}) {
      Index given = 0, outside = 0;
      for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        std::vector<double> p{0.2, 1, tau};
        if (model != DecayModel::exp)
          p.push_back(0.6);
        auto data = noisy(model, p, 100, 0.02, seed);
        const auto fit = fit_decay(model, data, known_baseline);
        if (std::isnan(fit.tau_low_s) && std::isnan(fit.tau_high_s))
          continue;
        ++given;
        outside += fit.tau_low_s > tau || fit.tau_high_s < tau ? 1 : 0;
      }
      std::printf(
          "%s, tau %g, lags 1 to 100: bounds in %lld of 400 series, the truth outside %lld\n",
          std::string(models::name(model)).c_str(),
          tau,
          static_cast<long long>(given),
          static_cast<long long>(outside));
      EXPECT_LE(static_cast<double>(outside), 0.05 * 400 + 2 * std::sqrt(0.05 * 400));
    }
}

} // namespace
} // namespace vitrum::fit
