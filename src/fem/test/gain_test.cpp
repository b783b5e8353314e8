#include "vitrum/fem/gain.hpp"

#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

constexpr Index size = 64, count = 100;
constexpr double middle = 31.5;

/// Patterns with a ring, whose speckle is the sum of `modes` squared fields smoothed over 3 × 3
/// pixels.
std::vector<std::uint16_t> make_patterns(double gain, double read_noise, std::uint64_t seed) {
  constexpr int modes = 12, fields = 2 * modes;
  constexpr double pedestal = 40; // so that reading noise is not cut at zero
  Random random(seed, 5);
  std::vector<std::uint16_t> out;
  constexpr Index wide = size + 2;
  std::vector<double> white(wide * wide), sum(size * size);
  for (Index i = 0; i < count; ++i) {
    std::fill(sum.begin(), sum.end(), 0);
    for (int f = 0; f < fields; ++f) {
      for (double& v : white)
        v = random.normal();
      for (Index y = 0; y < size; ++y)
        for (Index x = 0; x < size; ++x) {
          double field = 0;
          for (Index j = 0; j < 3; ++j)
            for (Index k = 0; k < 3; ++k)
              field += white[static_cast<std::size_t>((y + j) * wide + x + k)] / 3;
          sum[static_cast<std::size_t>(y * size + x)] += field * field / fields;
        }
    }
    for (Index y = 0; y < size; ++y)
      for (Index x = 0; x < size; ++x) {
        const double r =
            std::hypot(static_cast<double>(x) - middle, static_cast<double>(y) - middle);
        const double mean = 10 + 60 * std::exp(-0.5 * std::pow((r - 18) / 5, 2));
        const double electrons =
            static_cast<double>(random.poisson(mean * sum[static_cast<std::size_t>(y * size + x)]));
        out.push_back(static_cast<std::uint16_t>(
            std::round(pedestal + gain * electrons + read_noise * random.normal())));
      }
  }
  return out;
}

GainFit measure(const std::vector<std::uint16_t>& patterns) {
  auto source = frames::make_memory_source(patterns, count, size, size);
  PolarOptions rings;
  rings.k_max = 32;
  const auto map =
      make_polar_map(test::centered(middle, middle), {}, frames::make_mask(size, size), rings);
  const std::vector<float> dark(size * size, 40.0F);
  return measure_gain(*source, map, {}, dark);
}

TEST(Gain, IsThatOfTheCamera) {
  const auto found = measure(make_patterns(4.7, 6, 1));
  EXPECT_NEAR(found.gain.value, 4.7, 3.5 * found.gain.error);
  EXPECT_LT(found.gain.error, 0.5);
  EXPECT_NEAR(found.read_noise_squared.value, 36, 3.5 * found.read_noise_squared.error);
  EXPECT_GT(found.resolved, 0.05);
}

TEST(GainCalibration, ErrorsHold) {
  Moments pulls;
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    const auto found = measure(make_patterns(4.7, 6, seed));
    pulls.add((found.gain.value - 4.7) / found.gain.error);
  }
  std::printf("gain: pulls %.2f, width %.2f\n", pulls.mean, pulls.deviation());
  EXPECT_LT(std::abs(pulls.mean), 0.1 + 2.5 * pulls.error());
  EXPECT_NEAR(pulls.deviation(), 1, 0.1 + 2.5 * 0.18);
}

TEST(Gain, IsNotGuessedWithoutResolvedSpeckle) {
  test::Patterns patterns; // each pixel its own speckle
  auto source = frames::make_memory_source(patterns.make<std::uint16_t>(), patterns.count, 64, 64);
  PolarOptions rings;
  rings.k_max = 32;
  const auto map =
      make_polar_map(test::centered(middle, middle), {}, frames::make_mask(64, 64), rings);
  EXPECT_THROW((void)measure_gain(*source, map, {}, {}), DataError);
}

} // namespace
} // namespace vitrum::fem
