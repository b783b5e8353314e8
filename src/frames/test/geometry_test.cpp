#include "vitrum/frames/geometry.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "messages.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

constexpr double pi = std::numbers::pi;

Geometry example() {
  Geometry g;
  g.wavelength_angstrom = 1.5;
  g.distance_m = 2.0;
  g.pixel_size_x_m = 50e-6;
  g.pixel_size_y_m = 75e-6;
  g.beam_center_x_px = 10.5;
  g.beam_center_y_px = 20.25;
  return g;
}

std::size_t at(const QMap& map, Index y, Index x) {
  return static_cast<std::size_t>(y * map.width + x);
}

TEST(Geometry, EnergyAndWavelength) {
  EXPECT_DOUBLE_EQ(wavelength_from_energy(12.398419843), 1.0);
  EXPECT_DOUBLE_EQ(energy_from_wavelength(1.24), 12.398419843 / 1.24);
  EXPECT_EQ(message_of<OptionError>([] { (void)wavelength_from_energy(0); }),
            "energy_kev = 0: must be positive and finite");
}

// A pixel 300 px right and 400 px up of the beam, square pixels of 1 mm, 0.5 m away: 2θ = 45°.
TEST(Geometry, KnownAngle) {
  Geometry g = example();
  g.pixel_size_x_m = g.pixel_size_y_m = 1e-3;
  g.distance_m = 0.5;
  g.beam_center_x_px = 0;
  g.beam_center_y_px = 400;
  const QMap map = make_q_map(g, 401, 301);
  EXPECT_NEAR(map.q_inv_angstrom[at(map, 0, 300)], 4 * pi / 1.5 * std::sin(pi / 8), 1e-13);
  EXPECT_NEAR(map.phi_deg[at(map, 0, 300)], std::atan2(400, 300) * 180 / pi, 1e-12);
  EXPECT_DOUBLE_EQ(map.q_inv_angstrom[at(map, 400, 0)], 0);
  EXPECT_DOUBLE_EQ(map.phi_deg[at(map, 400, 0)], 0);
}

TEST(Geometry, AzimuthRunsCounterClockwiseAsShown) {
  const QMap map = make_radius_map(1, 1, 1, 3, 3);
  EXPECT_DOUBLE_EQ(map.phi_deg[at(map, 1, 2)], 0);   // right
  EXPECT_DOUBLE_EQ(map.phi_deg[at(map, 0, 1)], 90);  // up
  EXPECT_DOUBLE_EQ(map.phi_deg[at(map, 1, 0)], 180); // left
  EXPECT_DOUBLE_EQ(map.phi_deg[at(map, 2, 1)], 270); // down
  EXPECT_DOUBLE_EQ(map.q_inv_angstrom[at(map, 0, 0)], std::sqrt(2.0));
}

TEST(Geometry, PixelsThatAreNotSquare) {
  Geometry g = example();
  g.beam_center_x_px = g.beam_center_y_px = 0;
  const QMap map = make_q_map(g, 201, 301);
  // 200 rows of 75 µm and 300 columns of 50 µm are both 15 mm
  EXPECT_NEAR(map.q_inv_angstrom[at(map, 200, 0)], map.q_inv_angstrom[at(map, 0, 300)], 1e-15);
  EXPECT_NEAR(map.phi_deg[at(map, 200, 300)], 315, 1e-10);
}

// The foot of the normal from the sample to a detector tilted by α about the vertical axis lies at
// the scattering angle α, D sin α from the beam centre.
TEST(Geometry, TiltedDetectorAtItsFoot) {
  const double alpha_deg = 30;
  const double alpha = alpha_deg * pi / 180;
  Geometry g = example();
  g.pixel_size_x_m = g.distance_m * std::sin(alpha) / 100;
  g.pixel_size_y_m = g.pixel_size_x_m;
  g.beam_center_x_px = 0;
  g.beam_center_y_px = 0;
  g.tilt_y_deg = alpha_deg; // the right edge comes towards the sample
  const QMap map = make_q_map(g, 101, 101);
  EXPECT_NEAR(map.q_inv_angstrom[at(map, 0, 100)], 4 * pi / 1.5 * std::sin(alpha / 2), 1e-13);
  // about the horizontal axis the lower edge goes away, so the foot lies above: tilt the other way
  g.tilt_y_deg = 0;
  g.tilt_x_deg = -alpha_deg;
  const QMap down = make_q_map(g, 101, 101);
  EXPECT_NEAR(down.q_inv_angstrom[at(down, 100, 0)], 4 * pi / 1.5 * std::sin(alpha / 2), 1e-13);
  EXPECT_NEAR(down.phi_deg[at(down, 100, 0)], 270, 1e-10);
}

// The order of the tilts: first x, then y, then z about fixed axes. With tilts of 90° less a bit
// the order shows; here the three matrices are multiplied out by hand for the unit vector down.
TEST(Geometry, OrderOfTilts) {
  Geometry g = example();
  g.distance_m = 1;
  g.pixel_size_x_m = g.pixel_size_y_m = 0.5;
  g.beam_center_x_px = g.beam_center_y_px = 0;
  g.tilt_x_deg = 30;
  g.tilt_y_deg = 60;
  g.tilt_z_deg = 90;
  // down: (0, ½, 0) → x: ½(0, c30, s30) → y: ½(s60·s30, c30, c60·s30) → z: ½(−c30, s60·s30,
  // c60·s30)
  const double c30 = std::sqrt(0.75), s30 = 0.5, s60 = c30, c60 = 0.5;
  const double right = -0.5 * c30, down = 0.5 * s60 * s30, along = 1 + 0.5 * c60 * s30;
  const QMap map = make_q_map(g, 2, 1);
  EXPECT_NEAR(map.q_inv_angstrom[1],
              4 * pi / 1.5 * std::sin(0.5 * std::atan2(std::hypot(right, down), along)),
              1e-14);
  EXPECT_NEAR(map.phi_deg[1], std::atan2(-down, right) * 180 / pi + 360, 1e-12);
}

TEST(Geometry, TurningAboutTheBeamKeepsQ) {
  Geometry g = example();
  g.tilt_x_deg = 12;
  g.tilt_y_deg = -7;
  const QMap straight = make_q_map(g, 40, 30);
  g.tilt_z_deg = 25; // clockwise as shown: azimuth falls by 25°
  const QMap turned = make_q_map(g, 40, 30);
  for (std::size_t i = 0; i < straight.q_inv_angstrom.size(); ++i) {
    EXPECT_NEAR(turned.q_inv_angstrom[i], straight.q_inv_angstrom[i], 1e-15);
    EXPECT_NEAR(std::remainder(turned.phi_deg[i] + 25 - straight.phi_deg[i], 360), 0, 1e-9);
  }
}

// The frame turned by 90°, its beam centre with it: every pixel keeps its q.
TEST(Geometry, FrameTurnedByAQuarterKeepsQ) {
  Geometry g = example();
  g.tilt_x_deg = 10;
  const Index height = 31, width = 47;
  const QMap map = make_q_map(g, height, width);
  // counter-clockwise: new row = width − 1 − x, new column = y
  Geometry turned = g;
  turned.pixel_size_x_m = g.pixel_size_y_m;
  turned.pixel_size_y_m = g.pixel_size_x_m;
  turned.beam_center_x_px = g.beam_center_y_px;
  turned.beam_center_y_px = static_cast<double>(width) - 1 - g.beam_center_x_px;
  turned.tilt_x_deg = 0;
  turned.tilt_y_deg = -10; // what was the lower edge, away from the sample, is now the right one
  const QMap other = make_q_map(turned, width, height);
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x)
      EXPECT_NEAR(map.q_inv_angstrom[at(map, y, x)],
                  other.q_inv_angstrom[at(other, width - 1 - x, y)],
                  1e-14);
}

TEST(Geometry, RingRadiusFromSpacing) {
  Geometry g = example();
  // λ/2d = sin 15°: 2θ = 30°
  const double d = 1.5 / (2 * std::sin(pi / 12));
  EXPECT_NEAR(ring_radius_m(g, d), 2.0 * std::tan(pi / 6), 1e-14);
  g.pixel_size_x_m = ring_radius_m(g, d) / 200;
  g.beam_center_x_px = 0;
  g.beam_center_y_px = 0;
  const QMap map = make_q_map(g, 1, 201);
  EXPECT_NEAR(map.q_inv_angstrom[200], 2 * pi / d, 1e-13);
  EXPECT_EQ(message_of<OptionError>([&] { (void)ring_radius_m(g, 1.0); }),
            "d = 1 angstrom: no ring on a plane across the beam at a wavelength of 1.5 angstrom");
}

TEST(Geometry, SmallAnglesKeepTheirDigits) {
  Geometry g = example();
  g.distance_m = 1e4; // 2θ of 5 nrad per pixel
  g.beam_center_x_px = g.beam_center_y_px = 0;
  const QMap map = make_q_map(g, 1, 2);
  EXPECT_NEAR(map.q_inv_angstrom[1] / (2 * pi / 1.5 * 5e-9), 1, 1e-12);
}

TEST(Geometry, NamesWhatIsMissing) {
  Geometry g = example();
  EXPECT_TRUE(g.complete());
  g.distance_m = unknown;
  EXPECT_FALSE(g.complete());
  EXPECT_EQ(message_of<OptionError>([&] { (void)make_q_map(g, 2, 2); }),
            "distance_m is not known: it is needed to compute q");
  g.distance_m = -1;
  EXPECT_EQ(message_of<OptionError>([&] { validate(g); }),
            "distance_m = -1: must be positive and finite");
  g = example();
  g.tilt_y_deg = 90;
  EXPECT_EQ(message_of<OptionError>([&] { validate(g); }),
            "tilt_y_deg = 90: must lie between -90 and 90");
}

} // namespace
} // namespace vitrum::frames
