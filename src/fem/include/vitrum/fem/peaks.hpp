// Peaks of the normalised variance: Gaussians on a background, one against two, shoulders, with
// errors that know that neighbouring rings are correlated.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "vitrum/fem/polar_map.hpp"

namespace vitrum::fem {

/// V(k) with its errors. `replicate` [replicate, ring]: bootstrap samples, or empty; from them come
/// the correlation of the rings and the errors of the peaks.
struct VarianceProfile {
  std::vector<double> k, value, error;
  std::vector<double> replicate;
};

struct PeakOptions {
  double k_low = unknown, k_high = unknown; // of the fit; NaN: from the valley before the first
                                            // peak, to the one after the last
  double resolution = 0;   // standard deviation in k of what a ring averages over: peaks are fitted
                           // as seen through it, so that height and width are those before
  Index most = 3;          // peaks fitted
  double significance = 4; // of a peak's height over its valleys, in errors of the two
  double closest = 0.1;    // of k: maxima nearer to each other are one peak, which may be split
  double split_level = 0.01;    // chance that one Gaussian is taken for two
  double split_information = 6; // what two must gain in BIC
};
void validate(const PeakOptions& options);

struct Value {
  double value = unknown, error = unknown;
};

/// One Gaussian: height · exp(−(k − center)²/2σ²).
struct Peak {
  Value center, height, width; // width: standard deviation σ
  Value integral;              // height · σ · √2π
  Value maximum_k, maximum;    // of the data, by a parabola of ln V at its top: whatever the shape
};

/// A peak taken for two Gaussians of one width.
struct Split {
  bool found = false; // by both tests
  Value first_center, second_center, first_height, second_height, width, separation;
  Value first_share; // of the first in the sum of both heights
  double separation_share_covariance = unknown;
  double f = unknown; // gain in chi² of two more parameters over that from noise alone
  double p = unknown; // chance of such a gain when there is one
  double information_gain = unknown; // BIC of one minus BIC of two
};

/// What is left beside a peak.
struct Shoulder {
  double k = unknown, height = unknown, significance = unknown; // in standard errors
};

struct PeakFit {
  double k_low = unknown, k_high = unknown;
  std::vector<Peak> peaks;   // by k
  std::vector<Split> splits; // of each peak
  std::vector<Shoulder> shoulders;
  Value background, background_slope; // at the first peak, per unit of k
  std::vector<double> covariance; // [3 peaks + 2]² of (center, height, width)…, background, slope
  std::vector<double> k, curve;   // the fit at the points
  double chi2 = unknown;          // Σ((V − fit)/error)²
  Index points = 0;
  double independent_points = unknown; // what so many correlated ones are worth
  bool converged = false;
  Value height_ratio; // second over first; NaN for one peak
};

/// Peaks are local maxima that stand out of their valleys. None found: `peaks` is empty. Throws
/// DataError when the profile has fewer than 8 points in the range or errors are not positive.
[[nodiscard]] PeakFit fit_peaks(const VarianceProfile& profile, const PeakOptions& options = {});

/// How a peak is two: known where the probe resolves them, and true for all probes.
struct PeakPair {
  Value separation;      // in k
  Value first_share;     // of the first in the sum of both heights
  double covariance = 0; // of both
};
[[nodiscard]] PeakPair pair_of(const Split& split);

/// Which of several series, whose common peak was tested in each, knows best how it is two.
struct PairChoice {
  std::optional<std::size_t> series; // of the smallest error of the separation
  Index found = 0;                   // series in which it is two by themselves
  double chance = unknown; // that some of so many series of one peak gain as much as the best
};
/// One peak is taken for two in any of n series more often than in one: a series is chosen where
/// 1 − (1 − p)ⁿ, n the series that were tested, is below `level`.
[[nodiscard]] PairChoice choose_pair(std::span<const Split> splits, double level);

/// Sum of the heights of a peak that is known to be such a pair, of which one Gaussian would miss
/// more the better the probe resolves it.
struct PairHeight {
  Value own;                      // with the error that is this series' alone (bootstrap samples)
  std::array<double, 2> common{}; // what one standard deviation of each of two independent
                                  // unknowns of the pair, the same for all series, adds
};
/// `resolution` as in PeakOptions. NaN where the points are too few.
[[nodiscard]] PairHeight pair_height(const VarianceProfile& profile,
                                     const PeakFit& fit,
                                     std::size_t peak,
                                     const PeakPair& pair,
                                     double resolution = 0);

/// Correlation of neighbouring rings at distances 0, 1, … from bootstrap samples: mean over all
/// rings, times a triangle that ends at twice its first zero, so that the matrix of it is positive
/// definite. {1} without samples.
[[nodiscard]] std::vector<double> ring_correlation(std::span<const double> replicate, Index rings);

/// Probability that F with these degrees of freedom exceeds f.
[[nodiscard]] double f_survival(double f, double degrees1, double degrees2);

} // namespace vitrum::fem
