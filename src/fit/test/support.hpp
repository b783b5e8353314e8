// Data for the tests of fits: exact curves, noisy truths, lags.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "vitrum/core/random.hpp"
#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {

inline std::vector<double> log_lags(double first, double last, Index count) {
  std::vector<double> lags;
  for (Index i = 0; i < count; ++i)
    lags.push_back(first *
                   std::pow(last / first, static_cast<double>(i) / static_cast<double>(count - 1)));
  return lags;
}

inline FitData exact_data(models::DecayModel model,
                          const std::vector<double>& p,
                          std::vector<double> lags,
                          double sigma) {
  FitData data;
  data.lag_s = std::move(lags);
  data.value.resize(data.lag_s.size());
  models::evaluate(model, p, data.lag_s, data.value);
  data.sigma.assign(data.lag_s.size(), sigma);
  return data;
}

/// One virtual measurement with known parameters.
struct Trial {
  models::DecayModel model = models::DecayModel::exp;
  std::vector<double> truth;
  FitData data;
};

/// The lag at which the decay has fallen to `level`, by bisection.
inline double lag_of_level(models::DecayModel model, std::vector<double> p, double level) {
  p[0] = 1;
  p[1] = 0;
  double low = std::log(p[2]) - 60, high = std::log(p[2]) + 60;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2, lag = std::exp(middle);
    double decay = 0;
    models::evaluate(model, p, {&lag, 1}, {&decay, 1});
    (decay > level ? low : high) = middle;
  }
  return std::exp(low);
}

/// Truth number k of a model: contrast 0.02–1, noise 0.1–10 % of it, time over six decades,
/// exponents over nearly all of their range, 30–60 logarithmic lags that see at least half of the
/// decay, at random from its first quarter or later to anywhere down to a thousandth.
inline Trial make_trial(models::DecayModel model, std::uint64_t k) {
  using models::DecayModel;
  Random random(20240611, k * 6 + static_cast<std::uint64_t>(model));
  const auto uniform = [&](double a, double b) { return a + (b - a) * random.uniform(); };
  const double tau = std::pow(10, uniform(-1, 5));
  Trial trial{model, {0.02 * std::pow(50, random.uniform()), 1 + 0.02 * random.normal(), tau}, {}};
  if (model == DecayModel::kww)
    trial.truth.push_back(uniform(0.3, 2));
  if (model == DecayModel::ml || model == DecayModel::ml_squared)
    trial.truth.push_back(uniform(0.3, 1));
  if (model == DecayModel::kww2) {
    trial.truth.push_back(uniform(0.4, 1.8));
    trial.truth.push_back(uniform(0.15, 0.85));
    trial.truth.push_back(tau * std::pow(10, uniform(0.5, 3)));
    trial.truth.push_back(uniform(0.4, 1.8));
  }
  if (model == DecayModel::power_cutoff) {
    trial.truth.push_back(uniform(0.3, 3));
    trial.truth.push_back(tau * std::pow(10, uniform(0.5, 3)));
  }
  const double noise = std::pow(10, uniform(-3, -1)) * trial.truth[0];
  const Index count = 30 + random.below(31);
  const double top = uniform(0.75, 0.999);
  const double bottom = std::max(1e-3, (top - 0.5) * random.uniform());
  trial.data = exact_data(model,
                          trial.truth,
                          log_lags(lag_of_level(model, trial.truth, top),
                                   lag_of_level(model, trial.truth, bottom),
                                   count),
                          noise);
  for (double& v : trial.data.value)
    v += noise * random.normal();
  return trial;
}

} // namespace vitrum::fit
