// The field correlation g1 in reduced time u = t/τ, and its rate spectrum.
#pragma once
#include <span>
#include <vector>

#include "vitrum/synth/xpcs.hpp"

namespace vitrum::synth {

/// g1 = √decay at each u >= 0 (u = t/tau_s, so the second process of kww2 has tau2_s/tau_s).
[[nodiscard]] std::vector<double> field_correlation(const XpcsOptions& options,
                                                    std::span<const double> u);

/// True where g1 is completely monotone, a mixture of exponentials.
[[nodiscard]] bool is_mixture_of_exponentials(const XpcsOptions& options);

/// g1(u) ≈ Σ weight·exp(−rate·u), weights positive with sum 1.
struct RateSpectrum {
  std::vector<double> rate, weight;
  double error = 0; // largest difference over u = 0 and [u_low, u_high]
};

/// Throws OptionError when no spectrum of exponentials comes within 1e-3.
[[nodiscard]] RateSpectrum
fit_rate_spectrum(const XpcsOptions& options, double u_low, double u_high);

/// x >= 0 that minimises |A x − b| (Lawson and Hanson, Solving Least Squares Problems, ch. 23);
/// `a` is [rows, columns] row after row.
[[nodiscard]] std::vector<double>
solve_nonnegative(const std::vector<double>& a, const std::vector<double>& b, Index columns);

} // namespace vitrum::synth
