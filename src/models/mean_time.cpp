#include <cmath>
#include <limits>
#include <numbers>

#include "vitrum/core/error.hpp"
#include "vitrum/models/decay.hpp"

namespace vitrum::models {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = std::numbers::pi;

// ∫ exp(−(t/tau)^b) dt
double stretched_integral(double tau, double b) {
  return tau * std::tgamma(1 / b) / b;
}

double kww_decay(double tau, double b) {
  return stretched_integral(tau, b) * std::pow(2.0, -1 / b);
}

// ∫ E_b(−(t/tau)^b)² dt for ½ < b < 1: by Parseval from the transform s^(b−1)/(s^b + 1), and
// Gradshteyn–Ryzhik 3.252.12 for the integral over frequency.
double ml_squared_integral(double tau, double b) {
  return tau / b * std::sin(pi * (b - 1) / 2) / (std::sin(pi * b / 2) * std::sin(pi / b));
}

// ∫ (1 + t/tau)^−a exp(−t/c) dt with t = c·exp(x): the integrand falls on both sides, doubly
// exponentially on one, and the trapezoidal rule converges geometrically.
double power_integral(double tau, double a, double c) {
  double sum = 0;
  const double h = 1.0 / 32;
  const double low = std::min(std::log(tau / c), 0.0) - 37;
  for (double x = low; x < 4; x += h)
    sum += std::exp(x - std::exp(x) - a * std::log1p(std::exp(x) * c / tau));
  return sum * h * c;
}

} // namespace

MeanTime mean_time(DecayModel model, std::span<const double> p) {
  if (p.size() != parameters(model).size())
    throw OptionError("mean time: wrong number of parameters");
  switch (model) {
  case DecayModel::exp:
    return {p[2] / 2, p[2], ""};
  case DecayModel::kww:
    return {kww_decay(p[2], p[3]), stretched_integral(p[2], p[3]), ""};
  case DecayModel::ml:
    if (p[3] == 1)
      return {p[2], nan, "ml assumes no field correlation"};
    return {nan, nan, "the mean time diverges: the tail falls as t^-ml_exponent"};
  case DecayModel::ml_squared:
    if (p[3] == 1)
      return {p[2] / 2, p[2], ""};
    if (p[3] > 0.5)
      return {ml_squared_integral(p[2], p[3]),
              nan,
              "the mean time of the field correlation diverges: its tail falls as t^-ml_exponent"};
    return {nan, nan, "the mean time diverges: the tail falls as t^(-2 ml_exponent)"};
  case DecayModel::kww2:
    return {p[4] * kww_decay(p[2], p[3]) + (1 - p[4]) * kww_decay(p[5], p[6]),
            nan,
            "the field correlation of two processes has no closed form"};
  case DecayModel::power_cutoff:
    return {power_integral(p[2], p[3], p[4]), nan, "no field correlation is assumed"};
  }
  return {nan, nan, "unknown model"};
}

} // namespace vitrum::models
