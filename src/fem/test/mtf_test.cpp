#include "vitrum/fem/mtf.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "message_of.hpp"

namespace vitrum::fem {
namespace {

TEST(Mtf, OneLeavesAllNoise) {
  EXPECT_NEAR(noise_share_of_mtf(std::vector{0.0, 0.8}, std::vector{1.0, 1.0}), 1, 1e-12);
  EXPECT_EQ(noise_share_of_spread(0), 1);
}

TEST(Mtf, OfAGaussianIsItsIntegral) {
  // |MTF|² = exp(−4π²σ²f²) integrates to 1/(4πσ²) where it ends before half a cycle per pixel
  constexpr double sigma = 1.2;
  std::vector<double> f, m;
  for (double x = 0; x <= 0.75; x += 0.005) {
    f.push_back(x);
    m.push_back(std::exp(-2 * std::pow(std::numbers::pi * sigma * x, 2)));
  }
  const double integral = 1 / (4 * std::numbers::pi * sigma * sigma);
  EXPECT_NEAR(noise_share_of_mtf(f, m) / integral, 1, 1e-3);
  // pixels integrate: a box of one pixel widens the Gaussian by 1/12 in the variance
  EXPECT_NEAR(
      noise_share_of_spread(sigma) * 4 * std::numbers::pi * (sigma * sigma + 1.0 / 12), 1, 0.01);
}

TEST(Mtf, SharesNoiseWithNeighboursAsTheSpreadThatItIs) {
  constexpr double sigma = 0.8;
  const auto spread = noise_correlation_of_spread(sigma);
  // the MTF of the same along an axis; the spread of pixels is a product, tables are round: close
  std::vector<double> f, m;
  for (double x = 0; x <= 0.75; x += 0.005) {
    f.push_back(x);
    m.push_back(std::exp(-2 * std::pow(std::numbers::pi * x, 2) * (sigma * sigma + 1.0 / 12)));
  }
  const auto table = noise_correlation_of_mtf(f, m);
  EXPECT_EQ(spread.at(0, 0), noise_share_of_spread(sigma));
  EXPECT_EQ(table.at(0, 0), noise_share_of_mtf(f, m));
  for (Index dy = -2; dy <= 2; ++dy)
    for (Index dx = -2; dx <= 2; ++dx)
      EXPECT_NEAR(table.at(dy, dx), spread.at(dy, dx), 0.01 * spread.at(0, 0)) << dy << ' ' << dx;
  for (const auto& one : {spread, table}) { // together they are all the noise
    double sum = 0;
    for (Index dy = -one.reach; dy <= one.reach; ++dy)
      for (Index dx = -one.reach; dx <= one.reach; ++dx)
        sum += one.at(dy, dx);
    EXPECT_NEAR(sum, 1, 1e-3);
  }
}

TEST(Mtf, RefusesTablesThatAreNone) {
  const auto refused = [](std::vector<double> f, std::vector<double> m) {
    return message_of([&] { static_cast<void>(noise_share_of_mtf(f, m)); });
  };
  EXPECT_EQ(refused({0}, {1}), "1 rows of frequency and MTF, need 2");
  EXPECT_EQ(refused({0, 0.5, 0.4}, {1, 0.5, 0.4}),
            "row 3: frequency 0.4, expected ascending cycles per pixel");
  EXPECT_EQ(refused({0, 0.5}, {1, 1.5}), "row 2: MTF 1.5, expected 0 to 1");
  EXPECT_EQ(refused({0, 0.3}, {1, 0.5}),
            "frequencies end at 0.3 cycles per pixel, expected 0.5 or more");
}

} // namespace
} // namespace vitrum::fem
