#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/ecm/tau_map.hpp"

namespace vitrum::ecm {
namespace {

/// A Gaussian random field of variance 1 and correlation exp(−(r/length)²).
std::vector<double> smooth_field(Index size, double length, std::uint64_t seed) {
  const auto reach = static_cast<Index>(std::ceil(2.5 * length)) + 1;
  const Index wide = size + 2 * reach;
  Random random(seed);
  std::vector<double> noise(static_cast<std::size_t>(wide * wide)),
      along(static_cast<std::size_t>(wide * size)), out(static_cast<std::size_t>(size * size));
  for (double& v : noise)
    v = random.normal();
  double power = 0;
  std::vector<double> kernel;
  for (Index i = -reach; i <= reach; ++i) {
    kernel.push_back(std::exp(-2 * std::pow(static_cast<double>(i) / length, 2)));
    power += kernel.back() * kernel.back();
  }
  for (Index y = 0; y < wide; ++y)
    for (Index x = 0; x < size; ++x)
      for (std::size_t i = 0; i < kernel.size(); ++i)
        along[static_cast<std::size_t>(y * size + x)] +=
            kernel[i] * noise[static_cast<std::size_t>(y * wide + x) + i] / power;
  for (Index y = 0; y < size; ++y)
    for (Index x = 0; x < size; ++x)
      for (std::size_t i = 0; i < kernel.size(); ++i)
        out[static_cast<std::size_t>(y * size + x)] +=
            kernel[i] * along[(static_cast<std::size_t>(y) + i) * static_cast<std::size_t>(size) +
                              static_cast<std::size_t>(x)];
  return out;
}

TEST(SpaceCorrelation, FindsTheLengthBelowTheNoise) {
  const Index size = 200;
  const double speckle = 4, length = 18;
  const auto sample = smooth_field(size, length, 1);
  // noise whose covariance is exp(−2 (r/s)²): a field of length s/√2
  const auto noise = smooth_field(size, speckle / std::sqrt(2.0), 2);
  std::vector<double> map;
  Random random(3);
  for (std::size_t i = 0; i < sample.size(); ++i)
    map.push_back(random.uniform() < 0.3 ? std::nan("") : 5 + 0.4 * sample[i] + 0.5 * noise[i]);
  const auto found = correlate_in_space(map, size, size, speckle);
  // a hundred independent places
  EXPECT_NEAR(found.length_px / std::sqrt(length * length - speckle * speckle), 1, 0.15);
  EXPECT_NEAR(found.amplitude / 0.16, 1, 0.3);
  EXPECT_NEAR(found.noise_amplitude / 0.25, 1, 0.15);
  EXPECT_GT(found.length_error_px, 0.2);
  EXPECT_LT(found.length_error_px, 6);
}

// The amplitude is as well known as is said, and its square root not more than a few hundredths
// off.
TEST(SpaceCorrelation, KnowsTheAmplitudeOfTheSample) {
  const Index size = 200;
  const double speckle = 4;
  double squares = 0, ratio = 0;
  constexpr int maps = 12;
  for (int seed = 0; seed < maps; ++seed) {
    const auto sample = smooth_field(size, 16, 50 + seed);
    const auto noise = smooth_field(size, speckle / std::sqrt(2.0), 100 + seed);
    std::vector<double> map, part;
    for (std::size_t i = 0; i < sample.size(); ++i) {
      part.push_back(0.35 * sample[i]);
      map.push_back(part.back() + 0.5 * noise[i]);
    }
    const double truth = std::pow(moments(part).deviation(), 2);
    const auto found = correlate_in_space(map, size, size, speckle);
    squares += std::pow((found.amplitude - truth) / found.amplitude_error, 2) / maps;
    ratio += std::sqrt(found.amplitude / truth) / maps;
  }
  EXPECT_NEAR(std::sqrt(squares), 1, 0.45);
  EXPECT_NEAR(ratio, 1, 0.04);
}

/// Means with the weight exp(−2 (r/speckle)²), as a point spread makes them.
std::vector<double> averaged(const std::vector<double>& map, Index size, double speckle) {
  const auto reach = static_cast<Index>(2 * speckle);
  std::vector<double> out;
  for (Index y = reach; y < size - reach; ++y)
    for (Index x = reach; x < size - reach; ++x) {
      double sum = 0, weight = 0;
      for (Index v = -reach; v <= reach; ++v)
        for (Index u = -reach; u <= reach; ++u) {
          const double w = std::exp(-2 * static_cast<double>(u * u + v * v) / (speckle * speckle));
          sum += w * map[static_cast<std::size_t>((y + v) * size + x + u)];
          weight += w;
        }
      out.push_back(sum / weight);
    }
  return out;
}

TEST(SpaceCorrelation, TakesTheWidthOfASpeckleFromTheLength) {
  const double length = 12, speckle = 4;
  double before = 0, after = 0, found = 0, share = 0;
  constexpr int maps = 8;
  for (int seed = 0; seed < maps; ++seed) {
    const Index size = 256, left = size - 16;
    const auto map = smooth_field(size, length, 10 + seed);
    const auto seen = averaged(map, size, speckle);
    before += std::pow(moments(map).deviation(), 2) / maps;
    after += std::pow(moments(seen).deviation(), 2) / maps;
    const auto space = correlate_in_space(seen, left, left, speckle);
    found += space.length_px / maps;
    share += space.variance_share / maps;
  }
  EXPECT_NEAR(found / length, 1, 0.08); // a thousand independent places
  EXPECT_NEAR(share, length * length / (length * length + speckle * speckle), 0.03);
  EXPECT_NEAR(after / before, share, 0.03);
}

TEST(SpaceCorrelation, OfNoiseAloneHasNoLength) {
  const Index size = 150;
  auto map = smooth_field(size, 4 / std::sqrt(2.0), 4);
  EXPECT_TRUE(std::isnan(correlate_in_space(map, size, size, 4).length_px));
  EXPECT_THROW((void)correlate_in_space(map, size, size + 1, 4), DataError);
}

TEST(Domains, AreConnectedPixelsAboveTheThreshold) {
  const double n = std::nan("");
  const std::vector<double> tau{9,
                                9,
                                1,
                                1, //
                                1,
                                9,
                                1,
                                8, //
                                n,
                                1,
                                9,
                                1, //
                                9,
                                1,
                                1,
                                9};
  const auto d = find_domains(tau, 4, 4, 5);
  ASSERT_EQ(d.list.size(), 5U);
  EXPECT_EQ(d.list[0].pixels, 3);
  EXPECT_DOUBLE_EQ(d.list[0].y, (0 + 0 + 1) / 3.0);
  EXPECT_DOUBLE_EQ(d.list[0].x, (0 + 1 + 1) / 3.0);
  EXPECT_DOUBLE_EQ(d.list[0].median_tau_s, 9);
  EXPECT_EQ(d.labels[5], 1);
  EXPECT_EQ(d.labels[2], 0);
  EXPECT_DOUBLE_EQ(d.area_fraction, 7.0 / 15);
  EXPECT_EQ(find_domains(tau, 4, 4, 5, 2).list.size(), 1U);
}

} // namespace
} // namespace vitrum::ecm
