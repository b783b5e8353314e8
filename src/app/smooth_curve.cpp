#include "smooth_curve.hpp"

#include <cmath>

namespace vitrum::app {

SmoothCurve smooth_curve(models::DecayModel model,
                         std::span<const double> parameters,
                         double first_lag_s,
                         double last_lag_s) {
  constexpr int points = 200;
  SmoothCurve curve;
  for (int i = 0; i < points; ++i)
    curve.lag_s.push_back(first_lag_s * std::pow(last_lag_s / first_lag_s, i / (points - 1.0)));
  curve.g2.resize(points);
  models::evaluate(model, parameters, curve.lag_s, curve.g2);
  return curve;
}

} // namespace vitrum::app
