// From a diffraction pattern to rings: where the centre is, how the rings are squeezed, and which
// share of each pixel falls into which ring.
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/mask.hpp"

namespace vitrum::fem {

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Rings are ellipses: the squared radius of a pixel at (dx, dy) from the centre is
///     r² = ((1 + stretch) dx² + 2 shear dx dy + (1 − stretch) dy²) / √(1 − stretch² − shear²),
/// which keeps areas. Circles: both zero.
struct RingShape {
  double center_x_px = unknown, center_y_px = unknown;
  double stretch = 0, shear = 0;

  [[nodiscard]] double radius_px(double x, double y) const;
  /// Long over short axis, and the direction of the long one from +x towards +y (degrees, −90…90).
  [[nodiscard]] double axis_ratio() const;
  [[nodiscard]] double axis_angle_deg() const;
};

/// From radius in pixels to k = 1/d. Flat: k = radius · k_per_pixel; with a wavelength the Ewald
/// sphere is curved: k = 2 sin(θ/2)/λ, tan θ = λ · radius · k_per_pixel.
struct KScale {
  double k_per_pixel_inv_nm = 1; // at the centre; 1 where the scale is not known
  double wavelength_nm = unknown;

  [[nodiscard]] double k_inv_nm(double radius_px) const;
};

/// De Broglie wavelength of electrons of this energy, with relativity.
[[nodiscard]] double electron_wavelength_nm(double energy_kev);

struct PolarOptions {
  double k_min = 0;       // inner edge of the first ring, in the unit of k
  double k_max = unknown; // outer edge of the last; NaN: where rings leave the pattern for good
  double ring_width = unknown; // in the unit of k; NaN: one pixel at the centre
  bool split = true;           // pixels are shared between rings by area; else by their centres
};
/// Throws OptionError that names the flag.
void validate(const PolarOptions& options);

/// Rings of equal width in k. Each pixel is cut into 64 pieces, which go to the rings that hold
/// their centres: no count is lost or made. Pixels not in use have no ring.
struct PolarMap {
  static constexpr int pieces = 64;  // of a pixel
  static constexpr Index spread = 3; // rings that a pixel can reach

  struct Pixel {
    std::int32_t first_ring = -1; // −1: not in use or outside of all rings
    std::uint8_t share[spread]{}; // pieces in first_ring, first_ring + 1, …
  };

  Index height = 0, width = 0, rings = 0;
  double k_min = 0, ring_width = 1;
  std::vector<Pixel> pixels;           // [pixel]
  std::vector<double> k;               // [ring] mean over its pieces; NaN for empty rings
  std::vector<double> area;            // [ring] pixels in it, Σw
  std::vector<double> squared_weights; // [ring] Σw², w = share/64

  /// The same in the order in which sums are made: tiles of consecutive pixels, and in each its
  /// pixels by ring, so that the sums of a ring stay in registers.
  static constexpr Index tile = 1024; // pixels
  struct Entry {
    std::uint16_t place = 0; // of the pixel in its tile
    std::uint16_t share = 0; // pieces
  };
  /// Of one tile and ring: pixels that lie in it, those shared with the next ring alone (`share` in
  /// this one), and what else there is (`share` in this ring, the others elsewhere).
  struct Run {
    std::int32_t ring = 0;
    std::uint32_t first = 0, whole_end = 0, shared_end = 0, end = 0; // of entries
  };
  std::vector<Index> tile_runs; // [tile + 1] of runs
  std::vector<Run> runs;
  std::vector<Entry> entries;

  /// Neighbouring rings have some pixels in common: the number of independent pixels of a ring.
  [[nodiscard]] double independent_pixels(Index ring) const;
};

/// Throws DataError when no pixel in use lies in a ring, OptionError when rings are narrower than a
/// pixel.
[[nodiscard]] PolarMap make_polar_map(const RingShape& shape,
                                      const KScale& scale,
                                      const frames::Mask& mask,
                                      const PolarOptions& options);

/// Mean over each ring of an image [pixel]; NaN for empty rings. Pixels that are NaN are left out.
[[nodiscard]] std::vector<double> ring_means(const PolarMap& map, std::span<const double> image);

} // namespace vitrum::fem
