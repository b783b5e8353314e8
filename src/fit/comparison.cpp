#include "vitrum/fit/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "problem.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/exponential_bins.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool usable(const FitResult& fit) {
  return fit.status != FitStatus::too_few_points && fit.status != FitStatus::not_converged;
}

/// Lag at which the fitted g2, which falls, has the value `level`; within [0, last].
double lag_at(DecayModel model, const std::vector<double>& p, double level, double last) {
  double low = std::log(last) - 60, high = std::log(last);
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2, lag = std::exp(middle);
    double g2 = 0;
    models::evaluate(model, p, {&lag, 1}, {&g2, 1});
    (g2 > level ? low : high) = middle;
  }
  return std::exp((low + high) / 2);
}

struct TwoCurves {
  DecayModel first, second;
  double last_lag_s;
  [[nodiscard]] LagDifference difference(const std::vector<double>& p,
                                         const std::vector<double>& q) const {
    const auto end_of = [&](DecayModel model, const std::vector<double>& values) {
      double g2 = 0;
      models::evaluate(model, values, {&last_lag_s, 1}, {&g2, 1});
      return g2;
    };
    LagDifference result;
    const double p_end = end_of(first, p), q_end = end_of(second, q);
    result.level = std::max(p_end, q_end);
    // The higher one is there at the end, perhaps on a plateau: the lower one says when.
    result.difference_s = p_end < q_end ? last_lag_s - lag_at(first, p, result.level, last_lag_s)
                                        : lag_at(second, q, result.level, last_lag_s) - last_lag_s;
    return result;
  }
};

/// Probability of a value above t for a law with the moments of the sample: Pearson's type III
/// where it is skewed towards large values, else the normal one. Skewed towards small values type
/// III would end at 2/|skew| widths above the mean, which a sample of its bulk cannot vouch for.
double tail(std::span<const double> sample, double t) {
  const Moments m = moments(sample);
  const double deviation = m.deviation();
  Index above = 0;
  double third = 0;
  for (const double x : sample) {
    above += x >= t;
    third += std::pow((x - m.mean) / deviation, 3);
  }
  const auto n = static_cast<double>(sample.size());
  if (above >= 10 || !(deviation > 0))
    return (static_cast<double>(above) + 1) / (n + 1);
  const double skew = third / n, x = (t - m.mean) / deviation;
  if (skew < 0.02)
    return 0.5 * std::erfc(x / std::sqrt(2.0));
  const double shape = 4 / (skew * skew);
  const double y = shape + x * std::sqrt(shape);
  return y > 0 ? upper_gamma(shape, y) : 1;
}

/// Everything that does not change from one virtual data set to the next. A covariance that was
/// estimated from deviations is estimated anew in each data set, from as many: what such an
/// estimate does to chi² is then part of the law that the statistic is held against.
class Bootstrap {
public:
  /// `rank`: rows of deviations behind the covariance of the data; 0: it is known.
  Bootstrap(const FitData& data,
            std::size_t rank,
            const ComparisonOptions& options,
            const std::vector<FitOptions>& fits,
            const std::vector<ModelScore>& scores)
      : options_(options), rank_(rank) {
    for (std::size_t m = 0; m < options.models.size(); ++m)
      problems_.emplace_back(options.models[m], data, fits[m]);
    const auto& row = problems_[0].row;
    for (std::size_t null = 0; null < scores.size(); ++null) {
      auto& mean = means_.emplace_back();
      FitData exact = data;
      for (const Index i : row)
        mean.push_back(scores[null].fit.curve[static_cast<std::size_t>(i)]);
      for (std::size_t i = 0; i < exact.value.size(); ++i)
        exact.value[i] = scores[null].fit.curve[i];
      auto& starts = starts_.emplace_back(scores.size());
      for (std::size_t m = 0; m < scores.size(); ++m) {
        auto fit_options = fits[m];
        fit_options.profile = false;
        if (m != null) // where the rival lands when the null is true
          starts[m].push_back(start_of(m, fit_decay(options.models[m], exact, fit_options)));
        starts[m].push_back(start_of(m, scores[m].fit));
      }
    }
  }

  struct Draw {
    std::vector<double> chi2;                    // [model]
    std::vector<std::vector<double>> parameters; // [model]
  };

  [[nodiscard]] Draw draw(std::size_t null, Index replicate) const {
    Random random(options_.seed, static_cast<std::uint64_t>(replicate) * problems_.size() + null);
    const auto& factor = problems_[0].factor();
    const Index n = factor.rows();
    const auto noise = [&] {
      Eigen::VectorXd z(n);
      for (double& v : z)
        v = random.normal();
      return Eigen::VectorXd(factor.triangularView<Eigen::Lower>() * z);
    };
    auto values = means_[null];
    Eigen::Map<Eigen::VectorXd>(values.data(), n) += noise();
    Eigen::MatrixXd weighing = factor;
    if (rank_ > 0) {
      FitData estimate;
      estimate.lag_s = estimate.value = values; // only their number counts
      estimate.deviation.resize(rank_ * values.size());
      Eigen::Map<Eigen::MatrixXd> rows(estimate.deviation.data(), n, static_cast<Index>(rank_));
      for (Index r = 0; r < rows.cols(); ++r)
        rows.col(r) = noise() / std::sqrt(static_cast<double>(rank_));
      const auto shrunk = shrink_covariance(estimate);
      weighing = cholesky(Eigen::Map<const Eigen::MatrixXd>(shrunk.covariance.data(), n, n));
    }
    Draw result;
    for (std::size_t m = 0; m < problems_.size(); ++m) {
      Problem problem = problems_[m];
      problem.replace_data(values, weighing);
      Minimum best;
      best.chi2 = std::numeric_limits<double>::infinity();
      for (const Vector& start : starts_[null][m])
        if (auto found = minimise(problem, start, 100); found.chi2 < best.chi2)
          best = std::move(found);
      result.chi2.push_back(best.chi2);
      result.parameters.push_back(problem.natural(best.all));
    }
    return result;
  }

private:
  [[nodiscard]] Vector start_of(std::size_t m, const FitResult& fit) const {
    std::vector<double> values;
    for (const auto& p : fit.parameters)
      values.push_back(p.value);
    return problems_[m].internal(values);
  }

  const ComparisonOptions& options_;
  std::vector<Problem> problems_;
  std::size_t rank_;
  std::vector<std::vector<double>> means_;               // [null], curves
  std::vector<std::vector<std::vector<Vector>>> starts_; // [null][model]
};

FitData subset(const FitData& data, const std::vector<std::size_t>& points) {
  const std::size_t n = data.lag_s.size();
  FitData part;
  for (const std::size_t i : points) {
    part.lag_s.push_back(data.lag_s[i]);
    part.value.push_back(data.value[i]);
    if (!data.lag_spread_s.empty())
      part.lag_spread_s.push_back(data.lag_spread_s[i]);
    for (const std::size_t k : points)
      part.covariance.push_back(data.covariance[i * n + k]);
  }
  return part;
}

/// Mean squared error of the prediction of each fold from the fit to the others, given what the
/// residuals of the others say about those of the fold.
double held_out_score(DecayModel model,
                      const FitData& data,
                      const std::vector<std::size_t>& points,
                      const FitOptions& options,
                      Index folds) {
  const std::size_t n = data.lag_s.size();
  double sum = 0;
  Index count = 0;
  for (Index fold = 0; fold < folds; ++fold) {
    std::vector<std::size_t> in, out;
    for (std::size_t k = 0; k < points.size(); ++k)
      (static_cast<Index>(k) * folds / static_cast<Index>(points.size()) == fold ? out : in)
          .push_back(points[k]);
    auto fit_options = options;
    fit_options.profile = false;
    const auto fit = fit_decay(model, subset(data, in), fit_options);
    if (fit.status == FitStatus::too_few_points)
      return nan;
    std::vector<double> p;
    for (const auto& parameter : fit.parameters)
      p.push_back(parameter.value);
    const auto residual = [&](std::size_t i) {
      const double spread = data.lag_spread_s.empty() ? 0 : data.lag_spread_s[i];
      const double lags[] = {data.lag_s[i] - spread, data.lag_s[i] + spread};
      double ends[2];
      models::evaluate(model, p, lags, ends);
      return data.value[i] - (ends[0] + ends[1]) / 2;
    };
    const auto block = [&](const auto& rows, const auto& columns) {
      Eigen::MatrixXd matrix(static_cast<Index>(rows.size()), static_cast<Index>(columns.size()));
      for (Index a = 0; a < matrix.rows(); ++a)
        for (Index b = 0; b < matrix.cols(); ++b)
          matrix(a, b) = data.covariance[rows[static_cast<std::size_t>(a)] * n +
                                         columns[static_cast<std::size_t>(b)]];
      return matrix;
    };
    Eigen::VectorXd r_in(static_cast<Index>(in.size())), r_out(static_cast<Index>(out.size()));
    for (std::size_t k = 0; k < in.size(); ++k)
      r_in[static_cast<Index>(k)] = residual(in[k]);
    for (std::size_t k = 0; k < out.size(); ++k)
      r_out[static_cast<Index>(k)] = residual(out[k]);
    const Eigen::LLT<Eigen::MatrixXd> known(block(in, in));
    const Eigen::MatrixXd cross = block(in, out);
    const Eigen::VectorXd error = r_out - cross.transpose() * known.solve(r_in);
    const Eigen::MatrixXd variance = block(out, out) - cross.transpose() * known.solve(cross);
    sum += error.dot(variance.llt().solve(error));
    count += static_cast<Index>(out.size());
  }
  return sum / static_cast<double>(count);
}

std::string contradicted_by(const Comparison& c, std::size_t model, double level) {
  const auto probability = [&](std::size_t m, std::size_t rival) {
    for (const PairTest& test : c.tests)
      if (test.model == m && test.rival == rival)
        return test.probability;
    return 1.0;
  };
  const auto label = [&](std::size_t m) { return models::name(c.scores[m].fit.model); };
  double gravest = 2;
  std::string text;
  const auto note = [&](double p, std::string_view by) {
    if (p >= gravest)
      return;
    gravest = p;
    text = fmt::format("{} by {} (p = {:.1g})", label(model), by, std::max(p, 1e-99));
  };
  for (const PairTest& test : c.tests)
    if (test.model == model && test.probability < std::min(level, probability(test.rival, model)))
      note(test.probability, label(test.rival));
  return text;
}

void judge(Comparison& c, const ComparisonOptions& options) {
  const auto count = c.scores.size();
  const double each = options.level / static_cast<double>(count - 1);
  std::vector<std::size_t> left;
  std::string against;
  for (std::size_t m = 0; m < count; ++m) {
    const auto text = contradicted_by(c, m, each);
    if (text.empty())
      left.push_back(m);
    else
      against += (against.empty() ? "contradicted: " : ", ") + text;
  }
  const auto size = [&](std::size_t m) { return models::parameters(options.models[m]).size(); };
  std::size_t least = 99;
  for (const std::size_t m : left)
    least = std::min(least, size(m));
  std::string larger, equals;
  std::vector<std::size_t> simplest;
  for (const std::size_t m : left) {
    const auto label = std::string(models::name(options.models[m]));
    if (size(m) == least) {
      simplest.push_back(m);
      equals += (equals.empty() ? "" : ", ") + label;
    } else {
      larger += (larger.empty() ? "" : ", ") + label;
    }
  }
  c.verdict = "undecided";
  if (left.empty())
    c.reason = "each model is contradicted by another; " + against;
  else if (simplest.size() > 1)
    c.reason =
        "the data do not tell " + equals + " apart" + (against.empty() ? "" : "; " + against);
  else {
    c.verdict = models::name(options.models[simplest[0]]);
    c.reason = against + (larger.empty() ? "" : "; not needed: " + larger);
    if (const double gof = c.scores[simplest[0]].gof; gof < 0.001)
      c.reason += fmt::format("; but {} itself does not describe the data (p = {:.1g})",
                              c.verdict,
                              std::max(gof, 1e-99));
  }
}

} // namespace

void validate(const ComparisonOptions& options) {
  if (options.models.size() < 2)
    throw OptionError(fmt::format("comparison: {} models, needs two", options.models.size()));
  for (std::size_t i = 0; i < options.models.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (options.models[i] == options.models[k])
        throw OptionError(
            fmt::format("comparison: {} is named twice", models::name(options.models[i])));
  if (!options.fits.empty() && options.fits.size() != options.models.size())
    throw OptionError(fmt::format("comparison: options for {} fits of {} models",
                                  options.fits.size(),
                                  options.models.size()));
  if (!(options.level > 0 && options.level < 0.5))
    throw OptionError(fmt::format("level = {}: must lie in (0, 0.5)", options.level));
  if (options.replicates < 20)
    throw OptionError(fmt::format("replicates = {}: must be at least 20", options.replicates));
  if (options.folds < 0)
    throw OptionError(fmt::format("folds = {}: must not be negative", options.folds));
}

Comparison compare_models(const FitData& data, const ComparisonOptions& options) {
  validate(options);
  if (data.sigma.empty() && data.deviation.empty() && data.covariance.empty())
    throw DataError("comparison: the values have no errors");
  Comparison result;
  result.level = options.level;
  result.data = shrink_covariance(data);
  auto fits = options.fits;
  fits.resize(options.models.size());
  for (auto& fit : fits)
    fit.whole_covariance = true;
  const std::size_t count = options.models.size();
  result.scores.resize(count);
  parallel_for(0, static_cast<Index>(count), 1, [&](Index begin, Index) {
    const auto m = static_cast<std::size_t>(begin);
    auto& score = result.scores[m];
    score.fit = fit_decay(options.models[m], result.data, fits[m]);
    score.gof = chi2_survival(score.fit.chi2, static_cast<double>(score.fit.degrees_of_freedom));
    score.held_out = nan;
  });
  for (const auto& score : result.scores)
    if (!usable(score.fit)) {
      result.verdict = "undecided";
      result.reason = fmt::format("{}: {}", models::name(score.fit.model), score.fit.message);
      result.lag_difference = {nan, nan, nan};
      return result;
    }
  const Problem any(options.models[0], result.data, fits[0]);
  std::vector<std::size_t> points;
  for (const Index i : any.row)
    points.push_back(static_cast<std::size_t>(i));
  if (options.folds > 1 && static_cast<Index>(points.size()) >= 2 * options.folds)
    parallel_for(0, static_cast<Index>(count), 1, [&](Index begin, Index) {
      const auto m = static_cast<std::size_t>(begin);
      result.scores[m].held_out =
          held_out_score(options.models[m], result.data, points, fits[m], options.folds);
    });

  const std::size_t rank = data.deviation.size() / std::max<std::size_t>(data.lag_s.size(), 1);
  const Bootstrap bootstrap(result.data, rank, options, fits, result.scores);
  const auto replicates = static_cast<std::size_t>(options.replicates);
  std::vector<Bootstrap::Draw> draws(count * replicates);
  parallel_for(0, static_cast<Index>(draws.size()), 4, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      draws[static_cast<std::size_t>(i)] =
          bootstrap.draw(static_cast<std::size_t>(i / options.replicates), i % options.replicates);
  });
  // With an estimated covariance chi² is not distributed as chi²
  for (std::size_t m = 0; rank > 0 && m < count; ++m) {
    std::vector<double> sample;
    for (std::size_t r = 0; r < replicates; ++r)
      sample.push_back(draws[m * replicates + r].chi2[m]);
    result.scores[m].gof = tail(sample, result.scores[m].fit.chi2);
  }
  for (std::size_t m = 0; m < count; ++m)
    for (std::size_t rival = 0; rival < count; ++rival) {
      if (m == rival)
        continue;
      PairTest test;
      test.model = m;
      test.rival = rival;
      test.statistic = result.scores[m].fit.chi2 - result.scores[rival].fit.chi2;
      std::vector<double> sample;
      for (std::size_t r = 0; r < replicates; ++r) {
        const auto& chi2 = draws[m * replicates + r].chi2;
        sample.push_back(chi2[m] - chi2[rival]);
      }
      const Moments law = moments(sample);
      test.mean = law.mean;
      test.deviation = law.deviation();
      test.probability = tail(sample, test.statistic);
      result.tests.push_back(test);
    }
  judge(result, options);

  const TwoCurves curves{options.models[0], options.models[1], any.last_lag_s};
  const auto values = [&](std::size_t m) {
    std::vector<double> p;
    for (const auto& parameter : result.scores[m].fit.parameters)
      p.push_back(parameter.value);
    return p;
  };
  result.lag_difference = curves.difference(values(0), values(1));
  const std::size_t better = result.scores[0].fit.chi2 <= result.scores[1].fit.chi2 ? 0 : 1;
  std::vector<double> spread;
  for (std::size_t r = 0; r < replicates; ++r) {
    const auto& p = draws[better * replicates + r].parameters;
    spread.push_back(curves.difference(p[0], p[1]).difference_s);
  }
  result.lag_difference.error_s = moments(spread).deviation();
  return result;
}

} // namespace vitrum::fit
