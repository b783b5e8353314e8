#include "vitrum/fem/variance.hpp"

#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

using test::centered;

/// The definitions as they stand in the header, pattern by pattern and pixel by pixel.
std::array<double, variances> direct(const std::vector<std::uint16_t>& values,
                                     std::size_t count,
                                     const PolarMap& map,
                                     std::size_t ring) {
  const std::size_t pixels = map.pixels.size();
  const auto weight = [&](std::size_t p) {
    const auto place = static_cast<std::ptrdiff_t>(ring) - map.pixels[p].first_ring;
    return map.pixels[p].first_ring >= 0 && place >= 0 && place < 3
               ? map.pixels[p].share[place] / 64.0
               : 0.0;
  };
  double w = 0, image = 0, var = 0, mean = 0, square = 0;
  for (std::size_t p = 0; p < pixels; ++p) {
    if (weight(p) == 0)
      continue;
    double m = 0, q = 0;
    for (std::size_t f = 0; f < count; ++f) {
      const double v = values[f * pixels + p];
      m += v / static_cast<double>(count);
      q += v * v / static_cast<double>(count);
    }
    w += weight(p);
    image += weight(p) * (q / (m * m) - 1);
    var += weight(p) * (q - m * m);
    mean += weight(p) * m;
    square += weight(p) * q;
  }
  double rings = 0, ring_mean = 0, ring_mean2 = 0;
  for (std::size_t f = 0; f < count; ++f) {
    double m = 0, q = 0;
    for (std::size_t p = 0; p < pixels; ++p) {
      const double v = values[f * pixels + p];
      m += weight(p) * v / w;
      q += weight(p) * v * v / w;
    }
    rings += (q / (m * m) - 1) / static_cast<double>(count);
    ring_mean += m / static_cast<double>(count);
    ring_mean2 += m * m / static_cast<double>(count);
  }
  return {image / w,
          ring_mean2 / (ring_mean * ring_mean) - 1,
          rings,
          square / w / (mean * mean / (w * w)) - 1,
          var / w / (mean * mean / (w * w))};
}

TEST(Variances, AreTheirDefinitions) {
  test::Patterns patterns;
  patterns.count = 12;
  patterns.height = patterns.width = 24;
  patterns.mean = 30;
  const auto values = patterns.make<std::uint16_t>();
  auto source = frames::make_memory_source(values, 12, 24, 24);
  const auto map = make_polar_map(centered(11.3, 12.1), {}, frames::make_mask(24, 24), {});
  const auto sums = sum_patterns(*source, map, std::vector<double>(24 * 24, 29));
  VarianceOptions options;
  options.replicates = 5;
  const auto found = compute_variances(sums, map, options);
  for (std::size_t r = 0; r < static_cast<std::size_t>(map.rings); ++r) {
    if (!(map.area[r] > 0))
      continue;
    const auto truth = direct(values, 12, map, r);
    for (const Variance v : all_variances)
      EXPECT_NEAR(found.of(v).value[r], truth[static_cast<std::size_t>(v)], 2e-6)
          << name_of(v) << " in ring " << r;
  }
}

TEST(Variances, OfARandomArrayWithoutSpeckleVanish) {
  test::Patterns patterns;
  patterns.variance = 0;
  patterns.mean = 20;
  patterns.gain = 3;
  auto source = frames::make_memory_source(patterns.make<std::uint16_t>(), patterns.count, 64, 64);
  PolarOptions rings;
  rings.ring_width = 4;
  rings.k_max = 32;
  const auto map = make_polar_map(centered(31.5, 31.5), {}, frames::make_mask(64, 64), rings);
  const auto sums = sum_patterns(*source, map, std::vector<double>(64 * 64, 60));
  VarianceOptions options;
  options.noise.gain = 3;
  const auto found = compute_variances(sums, map, options);
  for (const Variance v : all_variances)
    for (std::size_t r = 0; r < static_cast<std::size_t>(map.rings); ++r) {
      const auto& curve = found.of(v);
      EXPECT_NEAR(curve.value[r] - curve.bias[r], 0, 4 * curve.error[r] + 2e-3 / map.area[r])
          << name_of(v) << " " << r;
      EXPECT_GT(curve.shot_noise[r], 0);
    }
}

TEST(Variances, NoiseOfReadingDoesNotSpread) {
  Random random(8);
  std::vector<std::uint16_t> values;
  for (Index i = 0; i < Index{100} * 64 * 64; ++i)
    values.push_back(static_cast<std::uint16_t>(std::lround(1000 + 40 * random.normal())));
  auto source = frames::make_memory_source(values, 100, 64, 64);
  PolarOptions rings;
  rings.ring_width = 4;
  rings.k_max = 32;
  const auto map = make_polar_map(centered(31.5, 31.5), {}, frames::make_mask(64, 64), rings);
  const auto sums = sum_patterns(*source, map, std::vector<double>(64 * 64, 1000));
  VarianceOptions options;
  options.noise = {1e-9, 40, 0.1};
  const auto found = compute_variances(sums, map, options);
  for (const Variance v : all_variances)
    for (std::size_t r = 1; r < static_cast<std::size_t>(map.rings); ++r) {
      const auto& curve = found.of(v);
      EXPECT_NEAR(curve.value[r] - curve.bias[r], 0, 4 * curve.error[r] + 1e-5 / map.area[r])
          << name_of(v) << " " << r;
      EXPECT_LT(curve.error[r], 0.2 * curve.shot_noise[r]); // most of it is not there
    }
}

/// What the few pixels of a ring do to ⟨I²⟩φ/⟨I⟩φ² − 1 − noise of one pattern, to first order in
/// `share`, one over their number: speckle of relative variance v, Poisson counts of mean m,
/// reading noise of relative variance r.
double ring_mean_shift(double v, double m, double r, double share) {
  const double total = v + 1 / m + r;
  const double third = 2 * v * v + 3 * v / m + 1 / (m * m); // central moment over mean³
  return share * (3 * total * total - total - 2 * third - (1 / m + 3 * r) * total);
}

/// Pulls of every definition against what was put in, over rings and seeds.
void expect_truth(double mean, double variance, double gain, double read_noise) {
  std::array<Moments, variances> pulls;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    test::Patterns patterns;
    patterns.mean = mean;
    patterns.variance = variance;
    patterns.gain = gain;
    patterns.read_noise = read_noise;
    patterns.seed = seed;
    auto source = frames::make_memory_source(patterns.make<std::int16_t>(), patterns.count, 64, 64);
    PolarOptions rings;
    rings.ring_width = 3;
    rings.k_max = 32;
    const auto map = make_polar_map(centered(31.5, 31.5), {}, frames::make_mask(64, 64), rings);
    const auto center = mean_pattern(*source, {});
    const auto sums = sum_patterns(*source, map, center);
    VarianceOptions options;
    options.noise.gain = gain;
    options.noise.read_noise = read_noise;
    const auto found = compute_variances(sums, map, options);
    for (const Variance v : all_variances)
      for (std::size_t r = 2; r < static_cast<std::size_t>(map.rings); ++r) {
        const double share = map.squared_weights[r] / (map.area[r] * map.area[r]);
        double truth = variance;
        if (v == Variance::annular_mean)
          truth *= share;
        // of one pattern's ring, whose mean is that of few pixels
        const auto& curve = found.of(v);
        const double read = read_noise / (gain * mean);
        const double few =
            v == Variance::ring_mean ? ring_mean_shift(variance, mean, read * read, share) : 0;
        pulls[static_cast<std::size_t>(v)].add((curve.value[r] - curve.bias[r] - few - truth) /
                                               curve.error[r]);
      }
  }
  for (const Variance v : all_variances) {
    const auto& p = pulls[static_cast<std::size_t>(v)];
    std::printf("mean %g V %g gain %g read %g %-14s pulls %+.3f ± %.3f, width %.3f\n",
                mean,
                variance,
                gain,
                read_noise,
                std::string(name_of(v)).c_str(),
                p.mean,
                p.error(),
                p.deviation());
    // rings share no pixels but at their edges: 54 values, whose mean pull has an error of 0.14
    EXPECT_LT(std::abs(p.mean), 0.1 + 2.5 * p.error()) << name_of(v);
    EXPECT_NEAR(p.deviation(), 1, 0.2 + 2.5 * p.deviation() / std::sqrt(2.0 * 54)) << name_of(v);
  }
}

TEST(Variances, AreTheTruthWithoutShotNoise) {
  expect_truth(10, 0.2, 1, 0);
}

TEST(VariancesCalibration, FromOneToAThousandElectrons) {
  for (const double mean : {1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0})
    for (const double variance : {0.05, 0.2})
      expect_truth(mean, variance, 1, 0);
}

TEST(VariancesCalibration, WithGainAndReadingNoise) {
  expect_truth(20, 0.1, 4.7, 12);
  expect_truth(200, 0.1, 7.46, 30);
}

TEST(Variances, NamesAreReadBack) {
  for (const Variance v : all_variances)
    EXPECT_EQ(parse_variance(name_of(v)), v);
  EXPECT_THROW((void)parse_variance("omega"), OptionError);
}

} // namespace
} // namespace vitrum::fem
