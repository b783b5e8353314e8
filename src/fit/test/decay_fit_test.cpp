// One careful fit: exact data, statuses, bounds, errors, refusals.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "message_of.hpp"
#include "support.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;
using testing::HasSubstr;

const double nan = std::nan("");

FitData kww_data(double noise = 0.001, std::uint64_t stream = 0) {
  FitData data = exact_data(DecayModel::kww, {0.2, 1.01, 30, 0.7}, log_lags(0.1, 3000, 45), noise);
  Random random(3, stream);
  for (double& v : data.value)
    v += noise * random.normal();
  return data;
}

TEST(DecayFit, FindsTheTruthOfExactData) {
  const std::vector<std::pair<DecayModel, std::vector<double>>> cases{
      {DecayModel::exp, {0.2, 1, 30}},
      {DecayModel::kww, {0.2, 1, 30, 0.6}},
      {DecayModel::kww, {0.2, 1, 30, 1.7}},
      {DecayModel::kww, {3e-4, 1, 2e-7, 0.5}},
      {DecayModel::ml, {0.2, 1, 30, 0.7}},
      {DecayModel::ml_squared, {0.2, 1, 30, 0.85}},
      {DecayModel::kww2, {0.2, 1, 3, 0.9, 0.4, 300, 1.3}}};
  for (const auto& [model, truth] : cases) {
    const auto data = exact_data(model, truth, log_lags(3e-4 * truth[2], 3e3 * truth[2], 50), 1e-7);
    const auto result = fit_decay(model, data);
    EXPECT_EQ(result.status, FitStatus::converged) << models::name(model) << result.message;
    EXPECT_LT(result.chi2, 1e-6);
    EXPECT_NEAR(result.r_squared, 1, 1e-9);
    for (std::size_t j = 0; j < truth.size(); ++j)
      EXPECT_NEAR(result.parameters[j].value / truth[j], 1, 1e-4) << result.parameters[j].name;
    for (std::size_t i = 0; i < data.value.size(); ++i)
      EXPECT_NEAR(result.curve[i], data.value[i], 1e-9);
  }
}

TEST(DecayFit, OrderOfPointsAndUnitOfTimeDoNotMatter) {
  const auto data = kww_data();
  const auto result = fit_decay(DecayModel::kww, data);
  FitData turned = data;
  std::reverse(turned.lag_s.begin(), turned.lag_s.end());
  std::reverse(turned.value.begin(), turned.value.end());
  for (double& lag : turned.lag_s)
    lag *= 1e-6;
  const auto other = fit_decay(DecayModel::kww, turned);
  EXPECT_NEAR(other.chi2, result.chi2, 1e-6);
  EXPECT_NEAR(other.at("tau_s").value * 1e6 / result.at("tau_s").value, 1, 1e-5);
  EXPECT_NEAR(other.at("tau_s").error * 1e6 / result.at("tau_s").error, 1, 1e-4);
  EXPECT_NEAR(other.at("kww_exponent").error / result.at("kww_exponent").error, 1, 1e-4);
}

TEST(DecayFit, ChiSquaredAndItsCompany) {
  const auto data = kww_data();
  const auto result = fit_decay(DecayModel::kww, data);
  double chi2 = 0;
  for (std::size_t i = 0; i < data.value.size(); ++i)
    chi2 += std::pow((data.value[i] - result.curve[i]) / data.sigma[i], 2);
  EXPECT_NEAR(result.chi2, chi2, 1e-9 * chi2);
  EXPECT_EQ(result.degrees_of_freedom, 45 - 4);
  EXPECT_NEAR(result.chi2_reduced, chi2 / 41, 1e-9);
  EXPECT_NEAR(result.aic, chi2 + 8, 1e-9);
  EXPECT_NEAR(result.bic, chi2 + 4 * std::log(45), 1e-9);
  const auto expected = models::mean_time(
      DecayModel::kww,
      std::vector{0.2, 1.01, result.at("tau_s").value, result.at("kww_exponent").value});
  EXPECT_NEAR(result.mean_time_s, expected.decay_s, 1e-9 * expected.decay_s);
  EXPECT_GT(result.mean_time_error_s, 0);
  EXPECT_LT(result.mean_time_error_s, 0.1 * result.mean_time_s);
}

TEST(DecayFit, ProfileEqualsCurvatureForSmallNoise) {
  const auto result = fit_decay(DecayModel::kww, kww_data(1e-6));
  for (const auto& p : result.parameters) {
    EXPECT_NEAR(p.error_low / p.error, 1, 0.02) << p.name;
    EXPECT_NEAR(p.error_high / p.error, 1, 0.02) << p.name;
  }
}

TEST(DecayFit, WithoutSigmaErrorsComeFromTheScatter) {
  auto data = kww_data();
  const auto weighted = fit_decay(DecayModel::kww, data);
  data.sigma.clear();
  const auto plain = fit_decay(DecayModel::kww, data);
  for (std::size_t j = 0; j < 4; ++j) { // equal sigmas weigh like none
    EXPECT_NEAR(plain.parameters[j].value / weighted.parameters[j].value, 1, 1e-6);
    EXPECT_NEAR(plain.parameters[j].error /
                    (weighted.parameters[j].error * std::sqrt(weighted.chi2_reduced)),
                1,
                1e-3);
    EXPECT_NEAR(plain.parameters[j].error_low /
                    (weighted.parameters[j].error_low * std::sqrt(weighted.chi2_reduced)),
                1,
                0.05);
  }
}

TEST(DecayFit, SandwichErrorsHoldForCorrelatedLags) {
  // Noise of neighbouring lags correlated by 0.8: the errors with the covariance give pulls of
  // width 1, those without are far off.
  const Index n = 40, trials = 300;
  std::vector<Moments> with(4), without(4);
  Moments chi2, naive_chi2;
  for (Index trial = 0; trial < trials; ++trial) {
    auto data = exact_data(DecayModel::kww, {0.2, 1, 30, 0.8}, log_lags(0.3, 1000, n), 0.002);
    Random random(17, static_cast<std::uint64_t>(trial));
    double noise = random.normal();
    data.covariance.resize(static_cast<std::size_t>(n * n));
    for (Index i = 0; i < n; ++i) {
      data.value[static_cast<std::size_t>(i)] += 0.002 * noise;
      noise = 0.8 * noise + 0.6 * random.normal();
      for (Index k = 0; k < n; ++k)
        data.covariance[static_cast<std::size_t>(i * n + k)] =
            4e-6 * std::pow(0.8, std::abs(static_cast<double>(i - k)));
    }
    FitOptions options;
    options.profile = false;
    const auto right = fit_decay(DecayModel::kww, data, options);
    data.covariance.clear();
    const auto naive = fit_decay(DecayModel::kww, data, options);
    const std::vector<double> truth{0.2, 1, 30, 0.8};
    EXPECT_EQ(right.chi2, naive.chi2);
    chi2.add(right.chi2_reduced);
    naive_chi2.add(naive.chi2_reduced);
    EXPECT_GT(right.aic, naive.aic); // the effective number of parameters is larger
    for (std::size_t j = 0; j < 4; ++j) {
      const double d = right.parameters[j].value - truth[j];
      with[j].add(d / right.parameters[j].error);
      without[j].add(d / naive.parameters[j].error);
    }
  }
  for (std::size_t j = 0; j < 4; ++j) {
    EXPECT_NEAR(with[j].mean, 0, 4 / std::sqrt(300.0));
    EXPECT_NEAR(with[j].deviation(), 1, 4 / std::sqrt(600.0)); // of a width of 300 pulls
  }
  EXPECT_NEAR(chi2.mean, 1, 4 * chi2.error());
  EXPECT_LT(naive_chi2.mean, 0.8); // the parameters take up more than four degrees of freedom
  EXPECT_GT(without[0].deviation(), 1.5);
  EXPECT_GT(without[1].deviation(), 1.5);
}

TEST(DecayFit, DeviationsAreAsGoodAsTheirCovariance) {
  const Index n = 60, rank = 25; // fewer than points: Σ is singular
  for (const bool gaps : {false, true})
    for (const bool sigma : {false, true}) {
      SCOPED_TRACE(testing::Message() << "gaps " << gaps << ", sigma " << sigma);
      auto factor = exact_data(DecayModel::kww, {0.2, 1, 30, 0.8}, log_lags(0.3, 1000, n), 0.002);
      factor.deviation.resize(static_cast<std::size_t>(rank * n));
      Random random(5);
      for (Index r = 0; r < rank; ++r) {
        double noise = random.normal();
        for (Index i = 0; i < n; ++i) {
          factor.deviation[static_cast<std::size_t>(r * n + i)] =
              0.002 / std::sqrt(static_cast<double>(rank)) * noise;
          noise = 0.8 * noise + 0.6 * random.normal();
        }
      }
      for (double& v : factor.value)
        v += 0.002 * random.normal();
      if (!sigma)
        factor.sigma.clear();
      if (gaps) {
        factor.value[3] = nan;
        for (Index r = 0; r < rank; ++r)
          factor.deviation[static_cast<std::size_t>(r * n + 10)] = nan;
      }
      auto dense = factor;
      dense.deviation.clear();
      dense.covariance.assign(static_cast<std::size_t>(n * n), 0);
      for (Index r = 0; r < rank; ++r)
        for (Index i = 0; i < n; ++i)
          for (Index k = 0; k < n; ++k)
            dense.covariance[static_cast<std::size_t>(i * n + k)] +=
                factor.deviation[static_cast<std::size_t>(r * n + i)] *
                factor.deviation[static_cast<std::size_t>(r * n + k)];
      if (gaps && sigma)
        dense.sigma[10] = nan; // so that the dense form leaves out the same points
      const auto a = fit_decay(DecayModel::kww, factor), b = fit_decay(DecayModel::kww, dense);
      EXPECT_EQ(a.skipped, gaps ? 2 : 0);
      EXPECT_EQ(a.skipped, b.skipped);
      EXPECT_NEAR(a.chi2 / b.chi2, 1, 1e-9);
      EXPECT_NEAR(a.chi2_reduced / b.chi2_reduced, 1, 1e-6);
      EXPECT_NEAR(a.aic, b.aic, 1e-6);
      EXPECT_NEAR(a.bic, b.bic, 1e-6);
      EXPECT_NEAR(a.mean_time_error_s / b.mean_time_error_s, 1, 1e-6);
      ASSERT_EQ(a.parameter_deviation.size(), static_cast<std::size_t>(rank * 4));
      EXPECT_TRUE(b.parameter_deviation.empty());
      for (std::size_t j = 0; j < 4; ++j) {
        EXPECT_GT(a.parameters[j].error, 0);
        EXPECT_NEAR(a.parameters[j].error / b.parameters[j].error, 1, 1e-6);
        EXPECT_NEAR(a.parameters[j].error_low / b.parameters[j].error_low, 1, 1e-5);
        for (std::size_t i = 0; i < 4; ++i) {
          double sum = 0;
          for (std::size_t r = 0; r < static_cast<std::size_t>(rank); ++r)
            sum += a.parameter_deviation[r * 4 + j] * a.parameter_deviation[r * 4 + i];
          const double size = a.parameters[i].error * a.parameters[j].error;
          EXPECT_NEAR(a.covariance[j * 4 + i], sum, 1e-10 * size);
          EXPECT_NEAR(a.covariance[j * 4 + i], b.covariance[j * 4 + i], 1e-5 * size);
        }
      }
    }
}

TEST(DecayFit, ParameterDeviationsAreShiftsOfTheFit) {
  // Data moved along one deviation, refitted: to first order its row of parameter_deviation.
  auto data = exact_data(DecayModel::kww, {0.2, 1, 30, 0.8}, log_lags(0.3, 1000, 50), 0.002);
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t i = 0; i < 50; ++i)
      data.deviation.push_back(1e-5 * std::cos(0.2 * static_cast<double>((r + 1) * i)));
  FitOptions options;
  options.fixed = {{"baseline", 1}};
  const auto fit = fit_decay(DecayModel::kww, data, options);
  for (std::size_t r = 0; r < 2; ++r) {
    auto moved = data;
    for (std::size_t i = 0; i < 50; ++i)
      moved.value[i] += data.deviation[r * 50 + i];
    const auto refit = fit_decay(DecayModel::kww, moved, options);
    for (std::size_t j = 0; j < 4; ++j)
      EXPECT_NEAR(refit.parameters[j].value - fit.parameters[j].value,
                  fit.parameter_deviation[r * 4 + j],
                  1e-3 * fit.parameters[j].error + 1e-9 * fit.parameters[j].value)
          << r << " " << j;
    EXPECT_EQ(fit.parameter_deviation[r * 4 + 1], 0);
  }
}

TEST(DecayFit, AveragesTheModelAsBinsDo) {
  // Bins of five to the decade: each value is the mean over 2000 lags of its bin.
  const std::vector<double> truth{0.2, 1, 30, 0.8};
  FitData data;
  for (int k = 0; k < 17; ++k) {
    const double low = std::pow(10, k / 5.0), high = std::pow(10, (k + 1) / 5.0);
    std::vector<double> lags(2000), values(2000);
    for (std::size_t i = 0; i < 2000; ++i)
      lags[i] = low + (high - low) * (static_cast<double>(i) + 0.5) / 2000;
    models::evaluate(DecayModel::kww, truth, lags, values);
    data.lag_s.push_back((low + high) / 2);
    data.value.push_back(std::accumulate(values.begin(), values.end(), 0.0) / 2000);
    data.sigma.push_back(1e-4);
    data.lag_spread_s.push_back((high - low) / std::sqrt(12.0));
  }
  const auto averaged = fit_decay(DecayModel::kww, data);
  EXPECT_NEAR(averaged.at("tau_s").value, 30, 30 * 1e-3);
  EXPECT_NEAR(averaged.at("kww_exponent").value, 0.8, 2e-3);
  EXPECT_NEAR(averaged.curve[10], data.value[10], 1e-4);
  data.lag_spread_s.clear();
  const auto single = fit_decay(DecayModel::kww, data);
  EXPECT_GT(std::abs(single.at("tau_s").value - 30), 30 * 5e-3);
  EXPECT_GT(single.chi2, 4 * averaged.chi2);
  data.lag_spread_s.assign(17, 0); // no spread: the same
  EXPECT_NEAR(fit_decay(DecayModel::kww, data).chi2 / single.chi2, 1, 1e-9);
  data.lag_spread_s[0] = 2;
  EXPECT_THROW((void)fit_decay(DecayModel::kww, data), DataError);
}

TEST(DecayFit, SingularCovarianceIsFine) {
  auto data = kww_data();
  const std::size_t n = data.value.size();
  data.covariance.assign(n * n, 1e-6); // all lags move together: only the baseline is uncertain
  const auto result = fit_decay(DecayModel::kww, data);
  EXPECT_NEAR(result.at("baseline").error, 1e-3, 1e-9);
  EXPECT_NEAR(result.at("contrast").error, 0, 1e-6);
}

TEST(DecayFit, HoldsFixedParametersAndBounds) {
  FitOptions options;
  options.fixed = {{"baseline", 1.02}, {"kww_exponent", 0.5}};
  const auto fixed = fit_decay(DecayModel::kww, kww_data(), options);
  EXPECT_EQ(fixed.at("baseline").value, 1.02);
  EXPECT_TRUE(fixed.at("baseline").fixed);
  EXPECT_EQ(fixed.at("baseline").error, 0);
  EXPECT_EQ(fixed.degrees_of_freedom, 43);
  EXPECT_GT(fixed.at("tau_s").error, 0);

  options = {};
  options.bounds = {{"kww_exponent", {0.9, 2}}};
  const auto bounded = fit_decay(DecayModel::kww, kww_data(), options);
  EXPECT_EQ(bounded.status, FitStatus::at_bound);
  EXPECT_EQ(bounded.message, "kww_exponent = 0.9 is its bound");
  EXPECT_TRUE(bounded.at("kww_exponent").at_bound);
  EXPECT_TRUE(std::isnan(bounded.at("kww_exponent").error));
  options = {};
  options.fixed = {{"kww_exponent", 0.9}}; // the others are as if it were fixed
  const auto same = fit_decay(DecayModel::kww, kww_data(), options);
  EXPECT_NEAR(bounded.chi2, same.chi2, 1e-6);
  EXPECT_NEAR(bounded.at("tau_s").error / same.at("tau_s").error, 1, 1e-4);

  options = {};
  options.fixed = {{"contrast", 0.2}, {"baseline", 1.01}, {"tau_s", 30}, {"kww_exponent", 0.7}};
  const auto none = fit_decay(DecayModel::kww, kww_data(), options);
  EXPECT_EQ(none.degrees_of_freedom, 45);
  EXPECT_NEAR(none.chi2_reduced, 1, 0.7);
}

TEST(DecayFit, TwoProcessesAreOrderedUnlessToldApart) {
  const auto data =
      exact_data(DecayModel::kww2, {0.2, 1, 3, 0.9, 0.4, 300, 1.3}, log_lags(1e-2, 1e5, 60), 1e-4);
  const auto ordered = fit_decay(DecayModel::kww2, data);
  EXPECT_LT(ordered.at("tau_s").value, ordered.at("tau2_s").value);
  FitOptions options;
  options.fixed = {{"tau_s", 300}};
  const auto told = fit_decay(DecayModel::kww2, data, options);
  EXPECT_EQ(told.at("tau_s").value, 300);
  EXPECT_NEAR(told.at("tau2_s").value, 3, 0.1);
  EXPECT_NEAR(told.at("fraction").value, 0.6, 0.01);
}

TEST(DecayFit, SkipsNotANumberAndCountsIt) {
  auto data = kww_data();
  const auto whole = fit_decay(DecayModel::kww, data);
  data.lag_s.insert(data.lag_s.begin() + 3, {5, 6, nan});
  data.value.insert(data.value.begin() + 3, {nan, 1.5, 1.5});
  data.sigma.insert(data.sigma.begin() + 3, {1e-3, nan, 1e-3});
  const auto result = fit_decay(DecayModel::kww, data);
  EXPECT_EQ(result.skipped, 3);
  EXPECT_EQ(result.points, 45);
  EXPECT_NEAR(result.chi2, whole.chi2, 1e-9);
  EXPECT_TRUE(std::isfinite(result.curve[3]));
  EXPECT_TRUE(std::isnan(result.curve[5]));
}

TEST(DecayFit, SaysWhatTheDataDoNotTell) {
  FitData few = exact_data(DecayModel::kww, {0.2, 1, 30, 0.7}, log_lags(1, 100, 4), 1e-3);
  const auto nothing = fit_decay(DecayModel::kww, few);
  EXPECT_EQ(nothing.status, FitStatus::too_few_points);
  EXPECT_TRUE(nothing.message.starts_with(
      "4 points for 4 free parameters; tau > 21.54 s and < 100 s (95 %): "))
      << nothing.message;
  EXPECT_TRUE(std::isnan(nothing.at("tau_s").value));
  EXPECT_EQ(fit_decay(DecayModel::kww, {}).status, FitStatus::too_few_points);

  // Only the first hundredth of a decay, and noise without any.
  auto start = exact_data(DecayModel::kww, {0.2, 1, 1e6, 0.7}, log_lags(1, 100, 40), 1e-3);
  FitData flat = exact_data(DecayModel::kww, {0, 1, 30, 0.7}, log_lags(1, 1000, 40), 1e-3);
  Random random(8);
  for (std::size_t i = 0; i < 40; ++i) {
    start.value[i] += 1e-3 * random.normal();
    flat.value[i] += 1e-3 * random.normal();
  }
  EXPECT_NE(fit_decay(DecayModel::kww, start).status, FitStatus::converged);
  EXPECT_NE(fit_decay(DecayModel::kww, flat).status, FitStatus::converged);
  FitData constant = flat;
  std::fill(constant.value.begin(), constant.value.end(), 1.0);
  EXPECT_NE(fit_decay(DecayModel::kww, constant).status, FitStatus::converged);
  constant.sigma.clear();
  EXPECT_NE(fit_decay(DecayModel::ml, constant).status, FitStatus::converged);

  // One process read as two.
  EXPECT_NE(fit_decay(DecayModel::kww2, kww_data()).status, FitStatus::converged);
}

TEST(DecayFit, MeanTimeOfMittagLefflerIsNotPrinted) {
  const auto data = exact_data(DecayModel::ml, {0.2, 1, 30, 0.7}, log_lags(0.01, 1e5, 50), 1e-4);
  const auto result = fit_decay(DecayModel::ml, data);
  EXPECT_TRUE(std::isnan(result.mean_time_s));
  EXPECT_TRUE(std::isnan(result.mean_time_error_s));
  EXPECT_THAT(result.mean_time_note, HasSubstr("diverges"));
}

TEST(DecayFit, RefusesBadNumbers) {
  const auto with = [](auto change) {
    auto data = kww_data();
    change(data);
    return message_of([&] { (void)fit_decay(DecayModel::kww, data); });
  };
  EXPECT_EQ(with([](FitData& d) {
              d.sigma[2] = 0;
              d.lag_s[2] = 0.125;
            }),
            "fit: sigma 0 at lag 0.125 s: must be positive");
  EXPECT_THAT(with([](FitData& d) { d.sigma[2] = -1; }), HasSubstr("sigma -1"));
  EXPECT_THAT(with([](FitData& d) { d.sigma[2] = std::numeric_limits<double>::infinity(); }),
              HasSubstr("sigma inf"));
  EXPECT_THAT(with([](FitData& d) { d.value[2] = std::numeric_limits<double>::infinity(); }),
              HasSubstr("infinite"));
  EXPECT_THAT(with([](FitData& d) { d.lag_s[0] = -1; }), HasSubstr("lag -1 s"));
  EXPECT_THAT(with([](FitData& d) { d.value.pop_back(); }), HasSubstr("44 values at 45 lags"));
  EXPECT_THAT(with([](FitData& d) { d.covariance.assign(7, 0); }),
              HasSubstr("covariance of 7 values, expected 2025"));
  EXPECT_THAT(with([](FitData& d) { d.deviation.assign(47, 0); }),
              HasSubstr("47 deviations do not make rows of 45 lags"));

  const auto option = [](auto change) {
    FitOptions options;
    change(options);
    return message_of([&] { validate(options, DecayModel::kww); });
  };
  EXPECT_EQ(option([](FitOptions& o) { o.fixed["ml_exponent"] = 1; }),
            "fit: kww has no parameter \"ml_exponent\"");
  EXPECT_EQ(option([](FitOptions& o) {
              o.bounds["tau_s"] = {5, 2};
            }),
            "fit: bounds of tau_s: 5 is above 2");
  EXPECT_THAT(option([](FitOptions& o) {
                o.bounds["kww_exponent"] = {0, 2};
              }),
              HasSubstr("impossible"));
  EXPECT_THAT(option([](FitOptions& o) { o.fixed["tau_s"] = nan; }), HasSubstr("impossible"));
  EXPECT_THAT(option([](FitOptions& o) {
                o.fixed["tau_s"] = 7;
                o.bounds["tau_s"] = {8, 9};
              }),
              HasSubstr("outside of its bounds"));
  EXPECT_THAT(option([](FitOptions& o) { o.max_iterations = 0; }), HasSubstr("max_iterations"));
}

} // namespace
} // namespace vitrum::fit
