// Where the detector stands: from pixel to momentum transfer q and azimuth φ, for detectors off the
// axis, tilted, or of non-square pixels.
#pragma once
#include <limits>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::frames {

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Any length may be NaN while it is unknown. Pixel (0, 0) is the top-left one, its centre at
/// integer coordinates; x runs to the right (columns), y down (rows).
///
/// Laboratory axes: x to the right and y down as the frame is shown, z along the beam (a
/// right-handed set; the frame is seen from the sample). The pixel at (x, y) lies at
///     (0, 0, distance) + Rz(tilt_z) Ry(tilt_y) Rx(tilt_x) · (u, v, 0),
///     u = (x − beam_center_x) pixel_size_x,  v = (y − beam_center_y) pixel_size_y,
/// with right-handed rotations about the fixed laboratory axes, first x, then y, then z. So a
/// positive tilt_x moves the lower edge away from the sample, a positive tilt_y moves the right
/// edge towards it, a positive tilt_z turns the frame clockwise as shown. All axes pass through
/// the beam centre, which therefore stays where it is.
struct Geometry {
  double wavelength_angstrom = unknown;
  double distance_m = unknown; // sample to the detector plane along the beam
  double pixel_size_x_m = unknown;
  double pixel_size_y_m = unknown;
  double beam_center_x_px = unknown; // where the direct beam hits the detector plane
  double beam_center_y_px = unknown;
  double tilt_x_deg = 0; // about the horizontal axis
  double tilt_y_deg = 0; // then about the vertical axis
  double tilt_z_deg = 0; // then about the beam

  /// True when q can be computed.
  [[nodiscard]] bool complete() const;
};

/// λ = hc/E. Energies in keV, wavelengths in Å.
[[nodiscard]] double wavelength_from_energy(double energy_kev);
[[nodiscard]] double energy_from_wavelength(double wavelength_angstrom);

/// Throws OptionError that names the first field that is missing or impossible.
void validate(const Geometry& geometry);

/// Radius at which the ring of lattice spacing d = λ/(2 sin θ) crosses an untilted detector.
/// Throws OptionError when the ring goes backwards.
[[nodiscard]] double ring_radius_m(const Geometry& geometry, double d_angstrom);

/// One value per pixel, row after row.
struct QMap {
  Index height = 0, width = 0;
  std::vector<double> q_inv_angstrom; // |q| = (4π/λ) sin θ = 2π/d
  std::vector<double> phi_deg; // azimuth about the beam, counter-clockwise from +x, in [0, 360)
};

/// Throws OptionError when the geometry is not complete.
[[nodiscard]] QMap make_q_map(const Geometry& geometry, Index height, Index width);

/// Distance from a centre in pixels, for patterns whose geometry is unknown: `q_inv_angstrom` then
/// holds pixels times `q_per_pixel` (give 1 for pixels).
[[nodiscard]] QMap make_radius_map(
    double center_x_px, double center_y_px, double q_per_pixel, Index height, Index width);

} // namespace vitrum::frames
