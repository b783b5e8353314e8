#include "vitrum/frames/corrections.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "../least_squares.hpp"
#include "messages.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::frames {
namespace {

TEST(LeastSquares, ByHand) {
  // a line through (0, 1), (1, 3), (2, 4): slope 3/2, intercept 7/6
  const auto line = solve_least_squares({1, 0, 1, 1, 1, 2}, {1, 3, 4}, 2);
  EXPECT_NEAR(line[0], 7.0 / 6, 1e-14);
  EXPECT_NEAR(line[1], 1.5, 1e-14);
  EXPECT_EQ(message_of<DataError>([] {
              (void)solve_least_squares({1, 2, 1, 2, 1, 2}, {1, 3, 4}, 2);
            }),
            "least squares without a unique answer: the points do not fix the surface");
}

std::vector<double> image_of(Index height, Index width, double (*f)(double, double)) {
  std::vector<double> image;
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x)
      image.push_back(f(static_cast<double>(y), static_cast<double>(x)));
  return image;
}

// Linear functions pass through block means unchanged, so degree 1 is exact whatever the mask.
TEST(StaticSurface, PolynomialIsExactForItsOwnKind) {
  const auto plane = [](double y, double x) { return 5 + 0.1 * y - 0.03 * x; };
  Mask mask = make_mask(40, 56);
  exclude_disc(mask, 12, 30, 7);
  const Partition p = make_single_bin(mask);
  auto image = image_of(40, 56, plane);
  image[12 * 56 + 30] = 1e6; // masked, so it does not count
  for (const Index block : {1, 7, 8}) {
    const auto s = make_static_surface(
        image, p, nullptr, {.kind = StaticCorrection::polynomial, .degree = 1, .block_px = block});
    double mean = 0;
    for (std::size_t i = 0; i < image.size(); ++i)
      mean += mask.use[i] * image[i] / static_cast<double>(mask.count());
    for (std::size_t i = 0; i < image.size(); ++i)
      EXPECT_NEAR(s[i], mask.use[i] != 0 ? image[i] / mean : 1, 1e-6);
  }
  // a square needs blocks of one pixel to be exact
  const auto bowl =
      image_of(40, 56, [](double y, double x) { return 9 + 0.01 * y * x + 0.003 * x * x; });
  const auto s = make_static_surface(
      bowl, p, nullptr, {.kind = StaticCorrection::polynomial, .degree = 2, .block_px = 1});
  EXPECT_NEAR(s[5 * 56 + 50] / s[0], bowl[5 * 56 + 50] / bowl[0], 1e-6);
}

TEST(StaticSurface, MeanOneInEveryDynamicBin) {
  const QMap map = make_radius_map(-5, 20, 0.01, 40, 50);
  const Partition p = make_partition(map, make_mask(40, 50), {.q_bins = 3, .static_per_bin = 4});
  Random random(3);
  std::vector<double> image;
  for (const double q : map.q_inv_angstrom)
    image.push_back(10 * std::exp(-3 * q) + 0.1 * random.uniform());
  double uncorrected[4] = {};
  for (const auto kind : {StaticCorrection::none,
                          StaticCorrection::polynomial,
                          StaticCorrection::azimuthal,
                          StaticCorrection::smooth,
                          StaticCorrection::pixel_mean}) {
    const auto s = make_static_surface(
        image, p, &map, {.kind = kind, .degree = 4, .block_px = 4, .smooth_px = 2});
    for (std::int32_t bin = 1; bin <= 3; ++bin) {
      double sum = 0, n = 0, flat = 0, rough = 0;
      for (std::size_t i = 0; i < s.size(); ++i)
        if (p.dynamic_labels[i] == bin) {
          sum += static_cast<double>(s[i]);
          n += 1;
          flat += image[i] / static_cast<double>(s[i]);
        }
      for (std::size_t i = 0; i < s.size(); ++i)
        if (p.dynamic_labels[i] == bin)
          rough += std::pow(image[i] / static_cast<double>(s[i]) - flat / n, 2);
      EXPECT_NEAR(sum / n, 1, 1e-6);
      if (kind == StaticCorrection::none)
        uncorrected[bin] = std::sqrt(rough / n);
      else // what is left is the noise of 0.1/√12 and what the surface cannot follow
        EXPECT_LT(std::sqrt(rough / n), uncorrected[bin] / 3) << name(kind) << " bin " << bin;
    }
  }
}

TEST(StaticSurface, AzimuthalByHand) {
  const QMap map{1, 4, {1, 2, 3, 4}, {0, 0, 0, 0}};
  const Partition p = make_partition_from_labels(1, 4, {1, 1, 1, 1}, {1, 1, 2, 2}, &map);
  const std::vector<double> image{1, 3, 5, 7}; // static means 2 at q = 1.5 and 6 at q = 3.5
  const auto steps = make_static_surface(
      image, p, &map, {.kind = StaticCorrection::azimuthal, .interpolate_q = false});
  EXPECT_EQ(steps, (std::vector<float>{2.0F / 4, 2.0F / 4, 6.0F / 4, 6.0F / 4}));
  const auto linear = make_static_surface(image, p, &map, {.kind = StaticCorrection::azimuthal});
  EXPECT_EQ(linear, (std::vector<float>{2.0F / 4, 3.0F / 4, 5.0F / 4, 6.0F / 4}));
}

// The slow twin of the smoothing: the double sum over all pixels in use.
TEST(StaticSurface, SmoothAgreesWithTheDoubleSum) {
  Mask mask = make_mask(20, 30);
  exclude_rectangle(mask, 5, 12, 9, 14);
  const Partition p = make_single_bin(mask);
  Random random(9);
  std::vector<double> image;
  for (Index i = 0; i < 600; ++i)
    image.push_back(1 + random.uniform());
  const auto s =
      make_static_surface(image, p, nullptr, {.kind = StaticCorrection::smooth, .smooth_px = 1.7});
  std::vector<double> slow(600, 0);
  double mean = 0;
  for (Index i = 0; i < 600; ++i) {
    double sum = 0, weight = 0;
    for (Index j = 0; j < 600; ++j) {
      const double dy = static_cast<double>(i / 30 - j / 30),
                   dx = static_cast<double>(i % 30 - j % 30);
      if (mask.use[static_cast<std::size_t>(j)] == 0 || std::abs(dy) > 7 || std::abs(dx) > 7)
        continue; // ceil(4 · 1.7) = 7
      const double w = std::exp(-(dx * dx + dy * dy) / (2 * 1.7 * 1.7));
      sum += w * image[static_cast<std::size_t>(j)];
      weight += w;
    }
    slow[static_cast<std::size_t>(i)] = sum / weight;
    if (mask.use[static_cast<std::size_t>(i)] != 0)
      mean += sum / weight / static_cast<double>(mask.count());
  }
  for (std::size_t i = 0; i < 600; ++i)
    if (mask.use[i] != 0) {
      EXPECT_NEAR(s[i], slow[i] / mean, 2e-7);
    }
}

TEST(PixelTransform, DarkFlatAndSurface) {
  const Mask mask = make_mask(1, 2);
  const std::vector<float> dark{1, 2}, flat{2, 4}, surface{0.5F, 1.5F};
  std::vector<double> image{11, 26};
  correct_image(image, make_pixel_transform(mask, dark, flat, surface));
  EXPECT_NEAR(image[0], (11.0 - 1) / (2 * 0.5), 1e-6);
  EXPECT_NEAR(image[1], (26.0 - 2) / (4 * 1.5), 1e-6);
  std::vector<double> same{3, 4};
  correct_image(same, make_pixel_transform(mask, {}, {}, {}));
  EXPECT_EQ(same, (std::vector<double>{3, 4}));
}

TEST(Corrections, ExactErrors) {
  const Partition p = make_single_bin(make_mask(2, 3));
  const auto surface = [&](std::vector<double> image, const StaticSurfaceOptions& options) {
    return message_of<DataError>([&] { (void)make_static_surface(image, p, nullptr, options); });
  };
  EXPECT_EQ(
      surface({1, 1, 1, 1, 0, 1}, {.kind = StaticCorrection::pixel_mean}),
      "static correction pixel-mean is 0 at pixel (1, 1): must be positive; mask the pixel or "
      "choose another correction");
  EXPECT_EQ(surface({1, 1, unknown, 1, 1, 1}, {.kind = StaticCorrection::smooth}),
            "time mean is nan at pixel (0, 2): mask the pixel");
  EXPECT_EQ(surface({1, 1, 1, 1, 1, 1}, {.kind = StaticCorrection::polynomial}),
            "polynomial of degree 2 has 6 terms, but only 1 blocks of 8 x 8 pixels are in use");
  EXPECT_EQ(surface({1, 1, 1}, {}),
            "mean image of 3 values does not fit the partition of 2 x 3 pixels");
  const Mask mask = make_mask(2, 2);
  const std::vector<float> flat{1, 1, 0, 1}, three{1, 1, 1};
  EXPECT_EQ(message_of<DataError>([&] { (void)make_pixel_transform(mask, {}, flat, {}); }),
            "flat field is 0 at pixel (1, 0), expected a positive number");
  EXPECT_EQ(message_of<DataError>([&] { (void)make_pixel_transform(mask, three, {}, {}); }),
            "dark has 3 values, expected 2 x 2 pixels");
  EXPECT_EQ(message_of<OptionError>([] { (void)parse_static_correction("flat"); }),
            "static correction 'flat' is not known, expected one of none, polynomial, azimuthal, "
            "smooth, pixel-mean");
  EXPECT_EQ(message_of<OptionError>([] { validate(StaticSurfaceOptions{.degree = 9}); }),
            "degree = 9: must lie between 0 and 8");
}

} // namespace
} // namespace vitrum::frames
