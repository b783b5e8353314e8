// Averages a correlation function over exponentially growing bins of lag, with everything that is
// known of its errors.
#pragma once
#include <span>

#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {

/// Means, weighted by `pairs` (empty: all alike), over bins of `per_decade` to a decade of lag from
/// the smallest positive lag on; lag 0 stays by itself. Lags, values, deviations and covariance are
/// averaged alike, so errors stay exact; the spread of the lags of a bin is that between its points
/// and within them. Points with a NaN are left out. Independent points (sigma alone) make bins with
/// the error of their weighted mean. Throws DataError for sizes that disagree, OptionError unless
/// per_decade is positive.
[[nodiscard]] FitData
exponential_bins(const FitData& data, std::span<const double> pairs, Index per_decade);

/// The same data with `covariance` shrunk and positive definite, in place of deviations: the
/// correlations r of the deviations times 1 − λ,
///     λ = Σ var(r_ij) / Σ r_ij²  over i ≠ j,  var(r) = (1 − r²)² / degrees
/// (Schäfer and Strimmer, Stat. Appl. Genet. Mol. Biol. 4 (2005) 32, with the large-sample variance
/// of a correlation); `degrees` are those of the estimate, 0: rows of deviations. The variances
/// stay. A covariance given as a matrix is taken as known. Points with a NaN keep it.
[[nodiscard]] FitData shrink_covariance(const FitData& data, Index degrees = 0);

} // namespace vitrum::fit
