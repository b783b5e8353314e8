// Joint fits: the same as single ones where they must be, errors right where parameters are shared.
#include <cmath>
#include <vector>

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include "support.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/joint_fit.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

FitData window(std::size_t k, std::uint64_t seed, double noise = 2e-3) {
  auto data = exact_data(DecayModel::kww,
                         {0.2, 1.002, 30 * std::exp(0.2 * static_cast<double>(k)), 0.65},
                         log_lags(1, 1000, 30),
                         noise);
  Random random(seed, k);
  for (double& v : data.value)
    v += noise * random.normal();
  return data;
}

TEST(JointFit, OfOneSetIsTheFitOfIt) {
  const auto data = window(0, 5);
  const auto alone = fit_decay(DecayModel::kww, data);
  for (const auto& shared : std::vector<std::vector<std::string>>{
           {"kww_exponent"}, {"contrast", "baseline"}, {"baseline", "tau_s"}}) {
    const auto joint = fit_jointly(DecayModel::kww, {data}, {shared, {}, true});
    EXPECT_TRUE(joint.converged);
    EXPECT_NEAR(joint.chi2, alone.chi2, 1e-6 * alone.chi2);
    for (std::size_t j = 0; j < 4; ++j) {
      const auto &a = alone.parameters[j], &b = joint.fits[0].parameters[j];
      EXPECT_NEAR(b.value, a.value, 1e-3 * a.error);
      EXPECT_NEAR(b.error, a.error, 2e-3 * a.error) << a.name;
    }
  }
}

// All parameters of 20 sets in one normal matrix, inverted whole.
TEST(JointFit, ErrorsAreThoseOfTheWholeMatrix) {
  constexpr std::size_t sets = 20;
  std::vector<FitData> data;
  for (std::size_t k = 0; k < sets; ++k)
    data.push_back(window(k, 6));
  const auto joint = fit_jointly(DecayModel::kww, data, {{"contrast", "kww_exponent"}, {}, false});
  ASSERT_TRUE(joint.converged);
  Eigen::MatrixXd j = Eigen::MatrixXd::Zero(30 * sets, 2 + 2 * sets);
  Eigen::VectorXd residuals(30 * sets);
  for (std::size_t k = 0; k < sets; ++k) {
    std::vector<double> p, g2(30), d(120);
    for (const auto& parameter : joint.fits[k].parameters)
      p.push_back(parameter.value);
    EXPECT_EQ(p[3], joint.shared[1].value);
    EXPECT_EQ(p[0], joint.shared[0].value);
    models::evaluate(DecayModel::kww, p, data[k].lag_s, g2, d);
    for (std::size_t i = 0; i < 30; ++i) {
      const auto row = static_cast<Index>(30 * k + i), own = static_cast<Index>(2 + 2 * k);
      j(row, 0) = d[4 * i] / 2e-3;
      j(row, 1) = d[4 * i + 3] / 2e-3;
      j(row, own) = d[4 * i + 1] / 2e-3;
      j(row, own + 1) = d[4 * i + 2] / 2e-3;
      residuals[row] = (g2[i] - data[k].value[i]) / 2e-3;
    }
  }
  EXPECT_NEAR(residuals.squaredNorm(), joint.chi2, 1e-6 * joint.chi2);
  EXPECT_LT((j.transpose() * residuals).cwiseQuotient(j.colwise().norm().transpose()).norm(), 1e-3);
  const Eigen::MatrixXd covariance = (j.transpose() * j).inverse();
  EXPECT_NEAR(joint.shared[0].error / std::sqrt(covariance(0, 0)), 1, 1e-4);
  EXPECT_NEAR(joint.shared[1].error / std::sqrt(covariance(1, 1)), 1, 1e-4);
  for (std::size_t k = 0; k < sets; ++k) {
    const auto own = static_cast<Index>(2 + 2 * k);
    EXPECT_NEAR(joint.fits[k].at("baseline").error / std::sqrt(covariance(own, own)), 1, 1e-4);
    EXPECT_NEAR(joint.fits[k].at("tau_s").error / std::sqrt(covariance(own + 1, own + 1)), 1, 1e-4);
  }
}

TEST(JointFit, PullsHaveWidthOne) {
  Moments exponent, tau;
  for (std::uint64_t seed = 100; seed < 160; ++seed) {
    std::vector<FitData> data;
    for (std::size_t k = 0; k < 6; ++k)
      data.push_back(window(k, seed));
    const auto joint =
        fit_jointly(DecayModel::kww, data, {{"kww_exponent", "baseline"}, {}, false});
    exponent.add((joint.shared[1].value - 0.65) / joint.shared[1].error);
    const auto& t = joint.fits[3].at("tau_s");
    tau.add(std::log(t.value / (30 * std::exp(0.6))) / (t.error / t.value));
  }
  EXPECT_NEAR(exponent.mean, 0, 0.5); // 4/√60
  EXPECT_NEAR(exponent.deviation(), 1, 0.35);
  EXPECT_NEAR(tau.mean, 0, 0.5);
  EXPECT_NEAR(tau.deviation(), 1, 0.35);
}

// Ten copies of one data set with the same deviations tell no more than one.
TEST(JointFit, CommonSamplesCountOnce) {
  FitData data = window(0, 9);
  data.sigma.clear();
  Random random(10);
  for (Index r = 0; r < 60; ++r)
    for (std::size_t i = 0; i < 30; ++i)
      data.deviation.push_back(2e-3 * random.normal() / std::sqrt(60.0));
  const std::vector<FitData> copies(10, data);
  const auto alone = fit_decay(DecayModel::kww, data);
  const auto common = fit_jointly(DecayModel::kww, copies, {{"kww_exponent"}, {}, true});
  const auto apart = fit_jointly(DecayModel::kww, copies, {{"kww_exponent"}, {}, false});
  const double error = alone.at("kww_exponent").error;
  EXPECT_NEAR(common.shared[0].error, error, 1e-3 * error);
  EXPECT_NEAR(apart.shared[0].error, error / std::sqrt(10.0), 1e-3 * error);
}

TEST(JointFit, PassesOverEmptySetsAndRefusesNonsense) {
  std::vector<FitData> data{window(0, 7), {}, window(1, 7)};
  const auto joint = fit_jointly(DecayModel::kww, data, {{"contrast"}, {}, true});
  EXPECT_EQ(joint.used, 2);
  EXPECT_EQ(joint.fits[1].status, FitStatus::too_few_points);
  EXPECT_TRUE(joint.fits[2].at("contrast").shared);
  EXPECT_THROW((void)fit_jointly(DecayModel::kww, data, {{}, {}, true}), OptionError);
  EXPECT_THROW((void)fit_jointly(DecayModel::kww, data, {{"fraction"}, {}, true}), OptionError);
}

} // namespace
} // namespace vitrum::fit
