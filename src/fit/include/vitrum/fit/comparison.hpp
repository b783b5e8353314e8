// Which law of decay do the data prefer? Several models fitted with the full covariance of the
// lags, and tests of each against each by parametric bootstrap.
#pragma once
#include <string>
#include <vector>

#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {

struct ComparisonOptions {
  std::vector<models::DecayModel> models{models::DecayModel::kww,
                                         models::DecayModel::ml,
                                         models::DecayModel::ml_squared,
                                         models::DecayModel::kww2,
                                         models::DecayModel::power_cutoff}; // two or more
  std::vector<FitOptions> fits; // bounds and fixed parameters, one per model; empty: none
  double level = 0.01;    // chance that a true model is called contradicted; shared by its rivals
  Index replicates = 200; // virtual data sets drawn from each model, 20 or more
  Index folds = 5;        // contiguous runs of lags held out in turn, 0: none
  std::uint64_t seed = 1;
};
/// Throws OptionError.
void validate(const ComparisonOptions& options);

struct ModelScore {
  FitResult fit;       // of all lags, generalised least squares
  double gof = 0;      // probability of a chi² as large, if the model is right; as in PairTest
                       // where the covariance is estimated
  double held_out = 0; // mean squared prediction error of the lags held out, in units of their
                       // conditional variance given the others: 1 for the right model. NaN without
};

/// Cox's test (J. R. Stat. Soc. B 24 (1962) 406) by simulation (Williams, J. Appl. Probab. 7
/// (1970)): the statistic is chi²(model) − chi²(rival); its distribution if `model` is true comes
/// from data sets drawn from it, with the covariance of the data, and fitted with both. Where the
/// covariance comes from deviations each data set has its own, estimated from as many deviations:
/// taken as known it would let noise pass for evidence.
struct PairTest {
  std::size_t model = 0, rival = 0; // places in `scores`
  double statistic = 0;
  double mean = 0, deviation = 0; // of the statistic when `model` is true
  double probability = 0;         // of one as large then: small contradicts the model. Pearson's
                                  // type III law through three moments where replicates end, or
                                  // the normal one where they are skewed the other way
};

/// Between the first and the second model, at the deepest decorrelation that both curves reach: the
/// larger of their values at the longest lag. How much later is the second there?
struct LagDifference {
  double level = 0;        // g2
  double difference_s = 0; // lag of the second minus lag of the first
  double error_s = 0;      // spread of it over data sets drawn from the model with the lower chi²
};

struct Comparison {
  FitData data; // as compared
  std::vector<ModelScore> scores;
  std::vector<PairTest> tests;
  std::string verdict; // name of the model, or "undecided"
  std::string reason;  // a sentence
  double level = 0;
  LagDifference lag_difference;
};

/// Needs errors: throws DataError without sigma, deviations or covariance. Deviations are first
/// shrunk to a positive definite covariance (exponential_bins.hpp).
///
/// Verdict: a model is contradicted by a rival when the probability of its test is below level /
/// rivals and below that of the rival's test against it: of two that are both far from the data
/// only the farther one is. Of the models that remain those with the fewest parameters
/// count, for a larger one is not needed; if one is left it is the verdict, else "undecided".
[[nodiscard]] Comparison compare_models(const FitData& data, const ComparisonOptions& options = {});

} // namespace vitrum::fit
