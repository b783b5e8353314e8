// Correlation lengths from peak heights at several probe sizes: the Stratton–Voyles plot and pair
// persistence.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitrum/fem/peaks.hpp"

namespace vitrum::fem {

/// V_max at one probe size R (FWHM), with its own error and what one standard deviation of each of
/// two unknowns adds that the peaks of all sizes share (how a peak is two).
struct SizedPeak {
  double probe_size_nm = unknown;
  double height = unknown, error = unknown;
  std::array<double, 2> common{};

  /// Of this peak alone.
  [[nodiscard]] double total_error() const { return std::hypot(error, common[0], common[1]); }
};

/// Throws DataError unless sizes are positive and different, heights finite and errors positive.
void validate(std::span<const SizedPeak> peaks);

struct StrattonVoyles {
  Value length_nm;       // R at the maximum of V_max(R), NaN without one inside the series
  Value maximum;         // V there
  Value rise;            // exponent p of the fall below the maximum; NaN from a parabola
  double chi2 = unknown; // of the two branches
  Index points = 0;      // that were fitted
  double smallest_beyond = unknown;         // of the probe sizes beyond the maximum
  std::vector<double> curve_size_nm, curve; // the branches, where they were fitted
  std::string status; // "maximum", "maximum of a parabola …", or why there is none
};

/// Stratton & Voyles: V_max(R) against 1/R² peaks where the probe is as wide as the dominant
/// order. Two branches meet in the maximum R₀: pair persistence, 1/V = a + b R², of probes wider
/// than the order, and that times (R/R₀)^p of those that lie within it. Errors by simulation about
/// the fit, what peaks share drawn once for all of them, and times √(χ²/degrees) where that is more
/// than 1. Where a branch has fewer than two points, or the points miss both (p < 0.01, as of a
/// round maximum), the maximum is that of a parabola in ln R through the largest V and its
/// neighbours, and may lie anywhere between those: their distance, as a uniform error, is part of
/// the error.
[[nodiscard]] StrattonVoyles find_stratton_voyles(std::span<const SizedPeak> peaks,
                                                  std::uint64_t seed = 1);

struct PairPersistence {
  Value slope, intercept; // Q²/V = slope · Q² + intercept, Q = 0.61/R
  double covariance = unknown;
  Value length_nm; // √(slope/intercept)/2π
  double chi2 = unknown;
  Index points = 0;
  double smallest_nm = unknown, largest_nm = unknown; // R used
  std::string status;                                 // "fitted", or why not
};

/// Gibson, Treacy & Voyles 2000, over the sizes from `smallest_nm` on; generalised least squares
/// where peaks share errors.
[[nodiscard]] PairPersistence find_pair_persistence(std::span<const SizedPeak> peaks,
                                                    double smallest_nm);

/// Λ = √(slope/intercept)/2π with its error from both errors and their covariance.
[[nodiscard]] Value persistence_length(
    double slope, double intercept, double var_slope, double var_intercept, double covariance);

/// Whether two values agree: their difference, its error and the two-sided probability of one as
/// large.
struct Agreement {
  Value difference;
  double p = unknown;
};
[[nodiscard]] Agreement compare(const Value& a, const Value& b);

/// Mean relative change b/a − 1 over pairs of heights, weighted by their errors; its error is that
/// of the weights, or of the scatter where that is larger.
[[nodiscard]] Value relative_change(std::span<const Value> a, std::span<const Value> b);

} // namespace vitrum::fem
