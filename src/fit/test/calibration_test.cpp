// Ten thousand virtual measurements: is the minimum found the global one, and are the errors right?
// The short version runs with the unit tests.
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include "support.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

// The same data from the best start there is. Only the fitter itself can be asked, so a narrow box
// around the truth makes its grid begin there; the second call then searches from that solution.
double chi2_from(const Trial& trial, const std::vector<double>& centre, double width) {
  FitOptions options;
  options.profile = false;
  const auto& known = models::parameters(trial.model);
  for (std::size_t j = 2; j < known.size(); ++j) {
    double low = centre[j] - width, high = centre[j] + width;
    if (known[j].is_time) {
      low = centre[j] * std::exp(-width);
      high = centre[j] * std::exp(width);
    }
    low = std::max(low, known[j].low);
    high = std::min(high, known[j].high);
    options.bounds[known[j].name] = {low, high};
  }
  return fit_decay(trial.model, trial.data, options).chi2;
}

struct Outcome {
  Trial trial;
  FitResult result;
  double truth_chi2 = 0; // lowest of what starts at and around the truth reached
};

std::vector<Outcome> run(DecayModel model, Index count) {
  std::vector<Outcome> outcomes(static_cast<std::size_t>(count));
  parallel_for(0, count, 4, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      Outcome& o = outcomes[static_cast<std::size_t>(k)];
      o.trial = make_trial(model, static_cast<std::uint64_t>(k));
      o.result = fit_decay(model, o.trial.data);
      o.truth_chi2 =
          std::min(chi2_from(o.trial, o.trial.truth, 0.05), chi2_from(o.trial, o.trial.truth, 0.5));
    }
  });
  return outcomes;
}

Index worse_minima(const std::vector<Outcome>& outcomes) {
  Index worse = 0;
  for (const Outcome& o : outcomes)
    worse += o.result.chi2 > o.truth_chi2 + 1e-3;
  return worse;
}

// The pull of a parameter: √(rise of chi² when it is held at its truth), with the sign of the
// deviation. Where chi² is a parabola that is deviation / error; where it is not, it is the pull in
// the parametrisation that makes it one, the one in which error_low and error_high are equal, and
// it is known where an interval is open or cut off by a bound. So no fit is left out for its
// outcome: to leave out those whose interval does not close shifts the mean of those that stay.
std::vector<double> pulls_of(const Trial& trial, const FitResult& fit) {
  std::vector<double> pulls;
  for (std::size_t j = 0; j < trial.truth.size(); ++j) {
    FitOptions options;
    options.profile = false;
    options.fixed[fit.parameters[j].name] = trial.truth[j];
    const double rise = fit_decay(trial.model, trial.data, options).chi2 - fit.chi2;
    pulls.push_back(
        std::copysign(std::sqrt(std::max(rise, 0.0)), fit.parameters[j].value - trial.truth[j]));
  }
  return pulls;
}

// Whether an experiment can determine the parameters is a matter of its truth, lags and noise, not
// of its outcome: the fit of the exact curve says so. First the errors to be expected, which are
// cheap: beyond a factor of two in a time the fit never says so.
bool determined(const Trial& trial) {
  const std::size_t n = trial.data.lag_s.size(), k = trial.truth.size();
  std::vector<double> curve(n), jacobian(n * k);
  models::evaluate(trial.model, trial.truth, trial.data.lag_s, curve, jacobian);
  const auto& known = models::parameters(trial.model);
  Eigen::MatrixXd j(static_cast<Index>(n), static_cast<Index>(k));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t p = 0; p < k; ++p)
      j(static_cast<Index>(i), static_cast<Index>(p)) =
          jacobian[i * k + p] * (known[p].is_time ? trial.truth[p] : 1) / trial.data.sigma[i];
  const Eigen::MatrixXd covariance = (j.transpose() * j).inverse();
  for (std::size_t p = 0; p < k; ++p)
    if (known[p].is_time &&
        !(covariance(static_cast<Index>(p), static_cast<Index>(p)) < std::pow(std::log(2.0), 2)))
      return false;
  FitData exact = trial.data;
  exact.value = curve;
  return fit_decay(trial.model, exact).status == FitStatus::converged;
}

struct Pulls {
  std::vector<Moments> counted, converged; // all that count, and those that call themselves so
  std::map<std::string, Index> statuses;
};

// `by_design`: only experiments that can determine the parameters count.
Pulls pulls(DecayModel model, Index count, bool by_design) {
  struct One {
    bool counts = true;
    FitStatus status = FitStatus::converged;
    std::vector<double> pulls;
  };
  std::vector<One> all(static_cast<std::size_t>(count));
  parallel_for(0, count, 16, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      One& one = all[static_cast<std::size_t>(k)];
      const Trial trial = make_trial(model, static_cast<std::uint64_t>(k));
      one.counts = !by_design || determined(trial);
      if (!one.counts)
        continue;
      const auto fit = fit_decay(model, trial.data);
      one.status = fit.status;
      one.pulls = pulls_of(trial, fit);
    }
  });
  const std::size_t parameters = models::parameters(model).size();
  Pulls result{std::vector<Moments>(parameters), std::vector<Moments>(parameters), {}};
  for (const One& one : all) {
    if (!one.counts)
      continue;
    ++result.statuses[std::string(name(one.status))];
    for (std::size_t j = 0; j < parameters; ++j) {
      result.counted[j].add(one.pulls[j]);
      if (one.status == FitStatus::converged)
        result.converged[j].add(one.pulls[j]);
    }
  }
  return result;
}

void print(DecayModel model, Index count, const Pulls& p) {
  std::printf("%s, %lld truths, %lld counted:",
              std::string(models::name(model)).c_str(),
              static_cast<long long>(count),
              static_cast<long long>(p.counted[0].count));
  for (const auto& [status, n] : p.statuses)
    std::printf(" %lld %s,", static_cast<long long>(n), status.c_str());
  std::printf("\n");
  for (std::size_t j = 0; j < p.converged.size(); ++j)
    std::printf("  %-14s pull %+.3f ± %.3f, width %.3f; converged only: %+.3f ± %.3f, %.3f\n",
                models::parameters(model)[j].name.c_str(),
                p.counted[j].mean,
                p.counted[j].error(),
                p.counted[j].deviation(),
                p.converged[j].mean,
                p.converged[j].error(),
                p.converged[j].deviation());
  std::fflush(stdout);
}

bool one_process(DecayModel model) {
  return model != DecayModel::kww2 && model != DecayModel::power_cutoff;
}

TEST(DecayFit, FindsGlobalMinimaWithHonestErrors) {
  for (const DecayModel model : {DecayModel::exp, DecayModel::kww, DecayModel::ml}) {
    const auto outcomes = run(model, 60);
    EXPECT_EQ(worse_minima(outcomes), 0) << models::name(model);
    for (const Moments& pull : pulls(model, 60, false).counted) {
      EXPECT_NEAR(pull.mean, 0, 0.5) << models::name(model); // 4/√60
      EXPECT_NEAR(pull.deviation(), 1, 0.4) << models::name(model);
    }
  }
}

TEST(DecayFitCalibration, TheMinimumFoundIsTheGlobalOne) {
  Index worse = 0, total = 0;
  for (const DecayModel model : models::all_decay_models) {
    const Index count = 2000;
    const auto outcomes = run(model, count);
    std::map<std::string, Index> statuses;
    for (const Outcome& o : outcomes)
      ++statuses[std::string(name(o.result.status))];
    std::printf("%s: %lld of %lld worse than from the truth;",
                std::string(models::name(model)).c_str(),
                static_cast<long long>(worse_minima(outcomes)),
                static_cast<long long>(count));
    for (const auto& [status, n] : statuses)
      std::printf(" %lld %s,", static_cast<long long>(n), status.c_str());
    std::printf("\n");
    worse += worse_minima(outcomes);
    total += count;
  }
  EXPECT_LE(static_cast<double>(worse), 0.001 * static_cast<double>(total));
}

// 20,000 truths of each model of one process, all counted: every pull has mean 0 ± 0.05 and width 1
// ± 0.1, and those that call themselves converged have it too. The standard error of a mean is
// 0.007.
TEST(DecayFitCalibration, PullsOfOneProcess) {
  for (const DecayModel model : models::all_decay_models) {
    if (!one_process(model))
      continue;
    const Index count = 20000;
    const auto found = pulls(model, count, false);
    print(model, count, found);
    EXPECT_EQ(found.counted[0].count, count);
    for (const auto* group : {&found.counted, &found.converged})
      for (std::size_t j = 0; j < group->size(); ++j) {
        EXPECT_NEAR((*group)[j].mean, 0, 0.05) << models::name(model) << j;
        EXPECT_NEAR((*group)[j].deviation(), 1, 0.1) << models::name(model) << j;
      }
  }
}

// Models of two times: most experiments cannot determine them, and their status says so. Those that
// can are all counted, whatever their outcome. Of kww2 they are 2,300, the standard error of a mean
// is 0.02; of power-cutoff only 160, and two standard errors of 0.08 are allowed beside 0.05.
TEST(DecayFitCalibration, PullsOfTwoProcessesWhereTheyAreDetermined) {
  for (const DecayModel model : {DecayModel::kww2, DecayModel::power_cutoff}) {
    const Index count = model == DecayModel::kww2 ? 30000 : 10000;
    const auto found = pulls(model, count, true);
    print(model, count, found);
    for (std::size_t j = 0; j < found.counted.size(); ++j) {
      const Moments& pull = found.counted[j];
      const double noise = model == DecayModel::power_cutoff ? 2 * pull.error() : 0;
      EXPECT_NEAR(pull.mean, 0, 0.05 + noise) << models::name(model) << j;
      EXPECT_NEAR(pull.deviation(), 1, 0.1) << models::name(model) << j;
    }
  }
}

} // namespace
} // namespace vitrum::fit
