#include "compare_stage.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "fit_stage.hpp"
#include "result_tree.hpp"
#include "vitrum/aging/windows.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/fit/exponential_bins.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index curve_points = 161; // of the curves that figures draw

std::vector<double> values_of(const fit::FitResult& fit) {
  std::vector<double> p;
  for (const auto& parameter : fit.parameters)
    p.push_back(parameter.value);
  return p;
}

/// Whose plateaus make g2 a decay: the verdict's, else those of the lowest chi².
std::size_t reference_of(const fit::Comparison& c) {
  std::size_t best = 0;
  for (std::size_t m = 0; m < c.scores.size(); ++m) {
    if (models::name(c.scores[m].fit.model) == c.verdict)
      return m;
    if (c.scores[m].fit.chi2 < c.scores[best].fit.chi2)
      best = m;
  }
  return best;
}

/// Arrays [bin, …], appended bin by bin and padded with NaN.
class Columns {
public:
  explicit Columns(Index bins) : bins_(bins) {}
  void add(const std::string& name, const std::string& unit, std::vector<double> row) {
    auto& column = columns_[name];
    column.unit = unit;
    column.rows.push_back(std::move(row));
  }
  /// `inner`: the shape of a row; its last dimension is as long as the longest row needs.
  void write(Tree& tree, const std::string& name, const std::vector<Index>& inner) {
    auto& column = columns_.at(name);
    std::vector<double> all;
    Index size = 1;
    for (const Index n : inner)
      size *= n;
    for (auto& row : column.rows) {
      row.resize(static_cast<std::size_t>(size), nan);
      all.insert(all.end(), row.begin(), row.end());
    }
    std::vector<Index> shape{bins_};
    shape.insert(shape.end(), inner.begin(), inner.end());
    tree.set(name, make_array(shape, std::move(all), column.unit));
  }

private:
  struct Column {
    std::string unit;
    std::vector<std::vector<double>> rows;
  };
  Index bins_;
  std::map<std::string, Column> columns_;
};

/// The decay of each model on a fine axis, and the limits of ml where it is compared.
void add_curves(Columns& columns, const fit::Comparison& c, const ComparePlan& plan) {
  const auto reference = values_of(c.scores[reference_of(c)].fit);
  double first = INFINITY, last = 0;
  for (const double lag : c.data.lag_s)
    if (lag > 0) {
      first = std::min(first, lag);
      last = std::max(last, lag);
    }
  std::vector<double> lag, curves, short_time, long_time;
  for (Index i = 0; i < curve_points; ++i)
    lag.push_back(first * std::pow(last / first,
                                   static_cast<double>(i) / static_cast<double>(curve_points - 1)));
  for (std::size_t m = 0; m < c.scores.size(); ++m) {
    const auto p = values_of(c.scores[m].fit);
    std::vector<double> g2(lag.size(), nan);
    if (!std::isnan(p[2]))
      models::evaluate(plan.options.models[m], p, lag, g2);
    for (const double v : g2)
      curves.push_back((v - reference[1]) / reference[0]);
    if (plan.options.models[m] != models::DecayModel::ml || std::isnan(p[2]))
      continue;
    for (const double t : lag) {
      const auto limits = models::mittag_leffler_limits(models::DecayModel::ml, p[2], p[3], t);
      const auto scaled = [&](double decay) {
        return (p[1] + p[0] * decay - reference[1]) / reference[0];
      };
      short_time.push_back(scaled(limits.short_time));
      long_time.push_back(scaled(limits.long_time));
    }
  }
  short_time.resize(lag.size(), nan);
  long_time.resize(lag.size(), nan);
  columns.add("curve_lag_s", "s", lag);
  columns.add("curve", "", curves);
  columns.add("ml_short_time", "", short_time);
  columns.add("ml_long_time", "", long_time);
}

void add_bin(Columns& columns,
             const fit::Comparison& c,
             const ComparePlan& plan,
             std::size_t lags) {
  const std::size_t reference = reference_of(c), count = c.scores.size();
  const auto plateaus = values_of(c.scores[reference].fit);
  std::vector<double> decay, errors, fits;
  for (std::size_t i = 0; i < c.data.lag_s.size(); ++i) {
    decay.push_back((c.data.value[i] - plateaus[1]) / plateaus[0]);
    errors.push_back(std::sqrt(c.data.covariance[i * c.data.lag_s.size() + i]) / plateaus[0]);
  }
  std::vector<double> gof, held_out, with_factor, without_factor;
  for (std::size_t m = 0; m < count; ++m) {
    const auto& score = c.scores[m];
    for (std::size_t i = 0; i < lags; ++i)
      fits.push_back(i < score.fit.curve.size() ? (score.fit.curve[i] - plateaus[1]) / plateaus[0]
                                                : nan);
    gof.push_back(score.gof);
    held_out.push_back(score.held_out);
    const auto tau = models::tau_conventions(plan.options.models[m], values_of(score.fit));
    with_factor.push_back(tau.with_factor_s);
    without_factor.push_back(tau.without_factor_s);
  }
  std::vector<double> statistic(count * count, nan), probability(count * count, nan);
  for (const auto& test : c.tests) {
    statistic[test.model * count + test.rival] = test.statistic;
    probability[test.model * count + test.rival] = test.probability;
  }
  columns.add("lag_s", "s", c.data.lag_s);
  columns.add("decay", "", decay);
  columns.add("decay_errors", "", errors);
  columns.add("decay_fit", "", fits);
  columns.add("goodness", "", gof);
  columns.add("held_out", "", held_out);
  columns.add("tau_with_factor_s", "s", with_factor);
  columns.add("tau_without_factor_s", "s", without_factor);
  columns.add("statistic", "", statistic);
  columns.add("probability", "", probability);
  columns.add("lag_difference_s", "s", {c.lag_difference.difference_s});
  columns.add("lag_difference_s_errors", "s", {c.lag_difference.error_s});
  columns.add("lag_difference_level", "", {(c.lag_difference.level - plateaus[1]) / plateaus[0]});
  add_curves(columns, c, plan);
}

} // namespace

ComparePlan make_compare_plan(const CompareFlags& flags, const FitFlags& fit) {
  ComparePlan plan;
  plan.wanted = flags.compare;
  if (!plan.wanted)
    return plan;
  if (fit.unweighted)
    throw OptionError("--compare: needs the errors that --unweighted leaves out");
  if (flags.per_decade < 1)
    throw OptionError(
        fmt::format("--compare-points-per-decade {}: must be positive", flags.per_decade));
  plan.per_decade = flags.per_decade;
  auto wanted = fit;
  wanted.models = flags.models;
  wanted.share.clear();
  if (wanted.models.size() < 2)
    throw OptionError("--compare-models: name two or more");
  const auto fits = make_fit_plan(wanted);
  plan.options.models = fits.models;
  plan.options.fits = fits.options;
  plan.options.level = flags.level;
  plan.options.replicates = flags.replicates;
  fit::validate(plan.options);
  return plan;
}

void compare_bins(Tree& tree,
                  const ComparePlan& plan,
                  const std::vector<correlate::OneTime>& bins,
                  double frame_time_s,
                  const Monitor& monitor) {
  if (!plan.wanted)
    return;
  const auto nbins = static_cast<Index>(bins.size());
  const auto count = static_cast<Index>(plan.options.models.size());
  Progress progress(monitor, "comparing laws of decay", "bins", nbins);
  std::vector<fit::Comparison> all;
  std::size_t lags = 0;
  for (const auto& g2 : bins) {
    const std::vector<double> pairs(g2.pairs.begin(), g2.pairs.end());
    const auto data =
        fit::exponential_bins(aging::make_fit_data(g2, frame_time_s, true), pairs, plan.per_decade);
    if (data.lag_s.empty())
      throw DataError("--compare: g2 has no lag with a value and an error");
    all.push_back(fit::compare_models(data, plan.options));
    lags = std::max(lags, data.lag_s.size());
    progress.advance();
  }
  auto& group = tree.group("entry/comparison");
  group.attributes["NX_class"] = std::string("NXcollection");
  group.attributes["level"] = plan.options.level;
  Columns columns(nbins);
  std::vector<std::string> names, verdicts, reasons, references;
  for (const auto model : plan.options.models)
    names.emplace_back(models::name(model));
  for (const auto& c : all) {
    add_bin(columns, c, plan, lags);
    verdicts.push_back(c.verdict);
    reasons.push_back(c.reason);
    references.push_back(names[reference_of(c)]);
  }
  const auto n = static_cast<Index>(lags);
  group.set("model", make_array(names));
  for (const char* name : {"lag_s", "decay", "decay_errors"})
    columns.write(group, name, {n});
  columns.write(group, "decay_fit", {count, n});
  for (const char* name : {"goodness", "held_out", "tau_with_factor_s", "tau_without_factor_s"})
    columns.write(group, name, {count});
  for (const char* name : {"statistic", "probability"})
    columns.write(group, name, {count, count});
  for (const char* name : {"lag_difference_s", "lag_difference_s_errors", "lag_difference_level"})
    columns.write(group, name, {});
  columns.write(group, "curve", {count, curve_points});
  for (const char* name : {"curve_lag_s", "ml_short_time", "ml_long_time"})
    columns.write(group, name, {curve_points});
  group.set("verdict", make_array(verdicts));
  group.set("reason", make_array(reasons));
  group.set("normalised_by", make_array(references));
  for (std::size_t m = 0; m < plan.options.models.size(); ++m) {
    std::vector<fit::FitResult> fits;
    for (const auto& c : all)
      fits.push_back(c.scores[m].fit);
    add_fits(group.group("fit"), {nbins}, fits);
  }
  tree.set("entry/fit/preferred_model", make_array(std::move(verdicts)));
}

} // namespace vitrum::app
