// What a map of relaxation times says in space: how far ln τ is correlated, and the domains of slow
// pixels.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::ecm {

/// Covariance of ln τ between places a distance apart. The noise of the fits is shared by pixels
/// that see the same speckle of size s: its covariance falls as exp(−2 (r/s)²) (that of the
/// products of two Gaussian fluctuations); what is left is the sample's,
/// amplitude·exp(−(r/seen length)²). A pixel shows the mean of ln τ over a speckle, with the weight
/// exp(−2 (r/s)²) of its point spread: where the sample itself has the length L, what is seen has
/// √(L² + s²), and the share L²/(L² + s²) of the variance. Lengths below two speckles are told from
/// the noise badly: L comes out up to a tenth too long there.
struct SpaceCorrelation {
  std::vector<double> distance_px, covariance; // in steps of a pixel
  std::vector<double> noise, sample;           // the two parts as fitted
  double length_px = 0, length_error_px = 0;   // L; NaN where the sample's part is not above the
                                               // noise, or not wider than a speckle
  double variance_share = 1;                   // L²/(L² + s²); 1 where L is not known
  double amplitude = 0, noise_amplitude = 0;   // at distance zero, as seen
  double amplitude_error = 0; // of the chance in the noise: both amplitudes together times √(1/2n),
                              // n = pixels/(π s²) speckles
};

/// `log_tau` is [row, column], NaN where there is none. Errors from the scatter of four quadrants.
/// Throws DataError when sizes disagree.
[[nodiscard]] SpaceCorrelation
correlate_in_space(std::span<const double> log_tau, Index rows, Index columns, double speckle_px);

struct Domain {
  Index pixels = 0;
  double y = 0, x = 0; // its centre
  double median_tau_s = 0;
};
struct Domains {
  std::vector<Domain> list;         // largest first
  std::vector<std::int32_t> labels; // [row, column], 0: none, else the place in the list from 1
  double area_fraction = 0;         // of the pixels that have a τ
};

/// Pixels of τ above `threshold_s` that touch along edges, `least_pixels` or more together.
[[nodiscard]] Domains find_domains(std::span<const double> tau_s,
                                   Index rows,
                                   Index columns,
                                   double threshold_s,
                                   Index least_pixels = 1);

} // namespace vitrum::ecm
