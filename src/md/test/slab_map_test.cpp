#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/md/slab_map.hpp"

namespace vitrum::md {
namespace {

atoms::Configuration random_atoms(Index n, const atoms::Vector& edges, std::uint64_t seed) {
  atoms::Configuration c;
  c.box = atoms::Box(atoms::tilted_edges(edges, {0, 0, 0}));
  Random random(seed);
  for (Index i = 0; i < n; ++i) {
    c.positions.push_back(c.box.position({random.uniform(), random.uniform(), random.uniform()}));
    c.species.push_back(0);
  }
  return c;
}

// Every cell against plain sums over all atoms and their images.
TEST(SlabMap, EqualsPlainSums) {
  const auto c = random_atoms(300, {10, 8, 6}, 1);
  std::vector<double> value;
  for (Index i = 0; i < 300; ++i)
    value.push_back(static_cast<double>(i % 7));
  const auto map = slab_map(c, value, 3, 0.8, 20);
  ASSERT_EQ(map.columns, 20);
  ASSERT_EQ(map.rows, 16);
  for (Index r = 0; r < map.rows; r += 5)
    for (Index k = 0; k < map.columns; k += 3) {
      double sum = 0, weights = 0;
      for (std::size_t i = 0; i < c.positions.size(); ++i) {
        const auto& p = c.positions[i];
        if (std::abs(p[2] - 3) >= 1.5)
          continue;
        for (int a = -1; a <= 1; ++a)
          for (int b = -1; b <= 1; ++b) {
            const double u = (static_cast<double>(k) + 0.5) * 0.5 - p[0] + 10 * a;
            const double v = (static_cast<double>(r) + 0.5) * 0.5 - p[1] + 8 * b;
            const double w = std::exp(-0.5 * (u * u + v * v) / (0.8 * 0.8));
            sum += w * value[i];
            weights += w;
          }
      }
      EXPECT_NEAR(static_cast<double>(map.mean[static_cast<std::size_t>(r * map.columns + k)]),
                  sum / weights,
                  2e-3); // the Gaussian ends at four deviations
    }
  EXPECT_EQ(map.atoms.size(), map.x.size());
  for (std::size_t i = 0; i < map.atoms.size(); ++i)
    EXPECT_NEAR(map.x[i], c.positions[static_cast<std::size_t>(map.atoms[i])][0], 1e-9);
}

TEST(SlabMap, CorrelationOfMaps) {
  const auto c = random_atoms(500, {10, 10, 10}, 2);
  std::vector<double> along, against;
  for (const auto& p : c.positions) {
    along.push_back(std::sin(2 * 3.14159265 * p[0] / 10));
    against.push_back(3 - 2 * along.back());
  }
  const auto a = slab_map(c, along, 4, 1), b = slab_map(c, against, 4, 1);
  EXPECT_NEAR(map_correlation(a, a), 1, 1e-9);
  EXPECT_NEAR(map_correlation(a, b), -1, 1e-6);
}

TEST(SlabMap, SaysWhatIsWrong) {
  const auto c = random_atoms(5, {10, 10, 10}, 3);
  const std::vector<double> value(5, 1.0);
  EXPECT_THROW((void)slab_map(c, value, 0, 1), OptionError);
  EXPECT_THROW((void)slab_map(c, std::vector<double>(4), 1, 1), DataError);
  EXPECT_THROW((void)slab_map(c, value, 1e-9, 1), DataError);
}

} // namespace
} // namespace vitrum::md
