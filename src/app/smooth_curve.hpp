// A fitted decay close enough for a smooth line on a logarithmic axis.
#pragma once
#include <span>
#include <vector>

#include "vitrum/models/decay.hpp"

namespace vitrum::app {

struct SmoothCurve {
  std::vector<double> lag_s, g2;
};

/// Between two positive lags; `parameters` in the order of models::parameters. Throws as
/// models::evaluate.
[[nodiscard]] SmoothCurve smooth_curve(models::DecayModel model,
                                       std::span<const double> parameters,
                                       double first_lag_s,
                                       double last_lag_s);

} // namespace vitrum::app
