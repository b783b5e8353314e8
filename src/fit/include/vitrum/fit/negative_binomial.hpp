// The negative-binomial law of photon counts in partially coherent light, and its number of modes
// M = 1/contrast from histograms of counts.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/count_histogram.hpp"

namespace vitrum::fit {

/// ln P(k), P(k) = Γ(k + M)/(Γ(M) k!) (1 + M/mean)^−k (1 + mean/M)^−M, M = 1/contrast (Mandel,
/// Proc. Phys. Soc. 74 (1959) 233; Goodman, Speckle Phenomena in Optics, on integrated intensity).
/// Contrast 0 is Poisson's law, contrast 1 the thermal one. Negative contrasts continue the law to
/// counts that vary less than Poisson's: −∞ where it has none.
[[nodiscard]] double log_negative_binomial(Index count, double mean, double contrast);

/// Contrast of largest likelihood; `strata` are histograms with a mean each and one contrast. The
/// best means are the sample means whatever the contrast. The estimate runs through zero to
/// negative values, so that it has no bias at weak contrast. NaN when no count above 1 was seen:
/// then nothing is known about pairs of photons.
[[nodiscard]] double likelihood_contrast(std::span<const CountHistogram> strata);

/// <k(k − 1)>/<k>² − 1, with the strata pooled (NaN as above): of any law of the intensity the
/// relative variance. That is what falls with the exposure as exposure_fit.hpp says. The integrated
/// intensity of moving speckle follows the gamma law behind the negative binomial only roughly
/// (Goodman), so that 1/M of largest likelihood lies below it, by up to a fifth of its value where
/// exposure and relaxation are alike.
[[nodiscard]] double moment_contrast(std::span<const CountHistogram> strata);

enum class ContrastEstimator { likelihood, moments };
[[nodiscard]] std::string_view name(ContrastEstimator estimator);
[[nodiscard]] ContrastEstimator parse_contrast_estimator(std::string_view text);

/// Values with standard errors from the jackknife over groups of pixels, which sees the whole
/// series in each group: correlation of successive exposures, and of neighbouring pixels within a
/// group, is in the error.
struct GroupedContrast {
  double mean = 0, mean_error = 0;         // counts per pixel and exposure
  double contrast = 0, contrast_error = 0; // the bias of finitely many pixels removed
  double modes = 0, modes_error = 0;       // 1/contrast; infinite where that is not above zero
  std::vector<double> deviation; // [group]: contrast_error² = Σ deviation²; with those of another
                                 // exposure the products give the covariance
  Index samples = 0;
  std::string reason; // why a value or an error is NaN
};

/// `histograms` [group, stratum]. With fewer than four groups there are values without errors.
[[nodiscard]] GroupedContrast
estimate_contrast(std::span<const CountHistogram> histograms,
                  Index strata,
                  ContrastEstimator estimator = ContrastEstimator::moments);

} // namespace vitrum::fit
