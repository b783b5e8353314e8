#include "vitrum/models/decay.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "vitrum/core/error.hpp"
#include "vitrum/models/mittag_leffler.hpp"

namespace vitrum::models {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct ModelInfo {
  std::string_view name, formula, convention;
  std::vector<ParameterInfo> parameters;
};

const ParameterInfo contrast{"contrast", "", 0, infinity, false};
const ParameterInfo baseline{"baseline", "", -infinity, infinity, false};

ParameterInfo time_parameter(std::string name) {
  return {std::move(name), "s", 0, infinity, true};
}

ParameterInfo exponent(std::string name, double high) {
  return {std::move(name), "", 0.05, high, false};
}

const ModelInfo& info(DecayModel model) {
  static const std::array<ModelInfo, all_decay_models.size()> table{{
      {"exp",
       "g2(t) = baseline + contrast exp(-2 t/tau)",
       "tau is the time of the field correlation: g2 - 1 falls by e within tau/2",
       {contrast, baseline, time_parameter("tau_s")}},
      {"kww",
       "g2(t) = baseline + contrast exp(-2 (t/tau)^b), b = kww_exponent",
       "with the factor 2 of the Siegert relation: tau is the time of the field correlation",
       {contrast, baseline, time_parameter("tau_s"), exponent("kww_exponent", 2)}},
      {"ml",
       "g2(t) = baseline + contrast E_b(-(t/tau)^b), b = ml_exponent",
       "without a factor 2: the Mittag-Leffler function is fitted to the normalised g2",
       {contrast, baseline, time_parameter("tau_s"), exponent("ml_exponent", 1)}},
      {"ml-squared",
       "g2(t) = baseline + contrast E_b(-(t/tau)^b)^2, b = ml_exponent",
       "the square is that of the Siegert relation: tau is the time of the field correlation",
       {contrast, baseline, time_parameter("tau_s"), exponent("ml_exponent", 1)}},
      {"kww2",
       "g2(t) = baseline + contrast [fraction exp(-2 (t/tau)^b) + (1 - fraction) exp(-2 "
       "(t/tau2)^b2)], b = kww_exponent, b2 = kww_exponent2",
       "with the factor 2 of the Siegert relation in both processes, tau <= tau2",
       {contrast,
        baseline,
        time_parameter("tau_s"),
        exponent("kww_exponent", 2),
        {"fraction", "", 0, 1, false},
        time_parameter("tau2_s"),
        exponent("kww_exponent2", 2)}},
      {"power-cutoff",
       "g2(t) = baseline + contrast (1 + t/tau)^-a exp(-t/cutoff), a = power_exponent",
       "no factor 2: tau is where the power law begins, cutoff where it ends",
       {contrast,
        baseline,
        time_parameter("tau_s"),
        exponent("power_exponent", 10),
        time_parameter("cutoff_s")}},
  }};
  return table[static_cast<std::size_t>(model)];
}

void check(DecayModel model,
           std::span<const double> p,
           std::span<const double> lag_s,
           std::size_t g2_size) {
  const auto& known = parameters(model);
  if (p.size() != known.size())
    throw OptionError(
        fmt::format("{}: {} parameters, expected {}", name(model), p.size(), known.size()));
  if (g2_size != lag_s.size())
    throw OptionError(
        fmt::format("{}: room for {} values at {} lags", name(model), g2_size, lag_s.size()));
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (known[i].is_time && !(p[i] > 0))
      throw OptionError(
          fmt::format("{}: {} = {}: must be positive", name(model), known[i].name, p[i]));
    if ((known[i].name.starts_with("kww_exponent") || known[i].name == "power_exponent") &&
        !(p[i] > 0))
      throw OptionError(
          fmt::format("{}: {} = {}: must be positive", name(model), known[i].name, p[i]));
    if (known[i].name == "ml_exponent" && !(p[i] > 0 && p[i] <= 1))
      throw OptionError(
          fmt::format("{}: {} = {}: must be in (0, 1]", name(model), known[i].name, p[i]));
  }
  for (const double lag : lag_s)
    if (!(lag >= 0))
      throw OptionError(fmt::format("{}: lag {} s: must not be negative", name(model), lag));
}

// One process: decay and its derivatives with respect to tau and the exponent.
struct Decay {
  double value = 0, dtau = 0, dexponent = 0;
};

// x ln(x^(1/b)) tends to 0 with x, which the product does not know.
double times_log(double factor, double u) {
  return u > 0 && factor != 0 ? factor * std::log(u) : 0;
}

Decay kww(double lag, double tau, double b) {
  const double u = lag / tau;
  const double x = std::pow(u, b);
  const double value = std::exp(-2 * x);
  const double slope = value > 0 ? -2 * value * x : 0; // x d/dx; 0·∞ is 0 here
  return {value, -b * slope / tau, times_log(slope, u)};
}

void fill_ml(std::span<const double> p,
             std::span<const double> lag_s,
             bool squared,
             std::span<double> g2,
             std::span<double> jacobian) {
  const double tau = p[2], b = p[3];
  const std::size_t n = lag_s.size();
  std::vector<double> x(n), value(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = std::pow(lag_s[i] / tau, b);
  const MittagLeffler function(b, 1);
  std::vector<double> dx, dalpha, dbeta;
  if (jacobian.empty()) {
    function.evaluate(x, value);
  } else {
    dx.resize(n);
    dalpha.resize(n);
    dbeta.resize(n);
    function.evaluate(x, {value, dx, dalpha, dbeta});
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double decay = squared ? value[i] * value[i] : value[i];
    g2[i] = p[1] + p[0] * decay;
    if (jacobian.empty())
      continue;
    const double outer = squared ? 2 * value[i] : 1;
    const double slope = std::isfinite(x[i]) ? outer * dx[i] * x[i] : 0;
    double* row = &jacobian[i * 4];
    row[0] = decay;
    row[1] = 1;
    row[2] = -p[0] * slope * b / tau;
    row[3] = p[0] * (times_log(slope, lag_s[i] / tau) + outer * dalpha[i]);
  }
}

void fill_power(std::span<const double> p,
                std::span<const double> lag_s,
                std::span<double> g2,
                std::span<double> jacobian) {
  const double tau = p[2], a = p[3], cutoff = p[4];
  for (std::size_t i = 0; i < lag_s.size(); ++i) {
    const double log_one = std::log1p(lag_s[i] / tau);
    const double decay = std::exp(-a * log_one - lag_s[i] / cutoff);
    g2[i] = p[1] + p[0] * decay;
    if (jacobian.empty())
      continue;
    double* row = &jacobian[i * 5];
    const bool alive = decay > 0; // 0·∞ is 0 here
    row[0] = decay;
    row[1] = 1;
    row[2] = alive ? p[0] * decay * a * lag_s[i] / (tau * (tau + lag_s[i])) : 0;
    row[3] = alive ? -p[0] * decay * log_one : 0;
    row[4] = alive ? p[0] * decay * lag_s[i] / (cutoff * cutoff) : 0;
  }
}

void fill(DecayModel model,
          std::span<const double> p,
          std::span<const double> lag_s,
          std::span<double> g2,
          std::span<double> jacobian) {
  if (model == DecayModel::ml || model == DecayModel::ml_squared) {
    fill_ml(p, lag_s, model == DecayModel::ml_squared, g2, jacobian);
    return;
  }
  if (model == DecayModel::power_cutoff) {
    fill_power(p, lag_s, g2, jacobian);
    return;
  }
  const std::size_t count = p.size();
  for (std::size_t i = 0; i < lag_s.size(); ++i) {
    double* row = jacobian.empty() ? nullptr : &jacobian[i * count];
    if (model != DecayModel::kww2) {
      const Decay d = kww(lag_s[i], p[2], model == DecayModel::exp ? 1 : p[3]);
      g2[i] = p[1] + p[0] * d.value;
      if (row != nullptr) {
        row[0] = d.value;
        row[1] = 1;
        row[2] = p[0] * d.dtau;
        if (model == DecayModel::kww)
          row[3] = p[0] * d.dexponent;
      }
      continue;
    }
    const Decay fast = kww(lag_s[i], p[2], p[3]);
    const Decay slow = kww(lag_s[i], p[5], p[6]);
    const double f = p[4];
    const double decay = f * fast.value + (1 - f) * slow.value;
    g2[i] = p[1] + p[0] * decay;
    if (row != nullptr) {
      row[0] = decay;
      row[1] = 1;
      row[2] = p[0] * f * fast.dtau;
      row[3] = p[0] * f * fast.dexponent;
      row[4] = p[0] * (fast.value - slow.value);
      row[5] = p[0] * (1 - f) * slow.dtau;
      row[6] = p[0] * (1 - f) * slow.dexponent;
    }
  }
}

} // namespace

std::string_view name(DecayModel model) {
  return info(model).name;
}

DecayModel parse_decay_model(std::string_view text) {
  std::vector<std::string_view> names;
  for (const DecayModel model : all_decay_models) {
    if (name(model) == text)
      return model;
    names.push_back(name(model));
  }
  throw OptionError(fmt::format("model \"{}\": must be one of {}", text, fmt::join(names, ", ")));
}

std::string_view formula(DecayModel model) {
  return info(model).formula;
}

std::string_view convention(DecayModel model) {
  return info(model).convention;
}

const std::vector<ParameterInfo>& parameters(DecayModel model) {
  return info(model).parameters;
}

Index parameter_index(DecayModel model, std::string_view parameter) {
  const auto& known = parameters(model);
  for (std::size_t i = 0; i < known.size(); ++i)
    if (known[i].name == parameter)
      return static_cast<Index>(i);
  return -1;
}

void evaluate(DecayModel model,
              std::span<const double> parameter_values,
              std::span<const double> lag_s,
              std::span<double> g2) {
  check(model, parameter_values, lag_s, g2.size());
  fill(model, parameter_values, lag_s, g2, {});
}

void evaluate(DecayModel model,
              std::span<const double> parameter_values,
              std::span<const double> lag_s,
              std::span<double> g2,
              std::span<double> jacobian) {
  check(model, parameter_values, lag_s, g2.size());
  if (jacobian.size() != lag_s.size() * parameter_values.size())
    throw OptionError(fmt::format("{}: room for {} derivatives, expected {} × {}",
                                  name(model),
                                  jacobian.size(),
                                  lag_s.size(),
                                  parameter_values.size()));
  if (!lag_s.empty())
    fill(model, parameter_values, lag_s, g2, jacobian);
}

} // namespace vitrum::models
