// The aging law of a random walk from a map: cells, the fit to the exact law, input without any.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/aging/renewal.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/models/renewal.hpp"

namespace vitrum::aging {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// 1 + 0.5·g1² with noise of `noise`, frame i of age start + i.
std::vector<float> renewal_map(Index n, double start, double noise) {
  std::vector<float> map(std::size_t(n * n), nan);
  Random random(11);
  for (Index t = 0; t < n; ++t)
    for (Index s = 0; s < t; ++s) {
      const double g1 =
          models::renewal_correlation(3, 0.45, 0, start + double(s), start + double(t));
      map[std::size_t(t * n + s)] = float(1 + 0.5 * g1 * g1 + noise * random.normal());
    }
  return map;
}

TEST(Renewal, IsFoundFromTheMapOfItsLaw) {
  constexpr Index n = 120;
  auto map = renewal_map(n, 5, 0.002);
  for (Index t = 40; t < 50; ++t) // a gap
    for (Index s = 0; s < n; ++s)
      map[std::size_t(t * n + s)] = map[std::size_t(s * n + t)] = nan;
  const auto found = find_renewal(MemoryRows(map, n), 1, {.start_s = 5});
  EXPECT_EQ(found.reason, "");
  EXPECT_TRUE(found.fit.converged);
  // cells are averages of a curved law: a hundredth of the exponent
  EXPECT_NEAR(found.fit.exponent, 0.45, 0.01);
  EXPECT_NEAR(found.fit.tau_s, 3, 0.3);
  EXPECT_NEAR(found.fit.contrast, 0.5, 0.02);
  EXPECT_LT(found.fit.exponent_error, 0.02);
}

TEST(Renewal, CellsAreMeansOfPairs) {
  std::vector<float> map(4 * 4, nan);
  map[1 * 4 + 0] = 5; // age 0: not used
  map[2 * 4 + 1] = 2;
  map[3 * 4 + 1] = 3;
  map[3 * 4 + 2] = 4;
  const auto cells = aging_cells(MemoryRows(map, 4), 2, {.per_decade = 3});
  ASSERT_EQ(cells.value.size(), 1U); // ages and lags of 1 and 2 frames: below 10^(1/3) = 2.15
  EXPECT_NEAR(cells.value[0], (2.0 + 3.0 + 4.0) / 3, 1e-12);
}

TEST(Renewal, SaysWhyThereIsNone) {
  const std::vector<float> nothing(100 * 100, nan);
  EXPECT_EQ(find_renewal(MemoryRows(nothing, 100), 1).reason,
            "0 cells of age and lag: need at least 40");
  const std::vector<float> flat(100 * 100, 1.1F);
  EXPECT_EQ(find_renewal(MemoryRows(flat, 100), 1).reason, "the map is constant");
  EXPECT_EQ(message_of([&] { (void)find_renewal(MemoryRows(flat, 100), 1, {.kept = 1}); }),
            "kept = 1: must lie in [0, 1)");
}

} // namespace
} // namespace vitrum::aging
