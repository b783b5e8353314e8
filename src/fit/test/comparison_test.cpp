// Model comparison on virtual decays with correlated lags: the right law is preferred where it can
// be, and "undecided" is the answer where it cannot.
#include <cmath>
#include <cstdio>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/fit/comparison.hpp"
#include "vitrum/fit/exponential_bins.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

/// A decay at `count` lags from `first` to `last` with noise of `noise` times the contrast whose
/// correlation falls by e over a decade of lag, as that of g2 does; `rank` deviations drawn from
/// the same law stand for the groups of pixels that an experiment has.
FitData virtual_decay(DecayModel model,
                      const std::vector<double>& p,
                      double first,
                      double last,
                      Index count,
                      double noise,
                      Index rank,
                      std::uint64_t seed) {
  FitData data = exact_data(model, p, log_lags(first, last, count), noise * p[0]);
  data.sigma.clear();
  Random random(4711, seed);
  const double step = std::log10(data.lag_s[1] / data.lag_s[0]);
  const double kept = std::exp(-step);
  const auto draw = [&] {
    std::vector<double> e(data.lag_s.size());
    double state = random.normal();
    for (std::size_t i = 0; i < e.size(); ++i) {
      // the scatter of g2 grows with lag, by a factor of three over the decay
      const double size =
          noise * p[0] * (1 + 2 * static_cast<double>(i) / static_cast<double>(e.size()));
      e[i] = size * state;
      state = kept * state + std::sqrt(1 - kept * kept) * random.normal();
    }
    return e;
  };
  const auto error = draw();
  for (std::size_t i = 0; i < error.size(); ++i)
    data.value[i] += error[i];
  for (Index r = 0; r < rank; ++r)
    for (const double e : draw())
      data.deviation.push_back(e / std::sqrt(static_cast<double>(rank)));
  return data;
}

TEST(WholeCovariance, EqualsIndependentPointsForADiagonal) {
  auto data = exact_data(DecayModel::kww, {0.2, 1, 30, 0.6}, log_lags(0.1, 1e4, 40), 1e-3);
  Random random(3);
  for (double& v : data.value)
    v += 1e-3 * random.normal();
  FitOptions options;
  options.whole_covariance = true;
  for (const DecayModel model : models::all_decay_models) {
    const auto plain = fit_decay(model, data), whole = fit_decay(model, data, options);
    EXPECT_NEAR(whole.chi2, plain.chi2, 1e-6);
    for (std::size_t j = 0; plain.status == FitStatus::converged && j < plain.parameters.size();
         ++j)
      EXPECT_NEAR(whole.parameters[j].error / plain.parameters[j].error, 1, 1e-3);
  }
}

TEST(WholeCovariance, WeighsAsTheInverseDoes) {
  // Two lags of an exponential with known baseline and time: contrast = aᵀΣ⁻¹y / aᵀΣ⁻¹a by hand.
  FitData data;
  data.lag_s = {0, 1};
  data.value = {1.5, 1.2};
  data.covariance = {0.04, 0.03, 0.03, 0.09};
  FitOptions options;
  options.whole_covariance = true;
  options.fixed = {{"baseline", 1}, {"tau_s", 2 / std::log(2.0)}}; // decays 1 and 1/2
  const auto fit = fit_decay(DecayModel::exp, data, options);
  const double d = 0.04 * 0.09 - 0.03 * 0.03;
  const double s11 = 0.09 / d, s12 = -0.03 / d, s22 = 0.04 / d;
  const double aa = s11 + 2 * s12 * 0.5 + s22 * 0.25;
  const double ay = s11 * 0.5 + s12 * (0.2 + 0.5 * 0.5) + s22 * 0.5 * 0.2;
  EXPECT_NEAR(fit.at("contrast").value, ay / aa, 1e-12);
  EXPECT_NEAR(fit.at("contrast").error, 1 / std::sqrt(aa), 1e-12);
  data.covariance = {0.04, 0.06, 0.06, 0.09}; // singular
  EXPECT_THROW((void)fit_decay(DecayModel::exp, data, options), DataError);
}

TEST(ExponentialBins, AverageValuesAndErrors) {
  FitData data;
  data.lag_s = {1, 10, 11, 12, 100};
  data.value = {5, 1, 2, 6, 7};
  data.deviation = {1, 1, 2, 3, 4, 0, 1, -1, 0, 2};
  const std::vector<double> pairs{4, 1, 2, 1, 1};
  const auto bins = exponential_bins(data, pairs, 2);
  ASSERT_EQ(bins.lag_s.size(), 3U);
  EXPECT_NEAR(bins.lag_s[1], (10 + 2 * 11 + 12) / 4.0, 1e-14);
  EXPECT_NEAR(bins.value[1], (1 + 2 * 2 + 6) / 4.0, 1e-14);
  EXPECT_NEAR(bins.deviation[1], (1 + 2 * 2 + 3) / 4.0, 1e-14);
  EXPECT_NEAR(bins.deviation[4], (1 - 2 * 1 + 0) / 4.0, 1e-14);
  EXPECT_NEAR(bins.sigma[1], std::hypot(2, 0.25), 1e-14);
  EXPECT_NEAR(bins.lag_spread_s[1], std::sqrt(0.5), 1e-12);
}

TEST(ModelComparison, IsTheSameForAnyNumberOfThreadsAndSaysWhy) {
  const auto data = virtual_decay(DecayModel::ml, {0.2, 1, 30, 0.7}, 0.3, 3e4, 26, 0.005, 40, 1);
  ComparisonOptions options;
  options.replicates = 60;
  const auto a = compare_models(data, options);
  // the truth is left, and so is the law next to it
  EXPECT_EQ(a.verdict, "undecided");
  EXPECT_TRUE(
      a.reason.starts_with("the data do not tell ml, ml-squared apart; contradicted: kww by "))
      << a.reason;
  EXPECT_EQ(a.tests.size(), 20U);
  EXPECT_GT(a.lag_difference.error_s, 0);
  const auto b = compare_models(data, options);
  for (std::size_t i = 0; i < a.tests.size(); ++i)
    EXPECT_EQ(a.tests[i].probability, b.tests[i].probability);
  options.models = {DecayModel::kww, DecayModel::ml};
  const auto two = compare_models(data, options);
  EXPECT_EQ(two.verdict, "ml") << two.reason;
  FitData bare = data;
  bare.deviation.clear();
  EXPECT_THROW((void)compare_models(bare, options), DataError);
  options.models = {DecayModel::kww};
  EXPECT_THROW((void)compare_models(data, options), OptionError);
}

TEST(ModelComparison, LagDifferenceOfKnownCurves) {
  // Without noise to speak of each model finds itself, and the other is as far as it is.
  auto data = exact_data(DecayModel::ml, {0.2, 1, 100, 0.7}, log_lags(1, 1e5, 26), 1e-5);
  ComparisonOptions options;
  options.models = {DecayModel::kww, DecayModel::ml};
  options.replicates = 20;
  const auto c = compare_models(data, options);
  EXPECT_EQ(c.verdict, "ml");
  const auto g2 = [&](std::size_t m, double lag) {
    std::vector<double> p;
    for (const auto& parameter : c.scores[m].fit.parameters)
      p.push_back(parameter.value);
    double value = 0;
    models::evaluate(options.models[m], p, {&lag, 1}, {&value, 1});
    return value;
  };
  EXPECT_NEAR(c.lag_difference.level, std::max(g2(0, 1e5), g2(1, 1e5)), 1e-12);
  const std::size_t deeper = g2(0, 1e5) < g2(1, 1e5) ? 0 : 1; // the other one is there at the end
  const double sign = deeper == 0 ? -1 : 1;
  EXPECT_NEAR(g2(deeper, 1e5 + sign * c.lag_difference.difference_s), c.lag_difference.level, 1e-9);
}

struct Verdicts {
  std::map<std::string, Index> count; // by verdict, the undecided by the laws that are left
  Index named = 0, undecided = 0, wrong = 0;
  Index contained = 0; // the truth is the verdict or among what is left
  Index nearest = 0;   // of the laws with as few parameters the truth has the lowest chi²
};

Verdicts verdicts(DecayModel truth,
                  const std::vector<double>& p,
                  double last,
                  double noise,
                  Index seeds,
                  const ComparisonOptions& options) {
  std::vector<Comparison> found(static_cast<std::size_t>(seeds));
  parallel_for(0, seeds, 1, [&](Index begin, Index) {
    const auto data = virtual_decay(
        truth, p, last > 100 ? 1.2 : 0.1, last, 26, noise, 45, static_cast<std::uint64_t>(begin));
    found[static_cast<std::size_t>(begin)] = compare_models(data, options);
  });
  const std::string name(models::name(truth));
  const std::size_t size = models::parameters(truth).size();
  Verdicts out;
  for (const Comparison& c : found) {
    const bool undecided = c.verdict == "undecided";
    const std::string left = c.reason.substr(0, c.reason.find(';'));
    ++out.count[undecided ? "undecided: " + left : c.verdict];
    out.named += c.verdict == name;
    out.undecided += undecided;
    out.wrong += !undecided && c.verdict != name;
    // "the data do not tell kww, ml-squared apart"
    out.contained +=
        c.verdict == name || (undecided && (left.find(" " + name + ",") != std::string::npos ||
                                            left.find(" " + name + " apart") != std::string::npos));
    double lowest = 1e300;
    DecayModel best = truth;
    for (const auto& score : c.scores)
      if (models::parameters(score.fit.model).size() == size && score.fit.chi2 < lowest) {
        lowest = score.fit.chi2;
        best = score.fit.model;
      }
    out.nearest += best == truth;
  }
  return out;
}

// Exponent 0.7, 30 s: over the four decades from 1.2 s ml falls to 0.5 %, which noise of 0.15 to
// 0.45 % of the contrast, correlated over lags, still shows. The short series ends at 40 s; as long
// a part of the same measurement has √(12,000 s/40 s) = 17 times the noise, 2.6 %: it has 2 %.
//
// What "preferred" means where laws contain others: kww2 contains kww, and kww2 and power-cutoff
// have more parameters. They fit what kww fits, so their chi² is never much higher and no test
// contradicts them; nor is that wrong. Of the laws that nothing contradicts the verdict is the one
// with the fewest parameters, if it is alone: the test against a larger rival is whether the
// larger one gains more than it does on data of the smaller, which is the likelihood-ratio test of
// nested models. AIC or BIC would ask for a fixed gain whatever the covariance, estimated from 45
// deviations, does to chi².
//
// Of all five laws ml-squared is so near to kww that their chi² differ by 50 ± 20 at noise of 0.15
// % (14 if the covariance were known): with the level of 1 % shared by four rivals a few series in
// a hundred stay undecided between the two. There the truth must be left; at 0.1 % it must be
// named.
TEST(ModelComparisonCalibration, TheRightLawIsPreferred) {
  ComparisonOptions two;
  two.models = {DecayModel::kww, DecayModel::ml};
  two.folds = 0;
  ComparisonOptions all;
  all.folds = 0;
  struct Case {
    const char* what;
    DecayModel truth;
    double last, noise;
    const ComparisonOptions& options;
    Index seeds;
    double named, undecided; // least shares of them
  };
  const Case cases[] = {{"two laws", DecayModel::ml, 1.2e4, 0.0015, two, 300, 0.99, 0},
                        {"two laws", DecayModel::kww, 1.2e4, 0.0015, two, 300, 0.99, 0},
                        {"short series", DecayModel::ml, 40, 0.02, two, 300, 0, 0.95},
                        {"short series", DecayModel::kww, 40, 0.02, two, 300, 0, 0.95},
                        {"five laws", DecayModel::ml, 1.2e4, 0.001, all, 100, 0.99, 0},
                        {"five laws", DecayModel::kww, 1.2e4, 0.001, all, 100, 0.99, 0},
                        {"five laws", DecayModel::ml, 1.2e4, 0.0015, all, 100, 0, 0},
                        {"five laws", DecayModel::kww, 1.2e4, 0.0015, all, 100, 0, 0}};
  for (const Case& c : cases) {
    const auto found = verdicts(c.truth, {0.2, 1, 30, 0.7}, c.last, c.noise, c.seeds, c.options);
    const auto n = static_cast<double>(c.seeds);
    std::printf("truth %s, %s, to %g s, noise %g: truth has the lowest chi2 in %.1f %%, is left in "
                "%.1f %%;",
                std::string(models::name(c.truth)).c_str(),
                c.what,
                c.last,
                c.noise,
                100.0 * static_cast<double>(found.nearest) / n,
                100.0 * static_cast<double>(found.contained) / n);
    for (const auto& [verdict, times] : found.count)
      std::printf(" %s %.1f %%", verdict.c_str(), 100.0 * static_cast<double>(times) / n);
    std::printf("\n");
    std::fflush(stdout);
    EXPECT_LE(static_cast<double>(found.wrong), 0.01 * n + 2 * std::sqrt(0.01 * n)) << c.what;
    EXPECT_GE(static_cast<double>(found.contained), 0.99 * n) << c.what;
    EXPECT_GE(static_cast<double>(found.named), c.named * n) << c.what;
    EXPECT_GE(static_cast<double>(found.undecided), c.undecided * n) << c.what;
  }
}

} // namespace
} // namespace vitrum::fit
