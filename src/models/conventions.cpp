#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/models/decay.hpp"

namespace vitrum::models {

MittagLefflerLimits
mittag_leffler_limits(DecayModel model, double tau_s, double exponent, double lag_s) {
  if (model != DecayModel::ml && model != DecayModel::ml_squared)
    throw OptionError(fmt::format("{} has no Mittag-Leffler limits", name(model)));
  if (!(tau_s > 0) || !(exponent > 0 && exponent <= 1) || !(lag_s >= 0))
    throw OptionError(fmt::format(
        "Mittag-Leffler limits: tau {} s, exponent {}, lag {} s", tau_s, exponent, lag_s));
  const double x = std::pow(lag_s / tau_s, exponent);
  const double power = model == DecayModel::ml ? 1 : 2;
  // 1/Γ(0) = 0: of an exponential no power law is left
  const double reciprocal = exponent < 1 ? 1 / std::tgamma(1 - exponent) : 0;
  return {std::exp(-power * x / std::tgamma(1 + exponent)),
          reciprocal == 0 ? 0 : std::pow(reciprocal / x, power)};
}

TauConventions tau_conventions(DecayModel model, std::span<const double> p) {
  if (p.size() != parameters(model).size())
    throw OptionError("tau conventions: wrong number of parameters");
  const double b = model == DecayModel::exp ? 1 : p[3];
  const double factor = std::pow(2.0, 1 / b);
  switch (model) {
  case DecayModel::exp:
  case DecayModel::kww:
    return {p[2], p[2] / factor};
  case DecayModel::ml:
  case DecayModel::ml_squared:
    return {p[2] * factor, p[2]};
  case DecayModel::kww2:
  case DecayModel::power_cutoff:
    break;
  }
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  return {nan, nan};
}

} // namespace vitrum::models
