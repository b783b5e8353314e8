#include "problem.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fit {
namespace {

constexpr double largest_contrast = 30; // times the span of the values

void check_shape(const FitData& data) {
  const std::size_t n = data.lag_s.size();
  if (data.value.size() != n)
    throw DataError(fmt::format("fit: {} values at {} lags", data.value.size(), n));
  if (!data.sigma.empty() && data.sigma.size() != n)
    throw DataError(fmt::format("fit: {} errors at {} lags", data.sigma.size(), n));
  if (!data.covariance.empty() && data.covariance.size() != n * n)
    throw DataError(
        fmt::format("fit: covariance of {} values, expected {}", data.covariance.size(), n * n));
  if (!data.lag_spread_s.empty() && data.lag_spread_s.size() != n)
    throw DataError(fmt::format("fit: {} spreads of {} lags", data.lag_spread_s.size(), n));
  if (!data.averages.empty() && (data.averages.size() != n || !data.lag_spread_s.empty()))
    throw DataError(fmt::format(
        "fit: averages at {} of {} lags, or with spreads of lags beside", data.averages.size(), n));
  if (!data.deviation.empty() && (n == 0 || data.deviation.size() % n != 0))
    throw DataError(
        fmt::format("fit: {} deviations do not make rows of {} lags", data.deviation.size(), n));
}

/// √Σ_r d_r(l)² per lag.
std::vector<double> errors_of(const std::vector<double>& deviation, std::size_t lags) {
  std::vector<double> errors(lags, 0.0);
  for (std::size_t i = 0; i < deviation.size(); ++i)
    errors[i % lags] += deviation[i] * deviation[i];
  for (double& e : errors)
    e = std::sqrt(e);
  return errors;
}

/// Of the points in `row`.
Eigen::MatrixXd covariance_of(const FitData& data, const std::vector<Index>& row) {
  const auto n = static_cast<Index>(row.size());
  const std::size_t lags = data.lag_s.size();
  Eigen::MatrixXd sigma = Eigen::MatrixXd::Zero(n, n);
  const auto at = [&](Index i) {
    return static_cast<std::size_t>(row[static_cast<std::size_t>(i)]);
  };
  if (!data.deviation.empty()) {
    Eigen::MatrixXd factor(static_cast<Index>(data.deviation.size() / lags), n);
    for (Index r = 0; r < factor.rows(); ++r)
      for (Index i = 0; i < n; ++i)
        factor(r, i) = data.deviation[static_cast<std::size_t>(r) * lags + at(i)];
    sigma = factor.transpose() * factor;
  } else if (!data.covariance.empty()) {
    for (Index i = 0; i < n; ++i)
      for (Index k = 0; k < n; ++k)
        sigma(i, k) = data.covariance[at(i) * lags + at(k)];
  } else {
    for (Index i = 0; i < n; ++i)
      sigma(i, i) = data.sigma.empty() ? 1 : data.sigma[at(i)] * data.sigma[at(i)];
  }
  return sigma;
}

} // namespace

Eigen::MatrixXd cholesky(const Eigen::MatrixXd& sigma) {
  const Eigen::VectorXd scale = sigma.diagonal().cwiseSqrt().cwiseInverse();
  const Eigen::MatrixXd correlation = scale.asDiagonal() * sigma * scale.asDiagonal();
  const Eigen::LLT<Eigen::MatrixXd> decomposition(correlation);
  // Below this a pivot is what rounding left of a singular matrix.
  if (decomposition.info() != Eigen::Success ||
      !(Eigen::MatrixXd(decomposition.matrixL()).diagonal().minCoeff() > 1e-6))
    throw DataError(fmt::format("fit: the covariance of {} lags is singular: it cannot weigh them",
                                sigma.rows()));
  return scale.cwiseInverse().asDiagonal() * Eigen::MatrixXd(decomposition.matrixL());
}

Problem::Problem(models::DecayModel model, const FitData& data, const FitOptions& options)
    : model_(model) {
  check_shape(data);
  validate(options, model);
  weighted = !data.sigma.empty() || !data.covariance.empty() || !data.deviation.empty();
  const std::size_t n = data.lag_s.size();
  std::map<double, Index> places; // of the lags of averages
  std::vector<double> deviation_error;
  if (!data.deviation.empty())
    deviation_error = errors_of(data.deviation, n);
  for (std::size_t i = 0; i < n; ++i) {
    double sigma = 1;
    if (!data.sigma.empty())
      sigma = data.sigma[i];
    else if (!data.deviation.empty())
      sigma = deviation_error[i];
    else if (!data.covariance.empty())
      sigma = std::sqrt(data.covariance[i * n + i]);
    if (std::isnan(data.lag_s[i]) || std::isnan(data.value[i]) || std::isnan(sigma) ||
        (!deviation_error.empty() && std::isnan(deviation_error[i]))) {
      ++skipped;
      continue;
    }
    if (!(sigma > 0) || std::isinf(sigma))
      throw DataError(
          fmt::format("fit: sigma {} at lag {} s: must be positive", sigma, data.lag_s[i]));
    if (!(data.lag_s[i] >= 0) || std::isinf(data.lag_s[i]))
      throw DataError(fmt::format("fit: lag {} s: must be finite and >= 0", data.lag_s[i]));
    if (!deviation_error.empty() && std::isinf(deviation_error[i]))
      throw DataError(fmt::format("fit: the deviation at lag {} s is infinite", data.lag_s[i]));
    if (std::isinf(data.value[i]))
      throw DataError(fmt::format("fit: g2 at lag {} s is infinite", data.lag_s[i]));
    if (!data.lag_spread_s.empty()) {
      const double spread = data.lag_spread_s[i];
      if (!(spread >= 0 && spread <= data.lag_s[i]))
        throw DataError(
            fmt::format("fit: spread {} s of lag {} s: must lie between zero and the lag",
                        spread,
                        data.lag_s[i]));
      lag_low.push_back(data.lag_s[i] - spread);
      lag_high.push_back(data.lag_s[i] + spread);
    }
    if (!data.averages.empty()) {
      if (average_begin.empty())
        average_begin.push_back(0);
      for (const auto& [lag, share] : data.averages[i]) {
        const auto [at, fresh] = places.try_emplace(lag, static_cast<Index>(average_lag_s.size()));
        if (fresh)
          average_lag_s.push_back(lag);
        average_share.emplace_back(at->second, share);
      }
      average_begin.push_back(static_cast<Index>(average_share.size()));
    }
    lag_s.push_back(data.lag_s[i]);
    value.push_back(data.value[i]);
    weight.push_back(1 / sigma);
    row.push_back(static_cast<Index>(i));
  }
  if (options.whole_covariance && !lag_s.empty())
    factor_ = cholesky(covariance_of(data, row));
  one.assign(lag_s.size(), 1.0);
  whiten(one);
  target = value;
  whiten(target);
  for (const double lag : lag_s) {
    last_lag_s = std::max(last_lag_s, lag);
    if (lag > 0 && (first_lag_s == 0 || lag < first_lag_s))
      first_lag_s = lag;
  }

  const auto [least, most] = std::minmax_element(value.begin(), value.end());
  const double span = value.empty() ? 1 : *most - *least;

  const auto& known = models::parameters(model);
  const auto count = static_cast<Index>(known.size());
  low.resize(count);
  high.resize(count);
  time_.resize(known.size());
  low_is_limit.assign(known.size(), false);
  high_is_limit.assign(known.size(), false);
  for (Index j = 0; j < count; ++j) {
    const auto place = static_cast<std::size_t>(j);
    const auto& info = known[place];
    double a = info.low, b = info.high;
    if (const auto bound = options.bounds.find(info.name); bound != options.bounds.end())
      std::tie(a, b) = bound->second;
    if (const auto fixed = options.fixed.find(info.name); fixed != options.fixed.end())
      a = b = fixed->second;
    else
      free.push_back(j);
    time_[place] = info.is_time;
    if (info.is_time) {
      // Without a bound: times ten decades (e^23) beyond the lags, which no data tell from 0 or ∞.
      low_is_limit[place] = a == 0;
      high_is_limit[place] = std::isinf(b);
      a = a > 0 ? std::log(a) : std::log(first_lag_s) - 23;
      b = std::isfinite(b) ? std::log(b) : std::max(std::log(last_lag_s) + 23, a);
      a = std::min(a, b);
    } else if (info.name == "contrast" && std::isinf(b)) {
      // A contrast far beyond what the values span belongs to a decay that the lags do not see.
      high_is_limit[place] = true;
      b = std::max(a, largest_contrast * span);
    }
    low[j] = a;
    high[j] = b;
  }
  curve_.resize(lag_s.size());
  full_jacobian_.resize(lag_s.size() * known.size());
}

bool Problem::is_time(Index parameter) const {
  return time_[static_cast<std::size_t>(parameter)];
}

bool Problem::on_bound(const Vector& all, Index parameter) const {
  const double v = all[parameter], slack = 1e-9 * std::max(1.0, std::abs(v));
  return v <= low[parameter] + slack || v >= high[parameter] - slack;
}

bool Problem::on_limit(const Vector& all) const {
  for (const Index j : free) {
    const double v = all[j], slack = 1e-9 * std::max(1.0, std::abs(v));
    const auto place = static_cast<std::size_t>(j);
    if ((low_is_limit[place] && v <= low[j] + slack) ||
        (high_is_limit[place] && v >= high[j] - slack))
      return true;
  }
  return false;
}

std::vector<double> Problem::natural(const Vector& internal_values) const {
  std::vector<double> values(static_cast<std::size_t>(internal_values.size()));
  for (Index j = 0; j < internal_values.size(); ++j)
    values[static_cast<std::size_t>(j)] =
        is_time(j) ? std::exp(internal_values[j]) : internal_values[j];
  return values;
}

Vector Problem::internal(std::span<const double> natural_values) const {
  Vector values(static_cast<Index>(natural_values.size()));
  for (Index j = 0; j < values.size(); ++j) {
    const double v = natural_values[static_cast<std::size_t>(j)];
    values[j] = is_time(j) ? std::log(v) : v;
  }
  return values;
}

void Problem::evaluate(models::DecayModel model,
                       std::span<const double> p,
                       std::span<double> curve,
                       std::span<double> jacobian) {
  const auto at = [&](std::span<const double> lags, std::span<double> c, std::span<double> j) {
    if (j.empty())
      models::evaluate(model, p, lags, c);
    else
      models::evaluate(model, p, lags, c, j);
  };
  if (!average_lag_s.empty()) {
    const std::size_t columns = jacobian.size() / curve.size();
    other_curve_.resize(average_lag_s.size());
    other_jacobian_.resize(average_lag_s.size() * columns);
    at(average_lag_s, other_curve_, other_jacobian_);
    std::fill(curve.begin(), curve.end(), 0.0);
    std::fill(jacobian.begin(), jacobian.end(), 0.0);
    for (std::size_t i = 0; i < curve.size(); ++i)
      for (Index s = average_begin[i]; s < average_begin[i + 1]; ++s) {
        const auto [place, share] = average_share[static_cast<std::size_t>(s)];
        const auto from = static_cast<std::size_t>(place);
        curve[i] += share * other_curve_[from];
        for (std::size_t c = 0; c < columns; ++c)
          jacobian[i * columns + c] += share * other_jacobian_[from * columns + c];
      }
    return;
  }
  if (lag_low.empty())
    return at(lag_s, curve, jacobian);
  other_curve_.resize(curve.size());
  other_jacobian_.resize(jacobian.size());
  at(lag_low, curve, jacobian);
  at(lag_high, other_curve_, other_jacobian_);
  for (std::size_t i = 0; i < curve.size(); ++i)
    curve[i] = 0.5 * (curve[i] + other_curve_[i]);
  for (std::size_t i = 0; i < jacobian.size(); ++i)
    jacobian[i] = 0.5 * (jacobian[i] + other_jacobian_[i]);
}

void Problem::whiten(std::span<double> curve) const {
  if (factor_.size() == 0) {
    for (std::size_t i = 0; i < curve.size(); ++i)
      curve[i] *= weight[i];
    return;
  }
  Eigen::Map<Eigen::VectorXd> column(curve.data(), static_cast<Index>(curve.size()));
  factor_.triangularView<Eigen::Lower>().solveInPlace(column);
}

void Problem::replace_data(std::span<const double> values, const Eigen::MatrixXd& factor) {
  factor_ = factor;
  std::fill(one.begin(), one.end(), 1.0);
  whiten(one);
  target.assign(values.begin(), values.end());
  whiten(target);
}

double Problem::solve_linear(Vector& all, Index held) {
  auto p = natural(all);
  p[0] = 1;
  p[1] = 0;
  evaluate(model_, p, curve_, {});
  whiten(curve_);
  double weights = 0, decay_mean = 0, value_mean = 0;
  for (std::size_t i = 0; i < curve_.size(); ++i) {
    weights += one[i] * one[i];
    decay_mean += one[i] * curve_[i];
    value_mean += one[i] * target[i];
  }
  decay_mean /= weights;
  value_mean /= weights;
  double spread = 0, product = 0; // about the means, so that no digits cancel
  for (std::size_t i = 0; i < curve_.size(); ++i) {
    const double d = curve_[i] - one[i] * decay_mean;
    spread += d * d;
    product += d * (target[i] - one[i] * value_mean);
  }
  const auto clamped = [&](Index j, double v) { return std::clamp(v, low[j], high[j]); };
  const auto baseline_for = [&](double c) { return clamped(1, value_mean - c * decay_mean); };
  const auto contrast_for = [&](double b) {
    const double squares = spread + weights * decay_mean * decay_mean;
    return squares > 0 ? clamped(0, (product + weights * decay_mean * (value_mean - b)) / squares)
                       : all[0];
  };
  const auto chi2_of = [&](double c, double b) {
    double sum = 0;
    for (std::size_t i = 0; i < curve_.size(); ++i) {
      const double r = b * one[i] + c * curve_[i] - target[i];
      sum += r * r;
    }
    return sum;
  };
  double c = all[0], b = all[1];
  if (held == 0 || low[0] == high[0]) {
    b = held == 1 ? b : baseline_for(c);
  } else if (held == 1 || low[1] == high[1]) {
    c = contrast_for(b);
  } else {
    const double free_c = spread > 0 ? product / spread : all[0];
    const double free_b = value_mean - free_c * decay_mean;
    c = clamped(0, free_c);
    b = baseline_for(c);
    // Outside of the box the minimum of a convex function lies on an edge.
    if (b != free_b && c == free_c) {
      b = clamped(1, free_b);
      c = contrast_for(b);
    } else if (c != free_c && free_b != clamped(1, free_b)) {
      const double other_b = clamped(1, free_b), other_c = contrast_for(other_b);
      if (chi2_of(other_c, other_b) < chi2_of(c, b)) {
        c = other_c;
        b = other_b;
      }
    }
  }
  all[0] = c;
  all[1] = b;
  return chi2_of(c, b);
}

double Problem::linearise(const Vector& all, Eigen::VectorXd& residuals, Jacobian& jacobian) {
  const auto p = natural(all);
  evaluate(model_, p, curve_, full_jacobian_);
  whiten(curve_);
  residuals.resize(points());
  jacobian.resize(points(), free_count());
  for (Index i = 0; i < points(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    residuals[i] = curve_[k] - target[k];
    const double w = factor_.size() > 0 ? 1 : weight[k];
    for (Index f = 0; f < free_count(); ++f) {
      const auto j = static_cast<std::size_t>(free[static_cast<std::size_t>(f)]);
      jacobian(i, f) = full_jacobian_[k * p.size() + j] * w * (time_[j] ? p[j] : 1); // ∂/∂ln tau
    }
  }
  if (factor_.size() > 0)
    factor_.triangularView<Eigen::Lower>().solveInPlace(jacobian);
  return residuals.squaredNorm();
}

} // namespace vitrum::fit
