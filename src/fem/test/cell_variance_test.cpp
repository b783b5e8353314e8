#include "vitrum/fem/cell_variance.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numbers>

#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

constexpr Index size = 64;
constexpr double middle = 31.5;

struct Patterns {
  Index count = 0;
  std::vector<std::uint16_t> counts;
  std::vector<double> mean;
};

/// Counts of pixels that fluctuate by `depth` each, besides Poisson noise.
Patterns make_patterns(Index count, double depth, double level, std::uint64_t seed) {
  Random random(seed);
  Patterns out;
  out.count = count;
  out.mean.assign(size * size, level);
  for (Index i = 0; i < count * size * size; ++i)
    out.counts.push_back(static_cast<std::uint16_t>(
        random.poisson(level * std::max(0.0, 1 + depth * random.normal()))));
  return out;
}

CellOptions cells_of(double width_px, double angle_deg, Index replicates = 2, double gain = 0) {
  CellOptions out;
  out.width_px = width_px;
  out.angle_deg = angle_deg;
  out.replicates = replicates;
  out.noise.gain = gain;
  return out;
}

CellVariance compute(const Patterns& p, const CellOptions& options, const SumOptions& sums = {}) {
  auto source = frames::make_memory_source(p.counts, p.count, size, size);
  const auto pass = make_cell_pass(source->info(),
                                   test::centered(middle, middle),
                                   {},
                                   frames::make_mask(size, size),
                                   p.mean,
                                   sums,
                                   options);
  PatternUser* users[] = {pass.get()};
  pass_patterns(*source, sums, users);
  return pass->finish();
}

/// The definition, word by word.
std::map<Index, double> slow_twin(const Patterns& p, double width, Index angles) {
  std::map<std::pair<Index, Index>, std::vector<std::vector<double>>> cells; // pattern, pixels
  for (Index y = 0; y < size; ++y)
    for (Index x = 0; x < size; ++x) {
      const double dx = static_cast<double>(x) - middle, dy = static_cast<double>(y) - middle;
      const auto ring = static_cast<Index>(std::hypot(dx, dy) / width);
      const auto angle = static_cast<Index>((std::atan2(dy, dx) / (2 * std::numbers::pi) + 0.5) *
                                            static_cast<double>(angles));
      auto& cell = cells[{ring, angle}];
      cell.resize(static_cast<std::size_t>(p.count));
      for (Index i = 0; i < p.count; ++i)
        cell[static_cast<std::size_t>(i)].push_back(
            p.counts[static_cast<std::size_t>((i * size + y) * size + x)]);
    }
  std::map<Index, double> squares, level, number, out;
  for (const auto& [at, patterns] : cells) {
    std::vector<double> means;
    for (const auto& pixels : patterns)
      means.push_back(moments(pixels).mean);
    auto sorted = means;
    std::sort(sorted.begin(), sorted.end());
    const auto n = sorted.size();
    const double median = n % 2 == 1 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
    double sum = 0;
    for (const double m : means)
      sum += (m - median) * (m - median);
    squares[at.first] += sum / static_cast<double>(n);
    level[at.first] += median;
    ++number[at.first];
  }
  for (const auto& [ring, sum] : squares)
    out[ring] = sum / number[ring] / std::pow(level[ring] / number[ring], 2);
  return out;
}

TEST(CellVariance, IsWhatItsFormulaSays) {
  for (const Index count : {2, 7, 20}) {
    const auto patterns = make_patterns(count, 0.2, 50, 4);
    const auto found = compute(patterns, cells_of(3, 15));
    EXPECT_EQ(found.angles, 24);
    const auto twin = slow_twin(patterns, 3, 24);
    for (std::size_t r = 0; r < found.k.size(); ++r)
      EXPECT_NEAR(found.raw[r], twin.at(static_cast<Index>(r)), 1e-6 * found.raw[r]) << r;
  }
}

TEST(CellVariance, OfWiderCellsIsSmallerByTheirPixelsAndLosesItsCountingNoise) {
  const auto patterns = make_patterns(60, 0.3, 20, 5);
  const auto found = compute(patterns, cells_of(2, 10, 60, 1));
  for (const std::size_t r : {6U, 9U, 12U}) {
    const double pixels = 2 * std::numbers::pi * (found.k[r]) * 2 / 36;
    EXPECT_NEAR(found.shot_noise[r] * pixels * 20, 1, 0.2);
    // cells of a ring hold different numbers of pixels: the mean of 1/n is above 1/mean
    EXPECT_NEAR(found.value[r] * pixels / 0.09, 1.06, 0.2);
  }
}

/// Electrons whose signal of `gain` counts spreads as a Gaussian of this standard deviation,
/// without anything else that fluctuates, and noise of reading.
Patterns make_spread(Index count, double sigma, double level, double gain, double read) {
  constexpr Index margin = 6;
  constexpr auto wide = size + 2 * margin;
  std::vector<double> share;
  for (Index i = -margin; i <= margin; ++i) {
    const double a = static_cast<double>(i) / sigma / std::numbers::sqrt2,
                 half = 0.5 / sigma / std::numbers::sqrt2;
    share.push_back(0.5 * (std::erf(a + half) - std::erf(a - half)));
  }
  Random random(11);
  Patterns out;
  out.count = count;
  out.mean.assign(size * size, level * gain);
  std::vector<double> electrons(wide * wide), along(wide * size);
  for (Index i = 0; i < count; ++i) {
    for (double& e : electrons)
      e = static_cast<double>(random.poisson(level));
    for (Index y = 0; y < wide; ++y)
      for (Index x = 0; x < size; ++x) {
        double& to = along[static_cast<std::size_t>(y * size + x)] = 0;
        for (Index j = 0; j <= 2 * margin; ++j)
          to += share[static_cast<std::size_t>(j)] *
                electrons[static_cast<std::size_t>(y * wide + x + j)];
      }
    for (Index y = 0; y < size; ++y)
      for (Index x = 0; x < size; ++x) {
        double sum = read / gain * random.normal();
        for (Index j = 0; j <= 2 * margin; ++j)
          sum += share[static_cast<std::size_t>(j)] *
                 along[static_cast<std::size_t>((y + j) * size + x)];
        out.counts.push_back(static_cast<std::uint16_t>(std::lround(gain * sum)));
      }
  }
  return out;
}

TEST(CellVariance, OfADetectorThatSpreadsHasTheCountingNoiseThatIsThere) {
  constexpr double sigma = 0.8, gain = 20, level = 30;
  for (const double read : {0.0, 40.0}) {
    const auto patterns = make_spread(300, sigma, level, gain, read);
    for (const auto& [width, angle] :
         {std::pair(1.0, 5.0), std::pair(2.0, 5.0), std::pair(2.0, 15.0), std::pair(6.0, 30.0)}) {
      auto options = cells_of(width, angle, 60, gain);
      options.noise.read_noise = read;
      const auto independent = compute(patterns, options);
      options.spread = noise_correlation_of_spread(sigma);
      const auto found = compute(patterns, options);
      Moments ratio, share;
      double squared = 0;
      for (std::size_t r = 0; r < found.k.size(); ++r)
        if (found.k[r] > 4 && found.k[r] < 30) {
          ratio.add((found.raw[r] - found.bias[r]) / found.shot_noise[r]);
          squared += std::pow(found.error[r] / found.shot_noise[r], 2);
          share.add(found.shot_noise[r] / independent.shot_noise[r]);
        }
      const double error = std::sqrt(squared) / static_cast<double>(ratio.count);
      std::printf(
          "cells of %g px, %g degrees, reading %g: noise over what is expected %.4f ± %.4f, "
          "share %.3f\n",
          width,
          angle,
          read,
          ratio.mean,
          error,
          share.mean);
      EXPECT_LT(error, 0.015);
      EXPECT_NEAR(ratio.mean, 1, 3 * error);
      if (read == 0) {
        EXPECT_LT(share.mean, width > 2 ? 0.9 : 0.6);
      }
    }
  }
}

/// Mean over the cells of a ring of 1/pixels, which is what is left in them of white noise.
double inverse_pixels(const CellVariance& found, std::size_t ring, double level) {
  return found.shot_noise[ring] * level;
}

/// Pulls of values without bias, and of those with it.
void expect_pulls(Index count, std::uint64_t seeds, double mean, double width) {
  constexpr double level = 400, depth = 0.15;
  Moments pull, biased;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto found = compute(make_patterns(count, depth, level, seed), cells_of(2, 10, 100, 1));
    for (const std::size_t r : {4U, 7U, 10U, 13U}) {
      const double truth = depth * depth * inverse_pixels(found, r, level);
      pull.add((found.value[r] - found.bias[r] - truth) / found.error[r]);
      biased.add((found.value[r] - truth) / found.error[r]);
    }
  }
  std::printf("cells of %td patterns: pulls %+.3f, width %.3f; with the bias %+.3f\n",
              count,
              pull.mean,
              pull.deviation(),
              biased.mean);
  EXPECT_LT(std::abs(pull.mean), mean);
  EXPECT_NEAR(pull.deviation(), 1, width);
  EXPECT_LT(biased.mean, -0.1);
}

TEST(CellVariance, ErrorsHold) {
  expect_pulls(40, 25, 0.35, 0.3); // a hundred values: means are known to 0.1, widths to 0.07
}

TEST(CellVarianceCalibration, ErrorsAndBiasHoldForFewAndManyPatterns) {
  expect_pulls(20, 200, 0.15, 0.15);
  expect_pulls(60, 120, 0.15, 0.15);
  expect_pulls(150, 60, 0.25, 0.15); // in groups
}

TEST(CellVariance, SubtractsDarkAndScalesPatterns) {
  auto patterns = make_patterns(10, 0.2, 50, 6);
  const auto plain = compute(patterns, cells_of(2, 5));
  SumOptions sums;
  sums.dark.assign(size * size, 7);
  sums.scale.assign(10, 3);
  for (auto& c : patterns.counts)
    c = static_cast<std::uint16_t>(c + 7);
  const auto corrected = compute(patterns, cells_of(2, 5), sums);
  for (std::size_t r = 0; r < plain.k.size(); ++r)
    EXPECT_NEAR(plain.raw[r], corrected.raw[r], 1e-5 * plain.raw[r]);
}

TEST(CellVariance, RefusesWhatDoesNotFit) {
  const auto patterns = make_patterns(2, 0, 5, 1);
  SumOptions small;
  small.memory_bytes = 1000;
  EXPECT_THROW((void)compute(patterns, {}, small), DataError);
  EXPECT_THROW((void)compute(patterns, cells_of(0.5, 5)), OptionError);
  EXPECT_THROW((void)compute(patterns, cells_of(2, 91)), OptionError);
}

} // namespace
} // namespace vitrum::fem
