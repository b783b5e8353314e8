// How often a stationary Gaussian series rises above a level by chance.
#pragma once
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::aging {

/// P(N(0,1) > z).
[[nodiscard]] double normal_survival(double z);

/// The normal deviate as improbable as Student's t of `degrees`: Wallace, Ann. Math. Stat. 30
/// (1959) 1124; within 1 % of the tail for degrees > 10.
[[nodiscard]] double normal_equivalent(double t, double degrees);

/// Autocorrelation of a series at lags 0 … reach, NaN left out.
[[nodiscard]] std::vector<double> autocorrelation(std::span<const double> values, Index reach);

/// An autocorrelation that is positive definite: tapered (Parzen, over twice its reach).
[[nodiscard]] std::vector<double> tapered(std::vector<double> correlation);

/// Separate excursions of `frames` values above a level: frames · P(z > u) · E[1/count | z > u],
/// count the values above u within the reach of the correlation, by conditional simulation.
class ExcursionRate {
public:
  ExcursionRate(std::vector<double> correlation, double frames);
  [[nodiscard]] double expected(double level) const;
  /// Level at which `rate` are expected.
  [[nodiscard]] double level(double rate) const;

private:
  [[nodiscard]] double clump(double u) const; // E[1/count | z > u]

  std::vector<double> correlation_;
  std::vector<double> factor_; // Cholesky, of the values given the one in the middle
  double frames_;
};

} // namespace vitrum::aging
