#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "../limits.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/plot/reduce.hpp"

namespace vitrum::plot {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// The obvious twin.
float mean_of_block(
    const std::vector<float>& v, Index rows, Index columns, Index y0, Index x0, Index h, Index w) {
  double sum = 0;
  Index count = 0;
  for (Index y = y0; y < y0 + h && y < rows; ++y)
    for (Index x = x0; x < x0 + w && x < columns; ++x)
      if (const float value = v[static_cast<std::size_t>(y * columns + x)]; !std::isnan(value)) {
        sum += value;
        ++count;
      }
  return count == 0 ? nan : static_cast<float>(sum / static_cast<double>(count));
}

TEST(BlockMean, EqualsItsTwinOverASweep) {
  Random random(3);
  for (const auto& [rows, columns] : {std::pair<Index, Index>{1, 1}, {7, 5}, {64, 64}, {101, 37}})
    for (const Index h : {1, 2, 3, 10, 200})
      for (const Index w : {1, 4, 37}) {
        std::vector<float> values(static_cast<std::size_t>(rows * columns));
        for (float& v : values)
          v = random.uniform() < 0.3 ? nan : static_cast<float>(random.normal());
        const Blocks blocks = block_mean(values, rows, columns, h, w);
        ASSERT_EQ(blocks.rows, (rows + h - 1) / h);
        ASSERT_EQ(blocks.columns, (columns + w - 1) / w);
        for (Index y = 0; y < blocks.rows; ++y)
          for (Index x = 0; x < blocks.columns; ++x) {
            const float got = blocks.values[static_cast<std::size_t>(y * blocks.columns + x)];
            const float expected = mean_of_block(values, rows, columns, y * h, x * w, h, w);
            if (std::isnan(expected))
              EXPECT_TRUE(std::isnan(got));
            else
              EXPECT_EQ(got, expected);
          }
      }
}

TEST(BlockMean, RefusesWrongSizes) {
  EXPECT_THROW((void)block_mean(std::vector<float>(5), 2, 3, 1, 1), DataError);
  EXPECT_THROW((void)block_mean(std::vector<float>(6), 2, 3, 0, 1), OptionError);
}

TEST(Reduced, MovesTheFarEdgeWithTheLastBlock) {
  HeatMap map;
  map.rows = 10;
  map.columns = 9;
  map.values.assign(90, 1.0F);
  map.x_last = 9;
  map.y_last = 10;
  const HeatMap small = reduced(map, 4); // blocks of 3 rows and 3 columns
  EXPECT_EQ(small.rows, 4);
  EXPECT_EQ(small.columns, 3);
  EXPECT_DOUBLE_EQ(small.y_last, 12);
  EXPECT_DOUBLE_EQ(small.x_last, 9);
  EXPECT_EQ(reduced(map, 10).rows, 10);
}

TEST(PercentileLimits, HandNumbers) {
  std::vector<float> values;
  for (int i = 0; i <= 100; ++i)
    values.push_back(static_cast<float>(i));
  values.push_back(nan);
  values.push_back(std::numeric_limits<float>::infinity());
  EXPECT_EQ(percentile_limits(values, 5, 90), (std::pair{5.0, 90.0}));
  EXPECT_EQ(percentile_limits(values, 0, 100, Scale::log), (std::pair{1.0, 100.0}));
}

TEST(PercentileLimits, WithoutSpreadOrData) {
  EXPECT_EQ(percentile_limits(std::vector<float>(9, nan), 1, 99), (std::pair{0.0, 1.0}));
  EXPECT_EQ(percentile_limits({}, 1, 99, Scale::log), (std::pair{1.0, 10.0}));
  const auto [low, high] = percentile_limits(std::vector<float>(9, 4.0F), 1, 99);
  EXPECT_NEAR(low, 4 - 0.4, 1e-12);
  EXPECT_NEAR(high, 4 + 0.4, 1e-12);
  EXPECT_THROW((void)percentile_limits({}, 99, 1), OptionError);
}

Figure with(Series series, Scale scale = Scale::linear) {
  Figure figure;
  Panel panel;
  panel.y.scale = scale;
  panel.series.push_back(std::move(series));
  figure.panels.push_back(std::move(panel));
  return figure;
}

TEST(AxisLimits, LeaveOutWhatCannotBeDrawn) {
  Series series;
  series.x = {1, 2, 3, 4};
  series.y = {NAN, 10, INFINITY, 20};
  const auto limits = axis_limits(with(series))[0];
  EXPECT_DOUBLE_EQ(limits.y.first, 10 - 0.4); // 4 % of 10
  EXPECT_DOUBLE_EQ(limits.y.second, 20 + 0.4);
  EXPECT_DOUBLE_EQ(limits.x.first, 1 - 0.12);
}

TEST(AxisLimits, EmptyConstantAndNegativeOnLog) {
  EXPECT_EQ(axis_limits(with({}))[0].x, (std::pair{0.0, 1.0}));
  Series one;
  one.x = {5};
  one.y = {-2};
  EXPECT_EQ(axis_limits(with(one))[0].y, (std::pair{-2.2, -1.8}));
  EXPECT_EQ(axis_limits(with(one, Scale::log))[0].y, (std::pair{1.0, 10.0}));
}

TEST(AxisLimits, OneHugeErrorBarDoesNotFlattenTheRest) {
  Series series;
  series.x = {1, 2, 3};
  series.y = {1, 2, 3};
  series.y_errors = {0.1, 1e9, 0.1};
  const auto limits = axis_limits(with(series))[0].y;
  EXPECT_DOUBLE_EQ(limits.first, 0 - 0.16); // values ± half of their range, and the margin
  EXPECT_DOUBLE_EQ(limits.second, 4 + 0.16);
}

TEST(AxisLimits, SharedAxesAgree) {
  Figure figure;
  for (const double top : {10.0, 50.0}) {
    Panel panel;
    Series series;
    series.x = {0, top};
    series.y = {0, 1};
    panel.x.share = 3;
    panel.series.push_back(series);
    panel.row = static_cast<Index>(figure.panels.size());
    figure.panels.push_back(panel);
  }
  const auto limits = axis_limits(figure);
  EXPECT_EQ(limits[0].x, limits[1].x);
  EXPECT_DOUBLE_EQ(limits[0].x.second, 52);
}

TEST(AxisLimits, GivenLimitsWin) {
  Figure figure = with({});
  figure.panels[0].y.lower = 5; // beyond the default of 0 to 1
  EXPECT_EQ(axis_limits(figure)[0].y, (std::pair{5.0, 6.0}));
}

} // namespace
} // namespace vitrum::plot
