#include "vitrum/fem/cell_variance.hpp"

#include <algorithm>
#include <cmath>
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
  return compute_cell_variance(*source,
                               test::centered(middle, middle),
                               {},
                               frames::make_mask(size, size),
                               p.mean,
                               sums,
                               options);
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
    EXPECT_GT(found.error[r], 0.01 * found.value[r]);
    EXPECT_LT(found.error[r], 0.1 * found.value[r]);
  }
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
