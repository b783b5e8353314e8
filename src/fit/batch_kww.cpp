#include "vitrum/fit/batch_kww.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "batch_kww_kernel.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::fit {
namespace {

void need(bool good, const char* what, double value, const char* expected) {
  if (!good)
    throw OptionError(fmt::format("{} = {}: must be {}", what, value, expected));
}

/// Weights of cubic convolution (a = −1/2) for the four nodes around a place `u` in [0, 1) between
/// the second and the third, and their derivatives.
void cubic_weights(double u, double (&w)[4], double (&d)[4]) {
  const double u2 = u * u, u3 = u2 * u;
  w[0] = 0.5 * (-u + 2 * u2 - u3);
  w[1] = 0.5 * (2 - 5 * u2 + 3 * u3);
  w[2] = 0.5 * (u + 4 * u2 - 3 * u3);
  w[3] = 0.5 * (-u2 + u3);
  d[0] = 0.5 * (-1 + 4 * u - 3 * u2);
  d[1] = 0.5 * (-10 * u + 9 * u2);
  d[2] = 0.5 * (1 + 8 * u - 9 * u2);
  d[3] = 0.5 * (-2 * u + 3 * u2);
}

/// Cell of an even grid, with a node to spare on either side, and the place within it.
Index cell_of(double place, Index nodes, double& fraction) {
  const double inside = std::clamp(place, 1.0, static_cast<double>(nodes - 2) - 1e-9);
  const auto cell = static_cast<Index>(inside);
  fraction = inside - static_cast<double>(cell);
  return cell;
}

template <class T>
void check(std::span<const double> lag_s,
           std::span<const double> sigma,
           std::span<const T> values,
           Index curves,
           Index stride,
           const BatchKwwOptions& options) {
  const auto lags = static_cast<Index>(lag_s.size());
  const Index parameters = options.fit_baseline ? 4 : 3;
  if (lags <= parameters)
    throw DataError(fmt::format("{} lags, need at least {}", lags, parameters + 1));
  if (sigma.size() != lag_s.size())
    throw DataError(fmt::format("{} errors for {} lags", sigma.size(), lags));
  if (curves < 0 || stride < curves ||
      (curves > 0 && static_cast<Index>(values.size()) < (lags - 1) * stride + curves))
    throw DataError(fmt::format("{} values do not hold {} lags of {} curves {} apart",
                                values.size(),
                                lags,
                                curves,
                                stride));
  for (std::size_t l = 0; l < lag_s.size(); ++l) {
    if (!(lag_s[l] > 0) || !std::isfinite(lag_s[l]))
      throw DataError(fmt::format("lag {}: {} s, expected a positive number", l + 1, lag_s[l]));
    if (!(sigma[l] > 0) || !std::isfinite(sigma[l]))
      throw DataError(
          fmt::format("error of lag {}: {}, expected a positive number", l + 1, sigma[l]));
  }
  if (options.offset != nullptr) {
    const auto& o = *options.offset;
    if (o.ranks > offset_ranks || static_cast<Index>(o.vectors.size()) != o.ranks * lags ||
        static_cast<Index>(o.table.size()) != o.log_taus * o.exponents * o.ranks ||
        o.log_taus < 4 || o.exponents < 4)
      throw DataError("the offset of the decay does not fit the lags");
  }
}

/// The curves among which starts are looked for: every 0.7 of ln tau within the lags, every second
/// one beyond, with three exponents, bring Levenberg–Marquardt within a few steps of the minimum.
template <class T>
void add_nodes(BatchPlan<T>& plan, const std::vector<double>& weight) {
  const double step = 0.7;
  const auto [least, most] = std::minmax_element(plan.lag.begin(), plan.lag.end());
  const double inner_low = std::log(*least), inner_high = std::log(*most);
  std::vector<double> places;
  for (double u = std::max(plan.log_tau_low + 0.1, inner_low - 2.1);
       u<plan.log_tau_high; u += u> inner_low - step && u < inner_high ? step : 2 * step) {
    places.push_back(u);
    if (u > inner_high + 3)
      break;
  }
  if (places.empty())
    places.push_back(0.5 * (plan.log_tau_low + plan.log_tau_high));
  double weights = 0;
  for (const double w : weight)
    weights += w;
  for (const double exponent : {0.45, 0.75, 1.3})
    for (const double log_tau : places) {
      if (exponent < plan.exponent_low || exponent > plan.exponent_high)
        continue;
      std::vector<double> decay;
      double offset[offset_ranks], by_u[offset_ranks], by_b[offset_ranks];
      if (plan.offset != nullptr)
        offset_coefficients(*plan.offset, log_tau, exponent, offset, by_u, by_b);
      double mean = 0;
      for (Index l = 0; l < plan.lags; ++l) {
        const auto k = static_cast<std::size_t>(l);
        double d =
            std::exp(-2 * std::exp(std::min(5.0, exponent * (std::log(plan.lag[k]) - log_tau))));
        if (plan.offset != nullptr)
          for (Index r = 0; r < plan.offset->ranks; ++r)
            d -= offset[r] * plan.offset->vectors[static_cast<std::size_t>(r * plan.lags + l)];
        decay.push_back(d);
        mean += weight[k] * d / weights;
      }
      if (plan.parameters == 4)
        for (double& d : decay)
          d -= mean;
      double norm = 0;
      for (std::size_t k = 0; k < decay.size(); ++k)
        norm += weight[k] * decay[k] * decay[k];
      if (!(norm > 1e-12 * weights))
        continue;
      for (std::size_t k = 0; k < decay.size(); ++k)
        plan.node_weights.push_back(static_cast<T>(weight[k] * decay[k] / std::sqrt(norm)));
      plan.node_scale.push_back(static_cast<T>(1 / std::sqrt(norm)));
      plan.node_log_tau.push_back(static_cast<T>(log_tau));
      plan.node_exponent.push_back(static_cast<T>(exponent));
    }
  plan.nodes = static_cast<Index>(plan.node_scale.size());
  if (plan.nodes == 0)
    throw OptionError("no starting curve lies within the bounds of tau and exponent");
}

template <class T>
BatchPlan<T> make_plan(std::span<const double> lag_s,
                       std::span<const double> sigma,
                       const BatchKwwOptions& options) {
  BatchPlan<T> plan;
  plan.lags = static_cast<Index>(lag_s.size());
  plan.parameters = options.fit_baseline ? 4 : 3;
  plan.lag.assign(lag_s.begin(), lag_s.end());
  const auto [least, most] = std::minmax_element(lag_s.begin(), lag_s.end());
  plan.log_tau_low = std::log(options.tau_low_s > 0 ? options.tau_low_s : 0.1 * *least);
  plan.log_tau_high = std::log(options.tau_high_s > 0 ? options.tau_high_s : 100 * *most);
  if (!(plan.log_tau_low < plan.log_tau_high))
    throw OptionError("tau_low_s is not below tau_high_s");
  plan.exponent_low = options.exponent_low;
  plan.exponent_high = options.exponent_high;
  plan.tolerance = options.tolerance;
  plan.max_iterations = options.max_iterations;
  plan.offset = options.offset;
  // weights relative to the largest, so that single precision neither overflows nor vanishes
  double smallest = sigma[0];
  for (const double s : sigma)
    smallest = std::min(smallest, s);
  std::vector<double> weight;
  for (std::size_t l = 0; l < lag_s.size(); ++l) {
    weight.push_back(smallest * smallest / (sigma[l] * sigma[l]));
    plan.weight.push_back(static_cast<T>(weight.back()));
    plan.weight_sum += plan.weight.back();
    plan.weighted = plan.weighted || weight.back() != 1;
    plan.log_lag.push_back(static_cast<T>(std::log(lag_s[l])));
  }
  if (options.offset != nullptr)
    plan.vectors.assign(options.offset->vectors.begin(), options.offset->vectors.end());
  add_nodes(plan, weight);
  return plan;
}

template <class T>
void unpack(
    const BatchOut<T>& out, Index first, Index count, T inverse_variance, BatchKwwFits<T>& fits) {
  const auto degrees = static_cast<T>(fits.degrees_of_freedom);
  for (Index lane = 0; lane < count; ++lane) {
    const auto i = static_cast<std::size_t>(first + lane);
    fits.contrast[i] = out.contrast[lane];
    fits.tau_s[i] = std::exp(out.log_tau[lane]);
    fits.kww_exponent[i] = out.exponent[lane];
    fits.baseline[i] = out.baseline[lane];
    fits.chi2[i] = out.chi2[lane] * inverse_variance;
    fits.status[i] = static_cast<BatchStatus>(out.status[lane]);
    const T scale = out.chi2[lane] / degrees;
    fits.contrast_error[i] = std::sqrt(scale * out.covariance[0][lane]);
    fits.log_tau_error[i] = std::sqrt(scale * out.covariance[2][lane]);
    fits.kww_exponent_error[i] = std::sqrt(scale * out.covariance[5][lane]);
    fits.log_tau_exponent_covariance[i] =
        out.covariance[4][lane] / std::sqrt(out.covariance[2][lane] * out.covariance[5][lane]);
  }
}

} // namespace

void validate(const BatchKwwOptions& o) {
  need(o.tau_low_s >= 0, "tau_low_s", o.tau_low_s, "zero or more");
  need(o.tau_high_s >= 0, "tau_high_s", o.tau_high_s, "zero or more");
  need(o.exponent_low > 0, "exponent_low", o.exponent_low, "positive");
  need(o.exponent_high > o.exponent_low && o.exponent_high <= 4,
       "exponent_high",
       o.exponent_high,
       "above exponent_low and at most 4");
  need(o.tolerance > 0 && o.tolerance < 0.1, "tolerance", o.tolerance, "in (0, 0.1)");
  need(
      o.max_iterations >= 1, "max_iterations", static_cast<double>(o.max_iterations), "at least 1");
}

std::string_view name(BatchStatus status) {
  switch (status) {
  case BatchStatus::converged:
    return "converged";
  case BatchStatus::at_bound:
    return "at bound";
  case BatchStatus::not_converged:
    return "not converged";
  case BatchStatus::no_decay:
    return "no decay";
  case BatchStatus::dependent:
    return "dependent";
  }
  return "";
}

void offset_coefficients(const DecayOffset& o,
                         double log_tau,
                         double exponent,
                         double* value,
                         double* by_log_tau,
                         double* by_exponent) {
  double u = 0, v = 0;
  const Index i = cell_of((log_tau - o.log_tau_first) / o.log_tau_step, o.log_taus, u);
  const Index j = cell_of((exponent - o.exponent_first) / o.exponent_step, o.exponents, v);
  double wu[4], du[4], wv[4], dv[4];
  cubic_weights(u, wu, du);
  cubic_weights(v, wv, dv);
  for (Index r = 0; r < o.ranks; ++r)
    value[r] = by_log_tau[r] = by_exponent[r] = 0;
  for (int a = 0; a < 4; ++a)
    for (int b = 0; b < 4; ++b) {
      const double* node = o.table.data() + ((i - 1 + a) * o.exponents + j - 1 + b) * o.ranks;
      const double w = wu[a] * wv[b], wa = du[a] * wv[b], wb = wu[a] * dv[b];
      for (Index r = 0; r < o.ranks; ++r) {
        value[r] += w * node[r];
        by_log_tau[r] += wa * node[r];
        by_exponent[r] += wb * node[r];
      }
    }
  for (Index r = 0; r < o.ranks; ++r) {
    by_log_tau[r] /= o.log_tau_step;
    by_exponent[r] /= o.exponent_step;
  }
}

template <class T>
void BatchKwwFits<T>::resize(std::size_t curves) {
  for (auto* list : {&tau_s,
                     &kww_exponent,
                     &contrast,
                     &baseline,
                     &log_tau_error,
                     &kww_exponent_error,
                     &contrast_error,
                     &log_tau_exponent_covariance,
                     &chi2})
    list->resize(curves);
  status.resize(curves);
}

template <class T>
BatchKwwFits<T> fit_kww_batch(std::span<const double> lag_s,
                              std::span<const double> sigma,
                              std::span<const T> values,
                              Index curves,
                              Index stride,
                              const BatchKwwOptions& options) {
  validate(options);
  check(lag_s, sigma, values, curves, stride, options);
  const auto plan = make_plan<T>(lag_s, sigma, options);
  const auto kernels = batch_kernels(options.level);
  BatchKwwFits<T> fits;
  fits.resize(static_cast<std::size_t>(curves));
  fits.degrees_of_freedom = plan.lags - plan.parameters;
  const double smallest = *std::min_element(sigma.begin(), sigma.end());
  const auto inverse_variance = static_cast<T>(1 / (smallest * smallest));
  parallel_for(0, curves, 8 * block_curves, [&](Index begin, Index end) {
    const auto out = std::make_unique<BatchOut<T>>();
    Buffer<T> values_of(block_curves * plan.lags), side_by_side(row_lanes * plan.lags);
    for (Index first = begin; first < end; first += block_curves) {
      const Index count = std::min(block_curves, end - first);
      // sixteen curves side by side, in the nearest cache: lags far apart fall onto the same few
      // lines of it; the last row is filled up with copies of the last curve
      for (Index row = 0; row < count; row += row_lanes) {
        const Index here = std::min(row_lanes, count - row);
        const T* from = values.data() + first + row;
        T* to = values_of.data() + row * plan.lags;
        for (Index l = 0; l < plan.lags; ++l, to += row_lanes)
          if (here == row_lanes)
            std::memcpy(to, from + l * stride, sizeof(T) * row_lanes);
          else
            for (Index lane = 0; lane < row_lanes; ++lane)
              to[lane] = from[l * stride + std::min(lane, here - 1)];
      }
      if constexpr (sizeof(T) == 4)
        kernels.floats(plan, values_of.data(), count, side_by_side.data(), *out);
      else
        kernels.doubles(plan, values_of.data(), count, side_by_side.data(), *out);
      unpack(*out, first, count, inverse_variance, fits);
    }
  });
  return fits;
}

template struct BatchKwwFits<float>;
template struct BatchKwwFits<double>;
template BatchKwwFits<float> fit_kww_batch<float>(std::span<const double>,
                                                  std::span<const double>,
                                                  std::span<const float>,
                                                  Index,
                                                  Index,
                                                  const BatchKwwOptions&);
template BatchKwwFits<double> fit_kww_batch<double>(std::span<const double>,
                                                    std::span<const double>,
                                                    std::span<const double>,
                                                    Index,
                                                    Index,
                                                    const BatchKwwOptions&);

} // namespace vitrum::fit
