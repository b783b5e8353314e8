#include "vitrum/fem/polar_map.hpp"

#include <numbers>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::fem {
namespace {

using test::centered;

TEST(PolarMap, NoPieceOfAPixelIsLostOrMade) {
  for (const double width : {1.0, 1.37, 2.0, 5.0})
    for (const bool split : {true, false}) {
      auto shape = centered(20.3, 17.8);
      shape.stretch = 0.04;
      shape.shear = -0.02;
      PolarOptions options;
      options.ring_width = width;
      options.split = split;
      auto mask = frames::make_mask(40, 45);
      mask.use[100] = 0;
      const auto map = make_polar_map(shape, {}, mask, options);
      for (std::size_t p = 0; p < map.pixels.size(); ++p) {
        int pieces = 0;
        for (const auto share : map.pixels[p].share)
          pieces += share;
        EXPECT_EQ(pieces, p == 100 ? 0 : PolarMap::pieces);
      }
      const double area = std::accumulate(map.area.begin(), map.area.end(), 0.0);
      EXPECT_DOUBLE_EQ(area, 40 * 45 - 1);
    }
}

TEST(PolarMap, RingsHaveTheAreaOfAnnuli) {
  const auto map = make_polar_map(centered(50, 50), {}, frames::make_mask(101, 101), {});
  for (Index r = 5; r < 48; ++r) {
    const double annulus = std::numbers::pi * static_cast<double>(2 * r + 1);
    EXPECT_NEAR(map.area[static_cast<std::size_t>(r)] / annulus, 1, 0.02) << r;
    EXPECT_NEAR(map.k[static_cast<std::size_t>(r)], static_cast<double>(r) + 0.5, 0.06);
  }
}

TEST(PolarMap, ListsHoldWhatThePixelsHold) {
  PolarOptions options;
  options.k_min = 3.2;
  options.k_max = 17.1;
  const auto map = make_polar_map(centered(15.2, 16.1), {}, frames::make_mask(32, 32), options);
  std::vector<double> from_lists(static_cast<std::size_t>(map.rings + 1), 0);
  for (const auto& run : map.runs) {
    const auto r = static_cast<std::size_t>(run.ring);
    from_lists[r] += PolarMap::pieces * static_cast<double>(run.whole_end - run.first);
    for (auto i = run.whole_end; i < run.shared_end; ++i) {
      from_lists[r] += map.entries[i].share;
      from_lists[r + 1] += PolarMap::pieces - map.entries[i].share;
    }
    for (auto i = run.shared_end; i < run.end; ++i)
      from_lists[r] += map.entries[i].share;
  }
  for (std::size_t r = 0; r < static_cast<std::size_t>(map.rings); ++r)
    EXPECT_DOUBLE_EQ(from_lists[r], PolarMap::pieces * map.area[r]);
  EXPECT_EQ(from_lists.back(), 0);
}

TEST(PolarMap, AnEllipseIsRoundInItsOwnRadius) {
  auto shape = centered(0, 0);
  shape.stretch = 0.1;
  // x² 1.1 + y² 0.9 = const: the long axis lies along y
  EXPECT_NEAR(shape.axis_ratio(), std::sqrt(1.1 / 0.9), 1e-12);
  EXPECT_NEAR(std::abs(shape.axis_angle_deg()), 90, 1e-9);
  EXPECT_NEAR(shape.radius_px(10 * std::sqrt(0.9 / 1.1), 0), shape.radius_px(0, 10), 1e-12);
  shape.stretch = 0;
  shape.shear = -0.1; // squeezed across +45°, long along it
  EXPECT_NEAR(shape.axis_angle_deg(), 45, 1e-9);
  EXPECT_LT(shape.radius_px(5, 5), shape.radius_px(5, -5));
}

TEST(KScale, BendsWithTheEwaldSphere) {
  const double wavelength = electron_wavelength_nm(300);
  EXPECT_NEAR(wavelength, 0.00196875, 1e-7); // 300 kV, any textbook
  KScale flat{0.02, unknown}, curved{0.02, wavelength};
  EXPECT_DOUBLE_EQ(flat.k_inv_nm(200), 4);
  // tan θ = λ·4; k = 2 sin(θ/2)/λ
  EXPECT_NEAR(curved.k_inv_nm(200), 4 * (1 - 0.375 * std::pow(wavelength * 4, 2)), 1e-8);
}

TEST(PolarMap, RefusesWhatMakesNoRings) {
  PolarOptions options;
  options.ring_width = 0.5;
  EXPECT_THROW((void)make_polar_map(centered(5, 5), {}, frames::make_mask(10, 10), options),
               OptionError);
  options.ring_width = 1;
  options.k_min = 100;
  options.k_max = 110;
  EXPECT_THROW((void)make_polar_map(centered(5, 5), {}, frames::make_mask(10, 10), options),
               DataError);
}

} // namespace
} // namespace vitrum::fem
