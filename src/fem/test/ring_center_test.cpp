#include "vitrum/fem/ring_center.hpp"

#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

/// A halo pattern with a direct beam, noise of speckle averaged over a few patterns, and a stop.
std::vector<double> halo(const RingShape& shape,
                         Index height,
                         Index width,
                         double ring,
                         double noise,
                         std::uint64_t seed,
                         bool stop) {
  std::vector<double> image(static_cast<std::size_t>(height * width));
  Random random(seed);
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x) {
      const double r = shape.radius_px(static_cast<double>(x), static_cast<double>(y));
      const double d = (r - ring) / (r < ring ? 0.14 * ring : 0.2 * ring);
      double v = 400 * std::exp(-0.5 * d * d) + 900 * std::exp(-r / (0.3 * ring)) + 60 +
                 2e5 * std::exp(-0.5 * r * r / 9);
      v *= 1 + noise * random.normal();
      const double across = static_cast<double>(y) - shape.center_y_px;
      if (stop && std::abs(across) < 9 && static_cast<double>(x) < shape.center_x_px + 14)
        v = 4;
      image[static_cast<std::size_t>(y * width + x)] = v;
    }
  return image;
}

TEST(RingCenter, IsFoundWithADirectBeamAndAStop) {
  auto shape = test::centered(143.4, 118.7);
  shape.stretch = 0.03;
  shape.shear = -0.035;
  auto mask = frames::make_mask(256, 256);
  const auto image = halo(shape, 256, 256, 70, 0.1, 3, true);
  const auto start = find_symmetry_center(image, mask);
  EXPECT_NEAR(start.center_x_px, shape.center_x_px, 3);
  EXPECT_NEAR(start.center_y_px, shape.center_y_px, 3);
  const auto shadow = find_beam_stop(image, mask, start);
  Index hidden = 0, wrong = 0;
  for (std::size_t p = 0; p < shadow.size(); ++p) {
    hidden += image[p] < 10 && shadow[p] == 0;
    wrong += image[p] > 10 && shadow[p] != 0;
    if (shadow[p] != 0)
      mask.use[p] = 0;
  }
  EXPECT_EQ(hidden, 0);
  EXPECT_LT(wrong, 2500); // its margin
  const auto ring = fit_ring(image, mask, start);
  EXPECT_NEAR(ring.shape.center_x_px, shape.center_x_px, 0.1);
  EXPECT_NEAR(ring.shape.center_y_px, shape.center_y_px, 0.1);
  EXPECT_NEAR(ring.shape.stretch, shape.stretch, 0.003);
  EXPECT_NEAR(ring.shape.shear, shape.shear, 0.003);
  EXPECT_NEAR(ring.radius_px, 70, 1.5);
}

TEST(RingCenterCalibration, ErrorsOfPartsAreTheSpreadOfSeries) {
  const auto shape = test::centered(60.3, 66.2);
  const auto mask = frames::make_mask(128, 128);
  Moments x, y, error, pull;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    std::vector<double> images;
    for (std::uint64_t part = 0; part < 8; ++part) {
      const auto one = halo(shape, 128, 128, 34, 0.3, 100 * seed + part, false);
      images.insert(images.end(), one.begin(), one.end());
    }
    const auto ring = fit_ring_parts(images, 8, mask, test::centered(61, 65));
    x.add(ring.shape.center_x_px);
    error.add(ring.center_x_error_px);
    pull.add((ring.shape.center_x_px - shape.center_x_px) / ring.center_x_error_px);
  }
  EXPECT_NEAR(x.deviation() / error.mean, 1, 0.5); // twelve series: the spread is known to 20 %
  EXPECT_LT(std::abs(pull.mean), 1);
}

TEST(RingCenter, SaysWhenThereIsNone) {
  const auto mask = frames::make_mask(64, 64);
  std::vector<double> flat(64 * 64, 100);
  Random random(1);
  for (auto& v : flat)
    v += random.normal();
  EXPECT_THROW((void)find_symmetry_center(flat, mask), DataError);
  EXPECT_THROW((void)find_symmetry_center(std::vector<double>(64 * 64, 0), mask), DataError);
  const auto image = halo(test::centered(32, 32), 64, 64, 18, 0.05, 1, false);
  RingOptions outside;
  outside.radius_px = 60;
  EXPECT_THROW((void)fit_ring(image, mask, test::centered(32, 32), outside), DataError);
}

} // namespace
} // namespace vitrum::fem
