#include "vitrum/frames/geometry.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::frames {
namespace {

constexpr double hc_kev_angstrom =
    12.398419843; // exact since the SI of 2019, rounded to its digits
constexpr double radian = std::numbers::pi / 180;

using Vector = std::array<double, 3>;

// The two edge vectors of one pixel (right, down) in the laboratory, after R = Rz·Ry·Rx.
struct Axes {
  Vector right, down;
};

Axes rotated_axes(const Geometry& g) {
  const double cx = std::cos(g.tilt_x_deg * radian), sx = std::sin(g.tilt_x_deg * radian);
  const double cy = std::cos(g.tilt_y_deg * radian), sy = std::sin(g.tilt_y_deg * radian);
  const double cz = std::cos(g.tilt_z_deg * radian), sz = std::sin(g.tilt_z_deg * radian);
  const auto rotate = [&](Vector v) -> Vector {
    const Vector a{v[0], cx * v[1] - sx * v[2], sx * v[1] + cx * v[2]};
    const Vector b{cy * a[0] + sy * a[2], a[1], -sy * a[0] + cy * a[2]};
    return {cz * b[0] - sz * b[1], sz * b[0] + cz * b[1], b[2]};
  };
  return {rotate({g.pixel_size_x_m, 0, 0}), rotate({0, g.pixel_size_y_m, 0})};
}

// Azimuth in [0, 360), counter-clockwise as the frame is shown (rows run downwards).
double azimuth_deg(double right, double down) {
  if (right == 0 && down == 0)
    return 0;
  const double phi = std::atan2(-down, right) / radian;
  const double positive = phi < 0 ? phi + 360 : phi;
  return positive >= 360 ? 0 : positive;
}

QMap make_map(Index height, Index width) {
  if (height < 1 || width < 1)
    throw OptionError(
        fmt::format("frame of {} x {} pixels: both sides must be at least 1", height, width));
  QMap map{height, width, {}, {}};
  map.q_inv_angstrom.resize(static_cast<std::size_t>(height * width));
  map.phi_deg.resize(static_cast<std::size_t>(height * width));
  return map;
}

void check_positive(const char* name, double value) {
  if (std::isnan(value))
    throw OptionError(fmt::format("{} is not known: it is needed to compute q", name));
  if (!(value > 0) || std::isinf(value))
    throw OptionError(fmt::format("{} = {}: must be positive and finite", name, value));
}

void check_finite(const char* name, double value) {
  if (std::isnan(value))
    throw OptionError(fmt::format("{} is not known: it is needed to compute q", name));
  if (std::isinf(value))
    throw OptionError(fmt::format("{} = {}: must be finite", name, value));
}

void check_tilt(const char* name, double value) {
  if (!(std::abs(value) < 90))
    throw OptionError(fmt::format("{} = {}: must lie between -90 and 90", name, value));
}

} // namespace

bool Geometry::complete() const {
  return !(std::isnan(wavelength_angstrom) || std::isnan(distance_m) ||
           std::isnan(pixel_size_x_m) || std::isnan(pixel_size_y_m) ||
           std::isnan(beam_center_x_px) || std::isnan(beam_center_y_px));
}

double wavelength_from_energy(double energy_kev) {
  if (!(energy_kev > 0) || std::isinf(energy_kev))
    throw OptionError(fmt::format("energy_kev = {}: must be positive and finite", energy_kev));
  return hc_kev_angstrom / energy_kev;
}

double energy_from_wavelength(double wavelength_angstrom) {
  if (!(wavelength_angstrom > 0) || std::isinf(wavelength_angstrom))
    throw OptionError(
        fmt::format("wavelength_angstrom = {}: must be positive and finite", wavelength_angstrom));
  return hc_kev_angstrom / wavelength_angstrom;
}

void validate(const Geometry& g) {
  check_positive("wavelength_angstrom", g.wavelength_angstrom);
  check_positive("distance_m", g.distance_m);
  check_positive("pixel_size_x_m", g.pixel_size_x_m);
  check_positive("pixel_size_y_m", g.pixel_size_y_m);
  check_finite("beam_center_x_px", g.beam_center_x_px);
  check_finite("beam_center_y_px", g.beam_center_y_px);
  check_tilt("tilt_x_deg", g.tilt_x_deg);
  check_tilt("tilt_y_deg", g.tilt_y_deg);
  check_finite("tilt_z_deg", g.tilt_z_deg);
}

double ring_radius_m(const Geometry& geometry, double d_angstrom) {
  check_positive("wavelength_angstrom", geometry.wavelength_angstrom);
  check_positive("distance_m", geometry.distance_m);
  const double sine = geometry.wavelength_angstrom / (2 * d_angstrom);
  if (!(d_angstrom > 0) || !(sine < std::sqrt(0.5)))
    throw OptionError(fmt::format(
        "d = {} angstrom: no ring on a plane across the beam at a wavelength of {} angstrom",
        d_angstrom,
        geometry.wavelength_angstrom));
  return geometry.distance_m * std::tan(2 * std::asin(sine));
}

QMap make_q_map(const Geometry& geometry, Index height, Index width) {
  validate(geometry);
  QMap map = make_map(height, width);
  const Axes axes = rotated_axes(geometry);
  const double k4 = 4 * std::numbers::pi / geometry.wavelength_angstrom;
  parallel_for(0, height, 16, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      const double v = static_cast<double>(y) - geometry.beam_center_y_px;
      for (Index x = 0; x < width; ++x) {
        const double u = static_cast<double>(x) - geometry.beam_center_x_px;
        const double right = u * axes.right[0] + v * axes.down[0];
        const double down = u * axes.right[1] + v * axes.down[1];
        const double along = geometry.distance_m + u * axes.right[2] + v * axes.down[2];
        const auto i = static_cast<std::size_t>(y * width + x);
        // atan2 of the two legs keeps all digits at small angles, acos of their ratio would not
        const double two_theta = std::atan2(std::hypot(right, down), along);
        map.q_inv_angstrom[i] = k4 * std::sin(0.5 * two_theta);
        map.phi_deg[i] = azimuth_deg(right, down);
      }
    }
  });
  return map;
}

QMap make_radius_map(
    double center_x_px, double center_y_px, double q_per_pixel, Index height, Index width) {
  check_finite("center_x_px", center_x_px);
  check_finite("center_y_px", center_y_px);
  check_positive("q_per_pixel", q_per_pixel);
  QMap map = make_map(height, width);
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x) {
      const double right = static_cast<double>(x) - center_x_px;
      const double down = static_cast<double>(y) - center_y_px;
      const auto i = static_cast<std::size_t>(y * width + x);
      map.q_inv_angstrom[i] = q_per_pixel * std::hypot(right, down);
      map.phi_deg[i] = azimuth_deg(right, down);
    }
  return map;
}

} // namespace vitrum::frames
