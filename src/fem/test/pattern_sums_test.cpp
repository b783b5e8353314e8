#include "vitrum/fem/pattern_sums.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/fem/center_drift.hpp"
#include "vitrum/fem/variance.hpp"

namespace vitrum::fem {
namespace {

using test::centered;

/// The obvious sums.
template <class T>
void expect_sums(const std::vector<T>& values,
                 Index count,
                 Index height,
                 Index width,
                 const SumOptions& options,
                 double tolerance) {
  const auto mask = frames::make_mask(height, width);
  PolarOptions rings;
  rings.ring_width = 1.3;
  const auto map =
      make_polar_map(centered(0.45 * static_cast<double>(width), 0.5 * static_cast<double>(height)),
                     {},
                     mask,
                     rings);
  auto source = frames::make_memory_source(values, count, height, width);
  const std::vector<double> center(mask.use.size(), 3.5);
  const auto sums = sum_patterns(*source, map, center, options);
  const auto pixels = static_cast<std::size_t>(height * width);
  std::vector<double> sum(pixels, 0), squares(pixels, 0);
  std::vector<double> ring(static_cast<std::size_t>(map.rings)), ring2(ring);
  std::size_t used = 0;
  for (std::size_t f = 0; f < static_cast<std::size_t>(count); ++f) {
    if (!options.use.empty() && options.use[f] == 0)
      continue;
    std::fill(ring.begin(), ring.end(), 0);
    std::fill(ring2.begin(), ring2.end(), 0);
    for (std::size_t p = 0; p < pixels; ++p) {
      auto v = static_cast<double>(values[f * pixels + p]);
      if (!options.dark.empty())
        v -= static_cast<double>(options.dark[p]);
      if (!options.scale.empty())
        v *= options.scale[f];
      sum[p] += v;
      squares[p] += v * v;
      for (int i = 0; i < 3; ++i)
        if (map.pixels[p].share[i] > 0) {
          ring[static_cast<std::size_t>(map.pixels[p].first_ring + i)] +=
              v * map.pixels[p].share[i] / 64.0;
          ring2[static_cast<std::size_t>(map.pixels[p].first_ring + i)] +=
              v * v * map.pixels[p].share[i] / 64.0;
        }
    }
    for (std::size_t r = 0; r < ring.size(); ++r) {
      EXPECT_NEAR(
          sums.ring_sum[used * ring.size() + r], ring[r], tolerance * std::abs(ring[r]) + 1e-9);
      EXPECT_NEAR(sums.ring_squares[used * ring.size() + r], ring2[r], tolerance * ring2[r] + 1e-9);
    }
    ++used;
  }
  for (std::size_t p = 0; p < pixels; ++p) {
    EXPECT_NEAR(sums.sum[p], sum[p], tolerance * std::abs(sum[p]));
    EXPECT_NEAR(sums.squares[p], squares[p], tolerance * squares[p]);
    std::vector<float> group(static_cast<std::size_t>(sums.groups)), group2(group);
    sums.read_groups(static_cast<Index>(p), 1, group.data(), group2.data());
    const double groups = std::accumulate(group.begin(), group.end(), 0.0),
                 groups2 = std::accumulate(group2.begin(), group2.end(), 0.0);
    const double n = static_cast<double>(used);
    EXPECT_NEAR(groups, sum[p] - 3.5 * n, 1e-4 * (std::abs(sum[p]) + 1));
    EXPECT_NEAR(groups2, squares[p] - 7 * sum[p] + 3.5 * 3.5 * n, 1e-4 * (squares[p] + 1));
  }
}

template <class T>
class SumsOf : public ::testing::Test {};
using Types = ::testing::Types<std::uint8_t, std::uint16_t, std::int16_t, std::uint32_t, float>;
TYPED_TEST_SUITE(SumsOf, Types);

TYPED_TEST(SumsOf, AreTheObviousOnes) {
  for (const auto& [count, height, width] :
       {std::tuple<Index, Index, Index>(2, 7, 9), {13, 33, 31}, {40, 64, 48}}) {
    test::Patterns patterns;
    patterns.count = count;
    patterns.height = height;
    patterns.width = width;
    patterns.mean = 60;
    const auto values = patterns.make<TypeParam>();
    const bool whole = std::is_integral_v<TypeParam>;
    SumOptions options;
    options.groups = 5;
    options.block_bytes = 3 * height * width * 4;
    expect_sums(values, count, height, width, options, whole ? 0 : 1e-12);
    options.use.assign(static_cast<std::size_t>(count), 1);
    if (count > 5)
      options.use[3] = options.use[4] = 0;
    options.dark.assign(static_cast<std::size_t>(height * width), 1.25F);
    options.scale.assign(static_cast<std::size_t>(count), 1.5);
    expect_sums(values, count, height, width, options, 1e-5);
  }
}

TEST(PatternSums, LargeCountsDoNotWrap) {
  // squares of 300 do not fit 16 bits, of 65535 not 31, of 100,000 not 32
  const auto check = [](auto tag, double low, double high) {
    using T = decltype(tag);
    const Index n = 40000;
    std::vector<T> values;
    for (Index i = 0; i < n; ++i)
      for (int p = 0; p < 4; ++p)
        values.push_back(static_cast<T>(i % 2 == 0 ? low : high));
    auto source = frames::make_memory_source(values, n, 2, 2);
    const auto map = make_polar_map(centered(0.5, 0.5), {}, frames::make_mask(2, 2), {});
    const auto sums = sum_patterns(*source, map, std::vector<double>(4, low));
    EXPECT_EQ(sums.sum[0], n / 2 * (low + high));
    EXPECT_EQ(sums.squares[0], n / 2 * (low * low + high * high));
    VarianceOptions options;
    options.replicates = 2;
    const double mean = (low + high) / 2, variance = (high - low) * (high - low) / 4;
    const auto found = compute_variances(sums, map, options);
    EXPECT_NEAR(found.of(Variance::image).value[0], variance / (mean * mean), 1e-6);
  };
  check(std::uint16_t{}, 300, 900);
  check(std::uint16_t{}, 1000, 65535);
  check(std::uint32_t{}, 70000, 100000);
  check(std::uint8_t{}, 100, 255);
  check(std::int16_t{}, 100, 32767);
}

TEST(PatternSums, DoNotDependOnThreads) {
  test::Patterns patterns;
  auto source = frames::make_memory_source(patterns.make<std::uint16_t>(), patterns.count, 64, 64);
  const auto map = make_polar_map(centered(31, 33), {}, frames::make_mask(64, 64), {});
  const std::vector<double> center(64 * 64, 100);
  VarianceOptions options;
  options.replicates = 7;
  set_thread_count(1);
  const auto one = sum_patterns(*source, map, center);
  const auto v1 = compute_variances(one, map, options);
  set_thread_count(3);
  const auto three = sum_patterns(*source, map, center);
  const auto v3 = compute_variances(three, map, options);
  set_thread_count(0);
  EXPECT_EQ(one.sum, three.sum);
  EXPECT_TRUE(std::ranges::equal(one.single.span(), three.single.span()));
  EXPECT_EQ(one.single.size(), 100 * 64 * 64);
  SumOptions grouped;
  grouped.groups = 30;
  set_thread_count(1);
  const auto one_grouped = sum_patterns(*source, map, center, grouped);
  set_thread_count(3);
  const auto three_grouped = sum_patterns(*source, map, center, grouped);
  set_thread_count(0);
  EXPECT_TRUE(
      std::ranges::equal(one_grouped.group_squares.span(), three_grouped.group_squares.span()));
  EXPECT_EQ(one.ring_squares, three.ring_squares);
  for (const Variance v : all_variances) {
    EXPECT_EQ(v1.of(v).value, v3.of(v).value);
    EXPECT_EQ(v1.of(v).error, v3.of(v).error);
  }
}

TEST(PatternSums, MovedPatternsLieOnEachOther) {
  std::vector<std::uint16_t> values(2 * 16 * 16, 0);
  values[5 * 16 + 6] = 40;
  values[256 + 7 * 16 + 5] = 40; // one to the left, two down
  auto source = frames::make_memory_source(values, 2, 16, 16);
  const auto map = make_polar_map(centered(8, 8), {}, frames::make_mask(16, 16), {});
  const auto moved = make_moved_source(std::move(source), {0, -1}, {0, 2});
  const auto sums = sum_patterns(*moved, map, std::vector<double>(256, 0));
  EXPECT_EQ(sums.sum[5 * 16 + 6], 80);
}

TEST(PatternSums, RefusesOnePatternAndNumbersThatAreNone) {
  const auto map = make_polar_map(centered(2, 2), {}, frames::make_mask(4, 4), {});
  auto one = frames::make_memory_source(std::vector<std::uint16_t>(16, 1), 1, 4, 4);
  EXPECT_THROW((void)sum_patterns(*one, map, std::vector<double>(16, 0)), DataError);
  std::vector<float> values(32, 1);
  values[20] = NAN;
  auto bad = frames::make_memory_source(values, 2, 4, 4);
  EXPECT_THROW((void)sum_patterns(*bad, map, std::vector<double>(16, 0)), DataError);
}

} // namespace
} // namespace vitrum::fem
