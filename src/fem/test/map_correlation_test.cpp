#include "vitrum/fem/map_correlation.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::fem {
namespace {

constexpr Index side = 16;

/// White noise averaged over 3 × 3 places of a torus.
std::vector<double> make_map(std::uint64_t seed) {
  Random random(seed);
  std::vector<double> white(side * side), out;
  for (double& v : white)
    v = random.normal();
  for (Index y = 0; y < side; ++y)
    for (Index x = 0; x < side; ++x) {
      double sum = 0;
      for (Index j = 0; j < 3; ++j)
        for (Index i = 0; i < 3; ++i)
          sum += white[static_cast<std::size_t>((y + j) % side * side + (x + i) % side)];
      out.push_back(sum / 3);
    }
  return out;
}

TEST(MapCorrelation, ChanceIsAsFrequentAsItSays) {
  int rare = 0;
  constexpr int runs = 200;
  for (int i = 0; i < runs; ++i) {
    const auto seed = static_cast<std::uint64_t>(2 * i + 1);
    rare += correlate_maps(make_map(seed), make_map(seed + 1), side, side).p < 0.1;
  }
  EXPECT_NEAR(rare, 0.1 * runs, 4 * std::sqrt(0.09 * runs)); // binomial
}

TEST(MapCorrelation, FindsWhatGoesTogether) {
  const auto a = make_map(1), noise = make_map(2);
  std::vector<double> b;
  for (std::size_t i = 0; i < a.size(); ++i)
    b.push_back(-a[i] + 0.5 * noise[i]);
  const auto found = correlate_maps(a, b, side, side);
  EXPECT_NEAR(found.correlation, -1 / std::sqrt(1.25), 0.1);
  EXPECT_LT(found.p, 0.01);
  EXPECT_EQ(found.places, side * side);
}

TEST(MapCorrelation, MeansOfBlocks) {
  const double nan = std::nan("");
  const std::vector<double> map{1, 2, nan, nan, 3, 4, nan, 8};
  const auto small = shrink_map(map, 2, 4, 1, 2);
  EXPECT_DOUBLE_EQ(small[0], 2.5);
  EXPECT_TRUE(std::isnan(small[1])); // a quarter of its pixels is not enough
  EXPECT_THROW((void)shrink_map(map, 2, 4, 3, 2), DataError);
  const std::vector<double> few(8, 1.0);
  EXPECT_THROW((void)correlate_maps(few, few, 2, 4), DataError);
}

} // namespace
} // namespace vitrum::fem
