#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/batch_kww.hpp"
#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {
namespace {

std::vector<double> log_lags(Index n, double first, double last) {
  std::vector<double> lags;
  for (Index i = 0; i < n; ++i)
    lags.push_back(first *
                   std::pow(last / first, static_cast<double>(i) / static_cast<double>(n - 1)));
  return lags;
}

/// Noisy curves of known parameters, [lag, curve].
struct Curves {
  std::vector<double> lag_s, sigma, values;
  std::vector<double> tau, exponent, contrast;
  Index count = 0;
};

Curves make_curves(Index count, Index lags, double noise, double baseline, std::uint64_t seed) {
  Curves c;
  c.count = count;
  c.lag_s = log_lags(lags, 1, 2000);
  Random random(seed);
  for (Index l = 0; l < lags; ++l)
    c.sigma.push_back(noise * (1 + 0.5 * random.uniform()));
  for (Index i = 0; i < count; ++i) {
    c.tau.push_back(20 * std::exp(2.5 * random.uniform()));
    c.exponent.push_back(0.5 + 0.7 * random.uniform());
    c.contrast.push_back(0.1 + 0.3 * random.uniform());
  }
  for (Index l = 0; l < lags; ++l)
    for (std::size_t i = 0; i < c.tau.size(); ++i) {
      const auto k = static_cast<std::size_t>(l);
      c.values.push_back(
          baseline + c.contrast[i] * std::exp(-2 * std::pow(c.lag_s[k] / c.tau[i], c.exponent[i])) +
          c.sigma[k] * random.normal());
    }
  return c;
}

FitResult careful(const Curves& c, Index i, bool baseline, double tau_low, double tau_high) {
  FitData data;
  data.lag_s = c.lag_s;
  data.sigma = c.sigma;
  for (std::size_t l = 0; l < c.lag_s.size(); ++l)
    data.value.push_back(
        c.values[l * static_cast<std::size_t>(c.count) + static_cast<std::size_t>(i)]);
  FitOptions options;
  options.profile = false;
  options.bounds["tau_s"] = {tau_low, tau_high};
  options.bounds["kww_exponent"] = {0.1, 2};
  if (!baseline)
    options.fixed["baseline"] = 0;
  return fit_decay(models::DecayModel::kww, data, options);
}

class BatchKww : public testing::TestWithParam<std::tuple<SimdLevel, bool>> {};

// The minimum is the same as that of the careful fit, to a thousandth of the errors.
TEST_P(BatchKww, AgreesWithTheCarefulFit) {
  const auto [level, baseline] = GetParam();
  for (const Index count : {1, 7, 16, 53}) {
    const auto c = make_curves(count, 50, 0.005, baseline ? 1.0 : 0.0, 7);
    BatchKwwOptions options;
    options.level = level;
    options.fit_baseline = baseline;
    options.tau_low_s = 0.1;
    options.tau_high_s = 2e5;
    const auto fits = fit_kww_batch<double>(c.lag_s, c.sigma, c.values, count, count, options);
    for (Index i = 0; i < count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const auto one = careful(c, i, baseline, 0.1, 2e5);
      ASSERT_EQ(one.status, FitStatus::converged) << one.message;
      EXPECT_EQ(fits.status[k], BatchStatus::converged);
      const auto& tau = one.at("tau_s");
      const auto& exponent = one.at("kww_exponent");
      const auto& contrast = one.at("contrast");
      EXPECT_NEAR(fits.tau_s[k], tau.value, 1e-3 * tau.error);
      EXPECT_NEAR(fits.kww_exponent[k], exponent.value, 1e-3 * exponent.error);
      EXPECT_NEAR(fits.contrast[k], contrast.value, 1e-3 * contrast.error);
      EXPECT_NEAR(fits.chi2[k], one.chi2, 1e-6 * one.chi2);
      // the careful fit takes the errors of the data as they are
      const double scale = std::sqrt(one.chi2_reduced);
      EXPECT_NEAR(
          fits.log_tau_error[k], scale * tau.error / tau.value, 1e-4 * tau.error / tau.value);
      EXPECT_NEAR(fits.kww_exponent_error[k], scale * exponent.error, 1e-4 * exponent.error);
      EXPECT_NEAR(fits.contrast_error[k], scale * contrast.error, 1e-4 * contrast.error);
    }
  }
}

// Single precision is off by its rounding: of the sums over fifty lags, far below the errors.
TEST_P(BatchKww, FloatsAgreeWithDoubles) {
  const auto [level, baseline] = GetParam();
  const Index count = 500;
  const auto c = make_curves(count, 50, 0.005, baseline ? 1.0 : 0.0, 11);
  BatchKwwOptions options;
  options.level = level;
  options.fit_baseline = baseline;
  const auto exact = fit_kww_batch<double>(c.lag_s, c.sigma, c.values, count, count, options);
  const std::vector<float> single(c.values.begin(), c.values.end());
  const auto fits = fit_kww_batch<float>(c.lag_s, c.sigma, single, count, count, options);
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    ASSERT_EQ(fits.status[i], exact.status[i]);
    EXPECT_NEAR(std::log(static_cast<double>(fits.tau_s[i]) / exact.tau_s[i]),
                0,
                2e-3 * exact.log_tau_error[i]);
    EXPECT_NEAR(static_cast<double>(fits.kww_exponent[i]),
                exact.kww_exponent[i],
                2e-3 * exact.kww_exponent_error[i]);
    EXPECT_NEAR(
        static_cast<double>(fits.contrast[i]), exact.contrast[i], 2e-3 * exact.contrast_error[i]);
  }
}

// Independent noise: pulls of mean 0 and width 1, and chi² as many as degrees of freedom.
TEST_P(BatchKww, PullsAreNormal) {
  const auto [level, baseline] = GetParam();
  const Index count = 3000;
  const auto c = make_curves(count, 60, 0.002, baseline ? 1.0 : 0.0, 3);
  BatchKwwOptions options;
  options.level = level;
  options.fit_baseline = baseline;
  const auto fits = fit_kww_batch<double>(c.lag_s, c.sigma, c.values, count, count, options);
  Moments tau, exponent, contrast, chi2;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (!fits.good(i))
      continue;
    tau.add(std::log(fits.tau_s[i] / c.tau[i]) / fits.log_tau_error[i]);
    exponent.add((fits.kww_exponent[i] - c.exponent[i]) / fits.kww_exponent_error[i]);
    contrast.add((fits.contrast[i] - c.contrast[i]) / fits.contrast_error[i]);
    chi2.add(fits.chi2[i]);
  }
  EXPECT_GT(tau.count, count - 10);
  for (const Moments& pull : {tau, exponent, contrast}) {
    EXPECT_NEAR(pull.mean, 0, 5 / std::sqrt(static_cast<double>(count)));
    EXPECT_NEAR(pull.deviation(), 1, 0.06);
  }
  const auto degrees = static_cast<double>(fits.degrees_of_freedom);
  EXPECT_EQ(fits.degrees_of_freedom, baseline ? 56 : 57);
  EXPECT_NEAR(chi2.mean, degrees, 5 * std::sqrt(2 * degrees / static_cast<double>(count)));
}

INSTANTIATE_TEST_SUITE_P(Levels,
                         BatchKww,
                         testing::Combine(testing::ValuesIn(simd_levels()), testing::Bool()),
                         [](const auto& one) {
                           return std::string(name_of(std::get<0>(one.param))) +
                                  (std::get<1>(one.param) ? "Baseline" : "");
                         });

// A table of offsets that a formula knows: the fit of curves with the offset finds the parameters.
TEST(BatchKwwOffset, IsTakenOut) {
  const Index lags = 40;
  const auto lag_s = log_lags(lags, 1, 1000);
  DecayOffset offset;
  offset.ranks = 2;
  for (const double power : {0.0, 0.3})
    for (const double lag : lag_s)
      offset.vectors.push_back(std::pow(lag / 1000, power));
  offset.log_tau_first = 0;
  offset.log_tau_step = 0.1;
  offset.log_taus = 90;
  offset.exponent_first = 0.1;
  offset.exponent_step = 0.05;
  offset.exponents = 40;
  const auto a = [](double log_tau, double exponent) {
    return 0.02 * std::exp(0.2 * log_tau) * (2 - exponent);
  };
  const auto b = [](double log_tau, double exponent) { return 0.01 * log_tau + 0.03 * exponent; };
  for (Index i = 0; i < offset.log_taus; ++i)
    for (Index j = 0; j < offset.exponents; ++j) {
      const double log_tau = offset.log_tau_first + offset.log_tau_step * static_cast<double>(i);
      const double exponent = offset.exponent_first + offset.exponent_step * static_cast<double>(j);
      offset.table.push_back(a(log_tau, exponent));
      offset.table.push_back(b(log_tau, exponent));
    }
  std::vector<double> values, sigma(static_cast<std::size_t>(lags), 0.01);
  const std::vector<double> tau{30, 80, 200}, exponent{0.6, 0.9, 1.3};
  for (std::size_t l = 0; l < lag_s.size(); ++l)
    for (std::size_t i = 0; i < tau.size(); ++i)
      values.push_back(0.2 * (std::exp(-2 * std::pow(lag_s[l] / tau[i], exponent[i])) -
                              a(std::log(tau[i]), exponent[i]) -
                              b(std::log(tau[i]), exponent[i]) * std::pow(lag_s[l] / 1000, 0.3)));
  BatchKwwOptions options;
  options.offset = &offset;
  for (const auto level : simd_levels()) {
    options.level = level;
    const auto fits = fit_kww_batch<double>(lag_s, sigma, values, 3, 3, options);
    for (std::size_t i = 0; i < tau.size(); ++i) {
      EXPECT_EQ(fits.status[i], BatchStatus::converged);
      EXPECT_NEAR(fits.tau_s[i] / tau[i], 1, 1e-4); // the table is interpolated
      EXPECT_NEAR(fits.kww_exponent[i], exponent[i], 1e-4);
      EXPECT_NEAR(fits.contrast[i], 0.2, 1e-4);
    }
  }
}

TEST(BatchKwwStatus, SaysWhatWentWrong) {
  const auto lag_s = log_lags(30, 1, 1000);
  const std::vector<double> sigma(30, 0.01);
  std::vector<double> values;
  for (const double lag : lag_s) {
    values.push_back(-0.1);                                       // 0: negative
    values.push_back(0.2 * std::exp(-2 * lag / 1e9));             // 1: does not decay
    values.push_back(std::nan(""));                               // 2
    values.push_back(0.2 * std::exp(-2 * std::pow(lag / 60, 3))); // 3: beyond the exponent's bound
    values.push_back(0.2 * std::exp(-2 * lag / 60));              // 4: good
  }
  for (const auto level : simd_levels()) {
    BatchKwwOptions options;
    options.level = level;
    const auto fits = fit_kww_batch<double>(lag_s, sigma, values, 5, 5, options);
    EXPECT_EQ(fits.status[0], BatchStatus::no_decay);
    EXPECT_NE(fits.status[1], BatchStatus::converged);
    EXPECT_EQ(fits.status[2], BatchStatus::no_decay);
    EXPECT_EQ(fits.status[3], BatchStatus::at_bound);
    EXPECT_EQ(fits.kww_exponent[3], 2);
    EXPECT_EQ(fits.status[4], BatchStatus::converged);
    EXPECT_NEAR(fits.tau_s[4], 60, 1e-6);
  }
}

template <class Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(BatchKwwChecks, NameWhatIsWrong) {
  const std::vector<double> lag{1, 2, 3}, sigma{1, 1, 1}, values(3, 0.1);
  const auto fit = [](auto l, auto s, auto v, Index curves, Index stride, BatchKwwOptions o = {}) {
    return message_of([&] { (void)fit_kww_batch<double>(l, s, v, curves, stride, o); });
  };
  EXPECT_EQ(fit(lag, sigma, values, 1, 1), "3 lags, need at least 4");
  const std::vector<double> lag4{1, 2, 3, 4}, sigma4{1, 1, 0, 1}, ones(4, 1.0);
  EXPECT_EQ(fit(lag4, sigma, ones, 1, 1), "3 errors for 4 lags");
  EXPECT_EQ(fit(lag4, sigma4, ones, 1, 1), "error of lag 3: 0, expected a positive number");
  EXPECT_EQ(fit(lag4, ones, values, 1, 1), "3 values do not hold 4 lags of 1 curves 1 apart");
  const std::vector<double> zero{0, 1, 2, 3};
  EXPECT_EQ(fit(zero, ones, ones, 1, 1), "lag 1: 0 s, expected a positive number");
  BatchKwwOptions options;
  options.tolerance = 0;
  EXPECT_EQ(fit(lag4, ones, ones, 1, 1, options), "tolerance = 0: must be in (0, 0.1)");
}

} // namespace
} // namespace vitrum::fit
