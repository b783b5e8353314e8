// One careful fit: exact data, statuses, bounds, refusals.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

std::vector<double> log_lags(double first, double last, int count) {
  std::vector<double> lags;
  for (int i = 0; i < count; ++i)
    lags.push_back(first * std::pow(last / first, static_cast<double>(i) / (count - 1)));
  return lags;
}

FitData exact(DecayModel model, const std::vector<double>& p, double first, double last) {
  FitData data;
  data.lag_s = log_lags(first, last, 50);
  data.value.resize(50);
  models::evaluate(model, p, data.lag_s, data.value);
  data.sigma.assign(50, 1e-4);
  return data;
}

TEST(DecayFit, FindsTheTruthOfExactData) {
  const std::vector<std::pair<DecayModel, std::vector<double>>> cases{
      {DecayModel::exp, {0.2, 1, 30}},
      {DecayModel::kww, {0.2, 1, 30, 0.6}},
      {DecayModel::kww, {0.2, 1, 30, 1.7}},
      {DecayModel::ml, {0.2, 1, 30, 0.7}},
      {DecayModel::ml_squared, {0.2, 1, 30, 0.85}},
      {DecayModel::kww2, {0.2, 1, 3, 0.9, 0.4, 300, 1.3}}};
  for (const auto& [model, truth] : cases) {
    const auto result = fit_decay(model, exact(model, truth, 1e-2, 1e5));
    EXPECT_EQ(result.status, FitStatus::converged) << models::name(model) << result.message;
    EXPECT_LT(result.chi2, 1e-8);
    for (std::size_t j = 0; j < truth.size(); ++j)
      EXPECT_NEAR(result.parameters[j].value / truth[j], 1, 1e-4) << result.parameters[j].name;
  }
}

} // namespace
} // namespace vitrum::fit
