// Ten thousand virtual measurements: is the minimum found the global one, and are the errors right?
// The short version runs with the unit tests.
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

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

// Distance to the truth in errors of the side the truth is on; an open interval holds everything.
struct Pulls {
  std::vector<Moments> converged, open_too;
};

Pulls pulls(const std::vector<Outcome>& outcomes) {
  const std::size_t count = outcomes[0].trial.truth.size();
  Pulls result{std::vector<Moments>(count), std::vector<Moments>(count)};
  for (const Outcome& o : outcomes) {
    if (o.result.status == FitStatus::at_bound || o.result.status == FitStatus::not_converged)
      continue;
    for (std::size_t j = 0; j < count; ++j) {
      const auto& p = o.result.parameters[j];
      double distance = p.value - o.trial.truth[j], low = p.error_low, high = p.error_high;
      if (p.unit == "s") { // in ln tau
        distance = std::log(p.value / o.trial.truth[j]);
        low = -std::log1p(-low / p.value);
        high = std::log1p(high / p.value);
      }
      const double side = distance > 0 ? low : high;
      if (std::isnan(side))
        continue;
      result.open_too[j].add(distance / side);
      if (o.result.status == FitStatus::converged)
        result.converged[j].add(distance / side);
    }
  }
  return result;
}

void print(DecayModel model, const std::vector<Outcome>& outcomes, const Pulls& p) {
  std::map<std::string, Index> statuses;
  for (const Outcome& o : outcomes)
    ++statuses[std::string(name(o.result.status))];
  std::printf("%s:", std::string(models::name(model)).c_str());
  for (const auto& [status, count] : statuses)
    std::printf(" %lld %s,", static_cast<long long>(count), status.c_str());
  std::printf(" %lld worse than from the truth\n", static_cast<long long>(worse_minima(outcomes)));
  for (std::size_t j = 0; j < p.converged.size(); ++j)
    std::printf("  %-14s pull %+.3f ± %.3f, width %.3f; not only converged: %+.3f ± %.3f, %.3f\n",
                models::parameters(model)[j].name.c_str(),
                p.converged[j].mean,
                p.converged[j].error(),
                p.converged[j].deviation(),
                p.open_too[j].mean,
                p.open_too[j].error(),
                p.open_too[j].deviation());
}

TEST(DecayFit, FindsGlobalMinimaWithHonestErrors) {
  for (const DecayModel model : {DecayModel::exp, DecayModel::kww, DecayModel::ml}) {
    const auto outcomes = run(model, 120);
    EXPECT_EQ(worse_minima(outcomes), 0) << models::name(model);
    for (const Moments& pull : pulls(outcomes).open_too) {
      EXPECT_NEAR(pull.mean, 0, 0.4) << models::name(model); // 4/√120
      EXPECT_NEAR(pull.deviation(), 1, 0.3) << models::name(model);
    }
  }
}

TEST(DecayFitCalibration, TenThousandTruths) {
  Index worse = 0, total = 0;
  for (const DecayModel model : models::all_decay_models) {
    const auto outcomes = run(model, 2000);
    const auto found = pulls(outcomes);
    print(model, outcomes, found);
    worse += worse_minima(outcomes);
    total += 2000;
    // Of one process every interval is counted, open ones included: to leave out fits by their own
    // outcome shifts the mean of those that stay. Of two processes only those that claim to be
    // determined; 0.05 and four standard errors of the mean.
    const bool two = model == DecayModel::kww2;
    for (std::size_t j = 0; j < found.converged.size(); ++j) {
      const Moments& pull = two ? found.converged[j] : found.open_too[j];
      EXPECT_NEAR(pull.mean, 0, two ? 0.05 + 4 * pull.error() : 0.05) << models::name(model) << j;
      EXPECT_NEAR(pull.deviation(), 1, 0.1) << models::name(model) << j;
    }
  }
  EXPECT_LE(static_cast<double>(worse), 0.001 * static_cast<double>(total));
}

} // namespace
} // namespace vitrum::fit
