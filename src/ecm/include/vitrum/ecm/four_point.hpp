// The four-point correlation of a field: are places that have just relaxed near each other?
#pragma once
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/ecm/field.hpp"

namespace vitrum::ecm {

struct FourPointOptions {
  std::vector<Index> lags;  // frames
  Index origins = 24;       // times at which the overlap is taken, evenly spread
  Index largest_edge = 512; // of the middle of the field that is used
};

/// The overlap of a place with itself, q(r, t) = y(r, t) y(r, t + lag), correlated between places:
///     G4(Δr) = <q(r, t) q(r + Δr, t')> / <q>² − 1.
/// At one time (t' = t) G4 holds the speckle itself, whose neighbours fluctuate together; at times
/// half a series apart the speckle is another one, and only what persists of the differences
/// between fast and slow places is left.
struct FourPoint {
  std::vector<Index> lags;
  std::vector<double> distance_px;              // [distance], from 1
  std::vector<double> together, together_error; // [lag, distance], t' = t
  std::vector<double> apart, apart_error;       // [lag, distance], half a series later
  std::vector<double> length_px, length_error_px; // [lag] of apart ∝ exp(−(Δr/length)²); NaN where
                                                  // it is not above its noise
};

/// Errors are from pairs of origins, which are independent where they lie a relaxation time apart.
/// Throws OptionError without lags, DataError when the series is too short for two origins.
[[nodiscard]] FourPoint correlate_four_points(const Field& field,
                                              const FourPointOptions& options,
                                              const Monitor& monitor = silent());

} // namespace vitrum::ecm
