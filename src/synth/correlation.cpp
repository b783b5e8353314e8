#include "correlation.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::synth {
namespace {

using models::DecayModel;

constexpr double wanted_error = 3e-4, largest_error = 1e-3;

std::vector<double> logarithmic(double low, double high, double per_decade) {
  const double decades = std::log10(high / low);
  const auto n = std::max<Index>(1, static_cast<Index>(std::ceil(decades * per_decade)));
  std::vector<double> values;
  for (Index i = 0; i <= n; ++i)
    values.push_back(low * std::pow(high / low, static_cast<double>(i) / static_cast<double>(n)));
  return values;
}

} // namespace

std::vector<double> field_correlation(const XpcsOptions& o, std::span<const double> u) {
  const auto& infos = models::parameters(o.model);
  std::vector<double> values(infos.size(), 0);
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const std::string& parameter = infos[i].name;
    if (parameter == "contrast" || parameter == "tau_s")
      values[i] = 1;
    else if (parameter == "kww_exponent" || parameter == "ml_exponent")
      values[i] = o.exponent;
    else if (parameter == "fraction")
      values[i] = o.fraction;
    else if (parameter == "tau2_s")
      values[i] = o.tau2_s / o.tau_s;
    else if (parameter == "kww_exponent2")
      values[i] = o.exponent2;
    else if (parameter != "baseline")
      throw OptionError(
          fmt::format("model {} has an unknown parameter {}", models::name(o.model), parameter));
  }
  std::vector<double> g1(u.size());
  models::evaluate(o.model, values, u, g1);
  for (double& value : g1)
    value = std::sqrt(std::max(0.0, value));
  return g1;
}

bool is_mixture_of_exponentials(const XpcsOptions& o) {
  return o.model == DecayModel::exp || (o.model == DecayModel::kww && o.exponent <= 1) ||
         o.model == DecayModel::ml_squared;
}

RateSpectrum fit_rate_spectrum(const XpcsOptions& o, double u_low, double u_high) {
  if (!is_mixture_of_exponentials(o))
    throw OptionError(fmt::format("model {} with exponent {} is no mixture of exponentials: it can "
                                  "be made by the method circulant only, without aging",
                                  models::name(o.model),
                                  o.exponent));
  if (o.model == DecayModel::exp || o.exponent == 1)
    return {{1.0}, {1.0}, 0.0};
  std::vector<double> u = logarithmic(u_low, std::max(u_high, 2 * u_low), 25);
  u.push_back(0);
  const std::vector<double> wanted = field_correlation(o, u);
  constexpr double unit_sum = 100; // weight of the equation at u = 0
  RateSpectrum best;
  best.error = 1;
  for (const double per_decade : {1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0}) {
    const std::vector<double> rates = logarithmic(0.1 / u.at(u.size() - 2), 12 / u_low, per_decade);
    std::vector<double> a, b;
    for (std::size_t i = 0; i < u.size(); ++i) {
      const double scale = u[i] == 0 ? unit_sum : 1;
      for (const double rate : rates)
        a.push_back(scale * std::exp(-rate * u[i]));
      b.push_back(scale * wanted[i]);
    }
    const std::vector<double> x = solve_nonnegative(a, b, static_cast<Index>(rates.size()));
    RateSpectrum found;
    double sum = 0;
    for (std::size_t k = 0; k < x.size(); ++k)
      if (x[k] > 1e-7) {
        found.rate.push_back(rates[k]);
        found.weight.push_back(x[k]);
        sum += x[k];
      }
    for (double& weight : found.weight)
      weight /= sum;
    for (std::size_t i = 0; i < u.size(); ++i) {
      double made = 0;
      for (std::size_t k = 0; k < found.rate.size(); ++k)
        made += found.weight[k] * std::exp(-found.rate[k] * u[i]);
      found.error = std::max(found.error, std::abs(made - wanted[i]));
    }
    if (found.error < best.error)
      best = found;
    if (best.error < wanted_error)
      break;
  }
  if (best.error > largest_error)
    throw OptionError(fmt::format("model {} with exponent {}: its rate spectrum is off by {:.2g}, "
                                  "more than {}",
                                  models::name(o.model),
                                  o.exponent,
                                  best.error,
                                  largest_error));
  return best;
}

} // namespace vitrum::synth
