// Errors of the fits of single pixels. Lags of one pixel share their noise, so that what a fit says
// of its own errors is several times too small, and few relaxation times in a series bias it. Both
// are found from virtual pixels that go through the same steps.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"
#include "vitrum/fit/batch_kww.hpp"

namespace vitrum::ecm {

/// What the pixels have in common, and how they are analysed.
struct PixelErrorOptions {
  double kww_exponent = 0.7, contrast = 0.3, white_variance = 0; // of y, as in VirtualPixels
  Estimator estimator = Estimator::pixel_mean;
  fit::BatchKwwOptions fit;
  double frame_time_s = 1;
  double tau_low_s = 0, tau_high_s = 0; // range of true times
  Index nodes = 12;                     // true times, evenly spaced in their logarithm
  Index pixels = 1536;                  // virtual ones for each
  std::uint64_t seed = 1;
};

/// Of virtual pixels with one true τ: what is found.
struct ErrorNode {
  double log_tau = 0;
  double bias = 0, sigma = 0; // of ln τ: mean and standard deviation of found − true
  double exponent_bias = 0, exponent_sigma = 0; // the same of the exponent
  double contrast_bias = 0, contrast_sigma = 0; // relative to the true contrast
  double usable = 0;                            // share of the fits that are usable
  std::vector<float> found;                     // ln τ of the usable ones, ascending
};

struct ErrorTable {
  std::vector<ErrorNode> nodes;
  /// Interpolated between nodes, constant beyond them.
  [[nodiscard]] ErrorNode at(double log_tau) const;
};

/// Whether the numbers of a fit can be used at all: converged, τ within the lags, and an exponent
/// between 0.3 and 1.7: beyond, noise has taken over.
[[nodiscard]] bool usable(const fit::BatchKwwFits<float>& fits,
                          std::size_t i,
                          double shortest_lag_s,
                          double longest_lag_s);

[[nodiscard]] ErrorTable make_error_table(std::span<const Index> lags,
                                          std::span<const std::uint8_t> valid,
                                          const PixelErrorOptions& options,
                                          const Monitor& monitor = silent());

/// ln τ of the pixels is normal, seen through the fits.
struct Population {
  double log_mean = 0, log_mean_error = 0; // of ln(τ/s); errors count independent places
  double sigma = 0, sigma_error = 0;       // without the noise; 0 when the noise explains all of it
  double seen_log_mean = 0, seen_sigma = 0; // median and half the central 68 % of what is seen
  double noise_sigma = 0;                   // the same of the noise alone, at the mean
  Index pixels = 0;
};

/// The exponent of places whose ln τ has the standard deviation `sigma` and whose mean decays with
/// `whole`: exp(−2 (t/τ)^β) is a Gumbel law of ln t with the variance π²/(6 β²), to which the
/// variance of ln τ adds. Within 0.02 of a numerical mean up to sigma 0.5; beyond it is a rough
/// guide. NaN when there is nothing left of it.
[[nodiscard]] double exponent_of_parts(double whole, double sigma);

/// Mean and width for which virtual pixels, seen as the table says, have the median and the central
/// 68 % of the found ln τ. `independent`: how many independent places the pixels stand for. NaN
/// with fewer than 16 pixels.
[[nodiscard]] Population
find_population(std::span<const double> found, const ErrorTable& table, double independent);

/// The width of a population with this mean for which the fits' mean ln τ of a place, true one and
/// bias, has the variance `seen`: what maps show of it in space, where noise is known by its range.
[[nodiscard]] double width_of_places(double seen, double log_mean, const ErrorTable& table);

/// One pixel's corrected numbers and their errors. The bias and the errors are those at the most
/// likely true time, given what is found and the population: at the found time itself, errors would
/// be large where noise made it long.
struct PixelEstimate {
  double log_tau = 0, log_tau_error = 0;
  double kww_exponent = 0, kww_exponent_error = 0;
  double contrast = 0, contrast_error = 0;
};
[[nodiscard]] PixelEstimate correct_pixel(double found_log_tau,
                                          double found_exponent,
                                          double found_contrast,
                                          const ErrorTable& table,
                                          const Population& population);

} // namespace vitrum::ecm
