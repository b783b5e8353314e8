#include "vitrum/correlate/map_levels.hpp"

#include <cmath>

#include <gtest/gtest.h>

using namespace vitrum;
using namespace vitrum::correlate;

TEST(MapLevels, EndAtTheSmallest) {
  EXPECT_TRUE(make_levels(1024).empty());
  const auto levels = make_levels(120'000);
  ASSERT_EQ(levels.size(), 7U);
  EXPECT_EQ(levels.front().size, 60'000);
  EXPECT_EQ(levels.back().factor, 128);
  EXPECT_EQ(levels.back().size, 938);
  EXPECT_EQ(make_levels(1025).back().size, 513);
}

TEST(MapLevels, HandNumbers) {
  const float nan = NAN;
  const float in[3][4] = {{1, 2, nan, nan}, {3, 4, nan, nan}, {5, nan, 6, 8}};
  float out[2][2];
  halve(&in[0][0], 3, 3, 4, &out[0][0], 2);
  EXPECT_FLOAT_EQ(out[0][0], (1.0F + 2 + 3 + 4) / 4);
  EXPECT_TRUE(std::isnan(out[0][1]));
  EXPECT_FLOAT_EQ(out[1][0], 5);
  EXPECT_FLOAT_EQ(out[1][1], 6);
}

TEST(MapLevels, TilesAgreeWithTheWhole) {
  constexpr Index n = 37, tile = 8, half = 19;
  std::vector<float> map(n * n);
  for (Index i = 0; i < n * n; ++i)
    map[i] = i % 11 == 3 ? NAN : static_cast<float>((i * 7919) % 1000) / 7;
  std::vector<float> whole(half * half), tiled(half * half);
  halve(map.data(), n, n, n, whole.data(), half);
  for (Index r = 0; r < n; r += tile)
    for (Index c = 0; c < n; c += tile)
      halve(&map[r * n + c],
            std::min(tile, n - r),
            std::min(tile, n - c),
            n,
            &tiled[r / 2 * half + c / 2],
            half);
  for (Index i = 0; i < half * half; ++i)
    EXPECT_TRUE(whole[i] == tiled[i] || (std::isnan(whole[i]) && std::isnan(tiled[i]))) << i;
}
