#include "vitrum/fit/decay_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "errors.hpp"
#include "time_bound.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double largest_skew = 1.25; // of the two sides of an interval of kww2

// The two processes of kww2 are alike: the faster one comes first, unless the caller told them
// apart by fixing or bounding one of them.
void order_processes(const Problem& problem, Vector& all) {
  if (problem.model() != DecayModel::kww2 || all[2] <= all[5])
    return;
  const bool alike = problem.low[2] == problem.low[5] && problem.high[2] == problem.high[5] &&
                     problem.low[3] == problem.low[6] && problem.high[3] == problem.high[6] &&
                     problem.low[4] == 1 - problem.high[4];
  if (!alike)
    return;
  std::swap(all[2], all[5]);
  std::swap(all[3], all[6]);
  all[4] = 1 - all[4];
}

// A few iterations on every start, all of them on the best few: most starts fall into the same
// valley.
struct Search {
  Minimum best;
  double rival = std::numeric_limits<double>::infinity(); // how much higher the next minimum lies
};

Search search(Problem& problem, Index max_iterations) {
  constexpr Index first_look = 20;
  constexpr std::size_t finalists = 6;
  std::vector<Minimum> found;
  for (const Vector& start : starting_values(problem))
    found.push_back(minimise(problem, start, std::min(first_look, max_iterations)));
  const auto lower = [](const Minimum& a, const Minimum& b) { return a.chi2 < b.chi2; };
  std::sort(found.begin(), found.end(), lower);
  found.resize(std::min(found.size(), finalists));
  for (Minimum& m : found)
    if (!m.converged)
      m = minimise(problem, m.all, max_iterations);
  Search result;
  result.best = *std::min_element(found.begin(), found.end(), lower);
  for (const Minimum& m : found)
    if (const double rise = m.chi2 - result.best.chi2; m.converged && rise > 0.01)
      result.rival = std::min(result.rival, rise);
  return result;
}

void fill_quality(FitResult& result, Problem& problem, const Curvature& curvature) {
  const auto n = static_cast<double>(problem.points());
  const auto k = static_cast<double>(problem.free_count());
  result.degrees_of_freedom = problem.points() - problem.free_count();
  result.chi2_reduced = result.chi2 / curvature.expected_chi2;
  double weights = 0, mean = 0, total = 0;
  for (std::size_t i = 0; i < problem.target.size(); ++i) {
    weights += problem.one[i] * problem.one[i];
    mean += problem.one[i] * problem.target[i];
  }
  mean /= weights;
  for (std::size_t i = 0; i < problem.target.size(); ++i) {
    const double d = problem.target[i] - problem.one[i] * mean;
    total += d * d;
  }
  result.r_squared = 1 - result.chi2 / total;
  if (problem.weighted) {
    const double effective =
        curvature.effective_parameters + k - static_cast<double>(curvature.moving.size());
    result.aic = result.chi2 + 2 * effective;
    result.bic = result.chi2 + effective * std::log(n);
  } else { // the noise is one more parameter
    result.aic = n * std::log(result.chi2 / n) + 2 * (k + 1);
    result.bic = n * std::log(result.chi2 / n) + (k + 1) * std::log(n);
  }
}

// The mean times and their errors through the covariance of (ln tau, exponents, fraction).
void fill_mean_times(FitResult& result, const Problem& problem, const Vector& all) {
  const auto at = [&](const Vector& internal) {
    return models::mean_time(result.model, problem.natural(internal));
  };
  const auto here = at(all);
  result.mean_time_s = here.decay_s;
  result.mean_field_time_s = here.field_s;
  result.mean_time_note = here.note;
  const auto count = static_cast<std::size_t>(all.size());
  std::vector<double> decay(count), field(count);
  for (std::size_t j = 2; j < count; ++j) {
    const auto i = static_cast<Index>(j);
    const double step = 1e-5;
    Vector up = all, down = all;
    up[i] = std::min(all[i] + step, std::max(problem.high[i], all[i]));
    down[i] = std::max(all[i] - step, std::min(problem.low[i], all[i]));
    const double width = up[i] - down[i];
    const auto high = at(up), low = at(down);
    const double natural = problem.is_time(i) ? std::exp(all[i]) : 1;
    decay[j] = width > 0 ? (high.decay_s - low.decay_s) / width / natural : 0;
    field[j] = width > 0 ? (high.field_s - low.field_s) / width / natural : 0;
  }
  double decay_variance = 0, field_variance = 0;
  for (std::size_t i = 2; i < count; ++i)
    for (std::size_t j = 2; j < count; ++j) {
      const double c = result.covariance[i * count + j];
      if (c == 0)
        continue;
      decay_variance += decay[i] * decay[j] * c;
      field_variance += field[i] * field[j] * c;
    }
  result.mean_time_error_s = std::isnan(here.decay_s) ? nan : std::sqrt(decay_variance);
  result.mean_field_time_error_s = std::isnan(here.field_s) ? nan : std::sqrt(field_variance);
}

void set_status(FitResult& result, FitStatus status, std::string message) {
  result.status = status;
  result.message = std::move(message);
}

// Status from the fit alone, the gravest reason first.
void judge(FitResult& result,
           const Problem& problem,
           const Minimum& minimum,
           const Curvature& shape,
           const std::vector<ProfileWidth>& widths,
           bool profiled,
           double rival) {
  if (problem.on_limit(minimum.all))
    return set_status(result,
                      FitStatus::unidentifiable,
                      "the best fit lies beyond what the lags can tell: they see too little of the "
                      "decay");
  for (const auto& p : result.parameters)
    if (p.at_bound)
      return set_status(
          result, FitStatus::at_bound, fmt::format("{} = {:.6g} is its bound", p.name, p.value));
  if (shape.singular)
    return set_status(
        result, FitStatus::unidentifiable, "the data do not tell the parameters apart");
  if (rival < 9 * shape.scale)
    return set_status(result,
                      FitStatus::unidentifiable,
                      fmt::format("another minimum has a chi2 higher by only {:.2g}", rival));
  for (const Index j : problem.free) {
    const auto& p = result.parameters[static_cast<std::size_t>(j)];
    const auto& width = widths[static_cast<std::size_t>(j)];
    // Without profiles a time that is uncertain by a factor of e, or a contrast by two thirds of
    // itself, tells the same.
    const bool open = profiled ? width.open
                               : (problem.is_time(j) && p.error > p.value) ||
                                     (p.name == "contrast" && p.error > p.value / 1.5);
    if (open)
      return set_status(result,
                        FitStatus::unidentifiable,
                        fmt::format("{} = {:.3g} ± {:.2g}: the data do not close its interval",
                                    p.name,
                                    p.value,
                                    p.error));
    // Two processes have valleys behind valleys; only where chi² is close to a parabola does its
    // curvature speak for the whole.
    const double skew = width.high / width.low;
    if (problem.model() == DecayModel::kww2 && profiled && std::isfinite(skew) &&
        (skew > largest_skew || skew < 1 / largest_skew))
      return set_status(result,
                        FitStatus::unidentifiable,
                        fmt::format("{} = {:.3g} +{:.2g} -{:.2g}: too skewed for an error",
                                    p.name,
                                    p.value,
                                    p.error_high,
                                    p.error_low));
  }
  for (const Index j : problem.free) {
    const auto& p = result.parameters[static_cast<std::size_t>(j)];
    const auto& width = widths[static_cast<std::size_t>(j)];
    const double at = minimum.all[j], error = p.error / (problem.is_time(j) ? p.value : 1);
    const bool near = profiled ? std::isinf(width.low) || std::isinf(width.high)
                               : at - error < problem.low[j] || at + error > problem.high[j];
    if (near)
      return set_status(
          result,
          FitStatus::near_bound,
          fmt::format("{} = {:.4g} ± {:.2g} reaches its bound", p.name, p.value, p.error));
  }
}

} // namespace

std::string_view name(FitStatus status) {
  switch (status) {
  case FitStatus::converged:
    return "converged";
  case FitStatus::near_bound:
    return "near bound";
  case FitStatus::at_bound:
    return "at bound";
  case FitStatus::unidentifiable:
    return "unidentifiable";
  case FitStatus::not_converged:
    return "not converged";
  case FitStatus::too_few_points:
    return "too few points";
  }
  return "unknown";
}

void validate(const FitOptions& options, DecayModel model) {
  const auto& known = models::parameters(model);
  const auto find = [&](const std::string& parameter) -> const models::ParameterInfo& {
    const Index j = models::parameter_index(model, parameter);
    if (j < 0)
      throw OptionError(
          fmt::format("fit: {} has no parameter \"{}\"", models::name(model), parameter));
    return known[static_cast<std::size_t>(j)];
  };
  const auto possible = [&](const models::ParameterInfo& info, double v) {
    if (std::isnan(v) || (info.is_time && v < 0) ||
        (info.name.find("exponent") != std::string::npos && !(v > 0)) ||
        (info.name == "ml_exponent" && v > 1) || (info.name == "fraction" && (v < 0 || v > 1)))
      throw OptionError(fmt::format("fit: {} = {}: impossible value", info.name, v));
  };
  for (const auto& [parameter, bound] : options.bounds) {
    const auto& info = find(parameter);
    possible(info, bound.first);
    possible(info, bound.second);
    if (bound.first > bound.second)
      throw OptionError(
          fmt::format("fit: bounds of {}: {} is above {}", parameter, bound.first, bound.second));
  }
  for (const auto& [parameter, value] : options.fixed) {
    const auto& info = find(parameter);
    possible(info, value);
    if (!std::isfinite(value) || (info.is_time && value == 0))
      throw OptionError(fmt::format("fit: {} = {}: impossible value", parameter, value));
    const auto bound = options.bounds.find(parameter);
    if (bound != options.bounds.end() &&
        (value < bound->second.first || value > bound->second.second))
      throw OptionError(
          fmt::format("fit: {} = {} is fixed outside of its bounds", parameter, value));
  }
  if (options.max_iterations < 1)
    throw OptionError(fmt::format("max_iterations = {}: must be positive", options.max_iterations));
}

const FittedParameter& FitResult::at(std::string_view parameter) const {
  const Index j = models::parameter_index(model, parameter);
  if (j < 0)
    throw OptionError(
        fmt::format("fit: {} has no parameter \"{}\"", models::name(model), parameter));
  return parameters[static_cast<std::size_t>(j)];
}

namespace {

/// Without the bounds of τ.
FitResult fit_within(DecayModel model, const FitData& data, const FitOptions& options) {
  Problem problem(model, data, options);
  FitResult result;
  result.model = model;
  result.points = problem.points();
  result.skipped = problem.skipped;
  const auto& known = models::parameters(model);
  for (const auto& info : known) {
    FittedParameter p;
    p.name = info.name;
    p.unit = info.unit;
    const auto fixed = options.fixed.find(info.name);
    p.fixed = fixed != options.fixed.end();
    p.value = p.fixed ? fixed->second : nan;
    p.error = p.error_low = p.error_high = p.fixed ? 0 : nan;
    result.parameters.push_back(std::move(p));
  }
  const std::size_t count = known.size();
  result.covariance.assign(count * count, 0);
  result.curve.assign(data.lag_s.size(), nan);
  if (problem.points() < problem.free_count() + 1 || problem.first_lag_s == 0) {
    result.chi2 = result.chi2_reduced = result.r_squared = result.aic = result.bic = nan;
    result.mean_time_s = result.mean_time_error_s = nan;
    result.mean_field_time_s = result.mean_field_time_error_s = nan;
    set_status(
        result,
        FitStatus::too_few_points,
        fmt::format("{} points for {} free parameters", problem.points(), problem.free_count()));
    return result;
  }

  const Search searched = search(problem, options.max_iterations);
  Minimum minimum = searched.best;
  order_processes(problem, minimum.all);
  Curvature shape = curvature(problem, data, minimum);
  std::vector<ProfileWidth> widths(count, {nan, nan, false});
  bool profiled = false;
  for (int attempt = 0; options.profile && !shape.singular && attempt < 5; ++attempt) {
    bool same = true;
    for (std::size_t f = 0; same && f < problem.free.size(); ++f)
      same = profile(problem,
                     shape,
                     problem.free[f],
                     options.max_iterations,
                     minimum,
                     widths[static_cast<std::size_t>(problem.free[f])]);
    profiled = same;
    if (same)
      break;
    minimum = minimise(problem, minimum.all, options.max_iterations); // a lower valley was met
    order_processes(problem, minimum.all);
    shape = curvature(problem, data, minimum);
    std::fill(widths.begin(), widths.end(), ProfileWidth{nan, nan, false});
  }

  const auto values = problem.natural(minimum.all);
  for (std::size_t j = 0; j < count; ++j)
    result.parameters[j].value =
        result.parameters[j].fixed ? result.parameters[j].value : values[j];
  for (const Index j : problem.free)
    result.parameters[static_cast<std::size_t>(j)].at_bound =
        std::find(shape.moving.begin(), shape.moving.end(), j) == shape.moving.end();
  if (!shape.singular)
    for (std::size_t a = 0; a < shape.moving.size(); ++a) {
      const auto j = static_cast<std::size_t>(shape.moving[a]);
      auto& p = result.parameters[j];
      const auto unit = [&](std::size_t i) { return known[i].is_time ? values[i] : 1.0; };
      for (std::size_t b = 0; b < shape.moving.size(); ++b) {
        const auto i = static_cast<std::size_t>(shape.moving[b]);
        result.covariance[j * count + i] =
            shape.covariance(static_cast<Index>(a), static_cast<Index>(b)) * unit(j) * unit(i);
      }
      p.error = std::sqrt(result.covariance[j * count + j]);
    }
  if (shape.shifts.rows() > 0) {
    result.parameter_deviation.assign(static_cast<std::size_t>(shape.shifts.rows()) * count, 0);
    for (Index r = 0; r < shape.shifts.rows(); ++r)
      for (std::size_t a = 0; a < shape.moving.size(); ++a) {
        const auto j = static_cast<std::size_t>(shape.moving[a]);
        result.parameter_deviation[static_cast<std::size_t>(r) * count + j] =
            shape.shifts(r, static_cast<Index>(a)) * (known[j].is_time ? values[j] : 1.0);
      }
  }
  for (const Index f : problem.free) {
    const auto j = static_cast<std::size_t>(f);
    auto& p = result.parameters[j];
    p.error_low = known[j].is_time ? -values[j] * std::expm1(-widths[j].low) : widths[j].low;
    p.error_high = known[j].is_time ? values[j] * std::expm1(widths[j].high) : widths[j].high;
  }
  result.chi2 = minimum.chi2;
  fill_quality(result, problem, shape);
  fill_mean_times(result, problem, minimum.all);
  for (std::size_t i = 0; i < data.lag_s.size(); ++i)
    if (!data.averages.empty()) {
      result.curve[i] = 0;
      for (const auto& [lag, share] : data.averages[i]) {
        double at = 0;
        models::evaluate(model, values, {&lag, 1}, {&at, 1});
        result.curve[i] += share * at;
      }
    } else if (!std::isnan(data.lag_s[i])) {
      const double spread = data.lag_spread_s.empty() ? 0 : data.lag_spread_s[i];
      const double lags[] = {std::max(data.lag_s[i] - spread, 0.0), data.lag_s[i] + spread};
      double ends[2] = {};
      models::evaluate(model, values, lags, ends);
      result.curve[i] = (ends[0] + ends[1]) / 2;
    }
  result.status = FitStatus::converged;
  if (!minimum.converged)
    set_status(result,
               FitStatus::not_converged,
               fmt::format("no minimum within {} iterations", options.max_iterations));
  else
    judge(result, problem, minimum, shape, widths, profiled, searched.rival);
  return result;
}

} // namespace

void add_time_bound(FitResult& result, const FitData& data, const FitOptions& options) {
  if (result.status == FitStatus::converged || result.status == FitStatus::near_bound)
    return;
  if (result.status == FitStatus::at_bound) { // of another parameter: tau is told
    const auto& tau = result.at("tau_s");
    if (!tau.at_bound && std::isfinite(tau.error))
      return;
  }
  const auto bound = bound_time(result.model, data, options);
  if (bound.reason.empty())
    return;
  result.tau_low_s = bound.low_s;
  result.tau_high_s = bound.high_s;
  std::string text = "tau ";
  if (!std::isnan(bound.low_s))
    text += fmt::format("> {:.4g} s", bound.low_s);
  if (!std::isnan(bound.high_s))
    text += fmt::format("{}< {:.4g} s", std::isnan(bound.low_s) ? "" : " and ", bound.high_s);
  result.message +=
      fmt::format("{}{} (95 %): {}", result.message.empty() ? "" : "; ", text, bound.reason);
}

FitResult fit_decay(DecayModel model, const FitData& data, const FitOptions& options) {
  FitResult result = fit_within(model, data, options);
  add_time_bound(result, data, options);
  return result;
}

} // namespace vitrum::fit
