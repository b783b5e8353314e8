// The centre of a pattern from the pattern itself: by its symmetry, then by a ring fitted to it,
// which also tells how it is squeezed.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitrum/fem/polar_map.hpp"
#include "vitrum/frames/mask.hpp"

namespace vitrum::fem {

/// The point about which a half turn maps the pattern onto itself best: maximum of the correlation
/// coefficient of the pattern with its own half turn over the pixels both have in use (masked
/// correlation, Padfield 2012). Logarithms of counts are compared, so that the direct beam does not
/// rule. Good to about a pixel. Throws DataError "centre not found …" without a clear maximum.
[[nodiscard]] RingShape find_symmetry_center(std::span<const double> image,
                                             const frames::Mask& mask);

struct RingFit {
  RingShape shape;
  double center_x_error_px = unknown, center_y_error_px = unknown;
  double stretch_error = unknown, shear_error = unknown;
  double radius_px = unknown, radius_error_px = unknown;     // of the ring's crest
  double inner_width_px = unknown, outer_width_px = unknown; // standard deviations of its flanks
  double height = unknown, background = unknown;             // counts, of the ring and at its crest
  bool converged = false;
};

struct RingOptions {
  double radius_px = unknown; // where the ring is, roughly; NaN: found
  bool ellipse = true;        // false: a circle
  double smallest_px = 8;     // rings are looked for beyond this radius, where the direct beam ends
};

/// Fits I = A exp(−(r − R)²/2σ²) + B exp(−r²/2s²) + C, σ different inside and outside of R, to
/// the pixels in use around the ring, robustly: pixels far off count little. Errors are those of
/// white noise and too small for speckle; fit_ring_parts has better ones. Throws DataError
/// "centre not found …" when there is no ring or it does not lie on the detector.
[[nodiscard]] RingFit fit_ring(std::span<const double> image,
                               const frames::Mask& mask,
                               const RingShape& start,
                               const RingOptions& options = {});

/// The same of the mean of several images [part, pixel]; errors from the spread of fits to each.
[[nodiscard]] RingFit fit_ring_parts(std::span<const double> images,
                                     Index parts,
                                     const frames::Mask& mask,
                                     const RingShape& start,
                                     const RingOptions& options = {});

/// Pixels in the shadow of the beam stop, 1 = shadow: less than half of the median of their ring,
/// connected over `smallest` pixels or more, and what is around them by `margin_px`.
struct BeamStopOptions {
  double fraction = 0.5;
  Index smallest = 60; // pixels
  Index margin_px = 4;
};
[[nodiscard]] std::vector<std::uint8_t> find_beam_stop(std::span<const double> image,
                                                       const frames::Mask& mask,
                                                       const RingShape& shape,
                                                       const BeamStopOptions& options = {});

} // namespace vitrum::fem
