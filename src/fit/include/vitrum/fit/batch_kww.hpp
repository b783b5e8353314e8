// Many small fits at once: contrast·exp(−2 (t/τ)^β) + baseline to the correlation function of every
// pixel, sixteen (float) or eight (double) pixels side by side in one register.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::fit {

/// What a finite series takes away from the decay: decay(t) becomes decay(t) − o(t; τ, β) with
///     o(t_l; τ, β) = Σ_r a_r(ln τ, β) v_r(l),
/// a_r tabulated on an even grid and interpolated by cubic convolution (Keys 1981), so that values
/// and slopes are continuous.
struct DecayOffset {
  Index ranks = 0;
  std::vector<double> vectors; // [rank, lag]
  double log_tau_first = 0, log_tau_step = 0, exponent_first = 0, exponent_step = 0;
  Index log_taus = 0, exponents = 0;
  std::vector<double> table; // [log tau, exponent, rank]
};

struct BatchKwwOptions {
  bool fit_baseline = false; // else it is zero
  double tau_low_s = 0;      // bounds; 0: a tenth of the shortest lag
  double tau_high_s = 0;     // 0: a hundred times the longest lag
  double exponent_low = 0.1, exponent_high = 2;
  double tolerance = 1e-5; // of a step, relative to tau and exponent, at which a fit has converged
  Index max_iterations = 60;
  const DecayOffset* offset = nullptr; // not owned
  SimdLevel level = simd_level();
};
/// Throws OptionError.
void validate(const BatchKwwOptions& options);

enum class BatchStatus : std::uint8_t {
  converged = 0,
  at_bound = 1,      // tau or exponent sits on its bound; errors are of the others
  not_converged = 2, // out of iterations
  no_decay = 3,      // the best contrast is not positive, or values are not finite
  dependent = 4,     // the data do not tell the parameters apart
};
[[nodiscard]] std::string_view name(BatchStatus status);

/// One entry per curve. Errors are those of independent lags: (JᵀWJ)⁻¹, times chi2_reduced.
template <class T>
struct BatchKwwFits {
  std::vector<T> tau_s, kww_exponent, contrast, baseline;
  std::vector<T> log_tau_error, kww_exponent_error, contrast_error;
  std::vector<T> log_tau_exponent_covariance; // correlation coefficient of ln tau and exponent
  std::vector<T> chi2;                        // Σ ((value − curve)/sigma)²
  std::vector<BatchStatus> status;
  Index degrees_of_freedom = 0;

  void resize(std::size_t curves);
  [[nodiscard]] bool good(std::size_t i) const { return status[i] == BatchStatus::converged; }
};

/// Levenberg–Marquardt in contrast, ln tau, exponent and perhaps baseline, with analytic
/// derivatives and a start of its own for every curve. `values` is [lag, stride]: curve i stands at
/// values[lag · stride + i]; `sigma` is [lag], shared by all curves. Results do not depend on how
/// curves are dealt into batches. Throws DataError for sizes that disagree, lags that are not
/// positive, a sigma that is not positive, or fewer lags than parameters.
template <class T>
[[nodiscard]] BatchKwwFits<T> fit_kww_batch(std::span<const double> lag_s,
                                            std::span<const double> sigma,
                                            std::span<const T> values,
                                            Index curves,
                                            Index stride,
                                            const BatchKwwOptions& options = {});

} // namespace vitrum::fit
