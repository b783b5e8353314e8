// What g2 alone says about τ where no fit can: it is longer than some lag, or shorter. Internal.
#pragma once
#include <limits>
#include <string>

#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {

/// Each side holds with a probability of 95 % at least.
struct TimeBound {
  double low_s = std::numeric_limits<double>::quiet_NaN(); // τ is longer; NaN: nothing known
  double high_s = std::numeric_limits<double>::quiet_NaN();
  std::string reason; // empty when neither is known
};

/// R(lag) = (g2(lag) − g2(∞)) / (g2(first lag) − g2(∞)) falls to a known value at τ: exp(−2) for
/// exp and kww; for ml between 1/e and 1/2, of every exponent; for ml-squared the squares. As long
/// as R is above it by 1.64 standard errors, lag after lag from the first, τ is longer; where it is
/// and stays below it by as much, τ is shorter, and if g2 does not differ from g2(∞) at the shorter
/// half of the lags, any contrast is lost before that lag. The law of decay is not used beyond
/// that: a decay before the first lag is not seen. g2(∞) is the fixed baseline, 1 without. Errors
/// of lags count as independent, which only widens those of R. kww2 and power-cutoff have no such
/// value, and data without errors say nothing.
[[nodiscard]] TimeBound
bound_time(models::DecayModel model, const FitData& data, const FitOptions& options);

/// Adds the bounds, and what they rest on, to a fit whose status leaves τ open.
void add_time_bound(FitResult& result, const FitData& data, const FitOptions& options);

} // namespace vitrum::fit
