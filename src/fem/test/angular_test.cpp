#include "vitrum/fem/angular.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::fem {
namespace {

constexpr Index size = 128, count = 24;
constexpr double middle = 63.5;

/// I = mean · (1 + depth cos(n φ + phase)), counted; the phase is another one in each pattern.
std::vector<std::uint16_t> make_patterns(Index n, double depth, double mean) {
  Random random(3);
  std::vector<std::uint16_t> out;
  for (Index i = 0; i < count; ++i) {
    const double phase = 2 * std::numbers::pi * random.uniform();
    for (Index y = 0; y < size; ++y)
      for (Index x = 0; x < size; ++x) {
        const double phi =
            std::atan2(static_cast<double>(y) - middle, static_cast<double>(x) - middle);
        out.push_back(static_cast<std::uint16_t>(
            random.poisson(mean * (1 + depth * std::cos(static_cast<double>(n) * phi + phase)))));
      }
  }
  return out;
}

AngularCorrelation correlate(const std::vector<std::uint16_t>& patterns,
                             const frames::Mask& mask,
                             const SumOptions& sums = {},
                             Index most = 4096) {
  auto source = frames::make_memory_source(patterns, count, size, size);
  const std::vector<double> mean(size * size, 200);
  AngularOptions options;
  options.k_low = 35;
  options.k_high = 55;
  options.most_patterns = most;
  const auto pass =
      make_angular_pass(test::centered(middle, middle), {}, mask, mean, count, options);
  PatternUser* users[] = {pass.get()};
  pass_patterns(*source, sums, users);
  return pass->finish();
}

TEST(Angular, SymmetryIsHalfTheSquareOfTheDepth) {
  for (const Index n : {2, 6, 10}) {
    const auto found = correlate(make_patterns(n, 0.2, 200), frames::make_mask(size, size));
    for (std::size_t i = 0; i < found.order.size(); ++i) {
      const double half = std::numbers::pi / 180 * found.order[i]; // of a cell of two degrees
      const double truth =
          static_cast<Index>(found.order[i]) == n ? 0.02 * std::pow(std::sin(half) / half, 2) : 0;
      EXPECT_NEAR(found.symmetry[i], truth, 2e-4) << "n " << found.order[i] << " of " << n;
    }
  }
}

TEST(Angular, AMaskDoesNotLookLikeASymmetry) {
  auto mask = frames::make_mask(size, size);
  for (Index y = 60; y < 68; ++y)
    for (Index x = 0; x < 64; ++x)
      mask.use[static_cast<std::size_t>(y * size + x)] = 0;
  const auto found = correlate(make_patterns(4, 0.2, 200), mask);
  for (std::size_t i = 0; i < found.order.size(); ++i)
    EXPECT_NEAR(found.symmetry[i], found.order[i] == 4 ? 0.02 : 0, 6e-4) << found.order[i];
}

TEST(Angular, TakesPatternsAsTheyAreCorrected) {
  auto patterns = make_patterns(4, 0.2, 200);
  const auto plain = correlate(patterns, frames::make_mask(size, size));
  SumOptions sums;
  for (Index y = 0; y < size; ++y)
    for (Index x = 0; x < size; ++x) // a detector with a slope has a symmetry of its own
      sums.dark.push_back(static_cast<float>(10 + x));
  sums.scale.assign(count, 0.5);
  for (std::size_t i = 0; i < patterns.size(); ++i)
    patterns[i] = static_cast<std::uint16_t>(
        2 * patterns[i] + static_cast<std::uint16_t>(sums.dark[i % sums.dark.size()]));
  const auto corrected = correlate(patterns, frames::make_mask(size, size), sums);
  for (std::size_t i = 0; i < plain.order.size(); ++i)
    EXPECT_NEAR(corrected.symmetry[i], plain.symmetry[i], 1e-9);
}

TEST(Angular, OfSomePatternsIsThatOfPatternsEvenlySpread) {
  const auto patterns = make_patterns(4, 0.2, 200);
  const auto some = correlate(patterns, frames::make_mask(size, size), {}, 5);
  EXPECT_EQ(some.patterns, 5);
  SumOptions sums;
  sums.use.assign(count, 0);
  for (const std::size_t i : {0U, 4U, 9U, 14U, 19U}) // i · 24/5
    sums.use[i] = 1;
  auto source = frames::make_memory_source(patterns, count, size, size);
  const std::vector<double> mean(size * size, 200);
  AngularOptions options;
  options.k_low = 35;
  options.k_high = 55;
  const auto pass = make_angular_pass(
      test::centered(middle, middle), {}, frames::make_mask(size, size), mean, 5, options);
  PatternUser* users[] = {pass.get()};
  pass_patterns(*source, sums, users);
  EXPECT_EQ(pass->finish().symmetry, some.symmetry);
}

TEST(Angular, NothingIsLeftOfCountingNoise) {
  const auto found = correlate(make_patterns(2, 0, 200), frames::make_mask(size, size));
  for (std::size_t i = 0; i < found.order.size(); ++i)
    EXPECT_NEAR(found.symmetry[i], 0, 5 * found.symmetry_error[i]);
}

} // namespace
} // namespace vitrum::fem
