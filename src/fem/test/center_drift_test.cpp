#include "vitrum/fem/center_drift.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "fem_samples.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fem/pattern_sums.hpp"

namespace vitrum::fem {
namespace {

constexpr Index size = 64, rows = 8, columns = 8;

/// A ring that moves by `along` px from the first to the last column, and down by half of it.
std::unique_ptr<frames::FrameSource> moving(double along, std::uint64_t seed) {
  Random random(seed, 9);
  std::vector<std::uint16_t> values;
  for (Index i = 0; i < rows * columns; ++i) {
    const double u = static_cast<double>(i % columns) / (columns - 1) - 0.5,
                 v = static_cast<double>(i / columns) / (rows - 1) - 0.5;
    const double cx = 31 + along * u, cy = 32 + 0.5 * along * v;
    for (Index y = 0; y < size; ++y)
      for (Index x = 0; x < size; ++x) {
        const double r = std::hypot(static_cast<double>(x) - cx, static_cast<double>(y) - cy);
        const double mean = 10 + 60 * std::exp(-0.5 * std::pow((r - 18) / 3, 2));
        values.push_back(static_cast<std::uint16_t>(random.poisson(mean * 0.2 * random.gamma(5))));
      }
  }
  return frames::make_memory_source(std::move(values), rows * columns, size, size);
}

RingFit about() {
  RingFit ring;
  ring.shape = test::centered(31, 32);
  ring.radius_px = 18;
  return ring;
}

DriftOptions options(bool each) {
  DriftOptions o;
  o.columns = columns;
  o.blocks = 16;
  o.each = each;
  return o;
}

TEST(CenterDrift, IsAPlaneOverTheScan) {
  const auto mask = frames::make_mask(size, size);
  for (const bool each : {false, true}) {
    Moments x, y;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      auto source = moving(6, seed);
      const auto found =
          follow_center(*source, {}, mask, about(), mean_pattern(*source, {}), options(each));
      EXPECT_TRUE(found.significant());
      EXPECT_NEAR(found.x.along_rows.value, 0, 4 * found.x.along_rows.error);
      x.add((found.x.along_columns.value - 6) / found.x.along_columns.error);
      y.add((found.y.along_rows.value - 3) / found.y.along_rows.error);
      EXPECT_NEAR(found.center_x_px[7] - found.center_x_px[0], 6, each ? 2 : 0.3);
    }
    EXPECT_LT(std::abs(x.mean), 1.3);
    EXPECT_LT(std::abs(y.mean), 1.3);
  }
  auto still = moving(0, 3);
  EXPECT_FALSE(follow_center(*still, {}, mask, about(), mean_pattern(*still, {}), options(false))
                   .significant());
}

TEST(CenterDriftCalibration, ErrorsHold) {
  const auto mask = frames::make_mask(size, size);
  Moments pulls;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    auto source = moving(4, seed);
    const auto found =
        follow_center(*source, {}, mask, about(), mean_pattern(*source, {}), options(false));
    pulls.add((found.x.along_columns.value - 4) / found.x.along_columns.error);
    pulls.add((found.y.along_rows.value - 2) / found.y.along_rows.error);
  }
  std::printf("drift of the centre: pulls %+.3f, width %.3f\n", pulls.mean, pulls.deviation());
  EXPECT_NEAR(pulls.mean, 0, 0.25);
  EXPECT_NEAR(pulls.deviation(), 1, 0.2);
}

TEST(CenterDrift, NeedsPatternsEnough) {
  auto source = moving(0, 1);
  std::vector<std::uint8_t> use(rows * columns, 0);
  use[0] = use[1] = use[2] = 1;
  EXPECT_THROW((void)follow_center(*source,
                                   use,
                                   frames::make_mask(size, size),
                                   about(),
                                   mean_pattern(*source, {}),
                                   options(true)),
               DataError);
}

} // namespace
} // namespace vitrum::fem
