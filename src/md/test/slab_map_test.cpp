#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
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

// In a tilted box distances are those in space: sums over atoms and images by their vectors.
TEST(SlabMap, EqualsPlainSumsInATiltedBox) {
  for (const double tilt : {-6.0, 4.0, 9.0}) {
    atoms::Configuration c;
    c.box = atoms::Box(atoms::tilted_edges({10, 7, 6}, {tilt, 1.5, -2}));
    Random random(11);
    std::vector<double> value;
    for (Index i = 0; i < 300; ++i) {
      c.positions.push_back(c.box.position({random.uniform(), random.uniform(), random.uniform()}));
      c.species.push_back(0);
      value.push_back(random.normal());
    }
    const auto map = slab_map(c, value, 3, 0.8, 20);
    const auto& a = c.box.edges()[0];
    const auto& b = c.box.edges()[1];
    ASSERT_NEAR(map.height, std::hypot(7, tilt), 1e-12);
    for (Index r = 0; r < map.rows; r += 3)
      for (Index k = 0; k < map.columns; k += 3) {
        double sum = 0, weights = 0;
        for (std::size_t i = 0; i < c.positions.size(); ++i) {
          const auto f = c.box.fraction(c.positions[i]); // seen along the third edge
          if (std::abs(f[2] - 0.5) * 6 >= 1.5)
            continue;
          for (int m = -3; m <= 3; ++m)
            for (int n = -2; n <= 2; ++n) {
              const double u =
                  (static_cast<double>(k) + 0.5) / static_cast<double>(map.columns) - f[0] + m;
              const double v =
                  (static_cast<double>(r) + 0.5) / static_cast<double>(map.rows) - f[1] + n;
              const double away = std::hypot(u * a[0] + v * b[0], u * a[1] + v * b[1]);
              const double w = std::exp(-0.5 * away * away / (0.8 * 0.8));
              sum += w * value[i];
              weights += w;
            }
        }
        EXPECT_NEAR(static_cast<double>(map.mean[static_cast<std::size_t>(r * map.columns + k)]),
                    sum / weights,
                    2e-3)
            << tilt;
      }
  }
}

double correlation(const SlabMap& a, const SlabMap& b) {
  return map_correlation({&a, 1}, {&b, 1}, 3).value;
}

TEST(SlabMap, CorrelationOfMaps) {
  const auto c = random_atoms(500, {10, 10, 10}, 2);
  std::vector<double> along, against;
  for (const auto& p : c.positions) {
    along.push_back(std::sin(2 * 3.14159265 * p[0] / 10));
    against.push_back(3 - 2 * along.back());
  }
  const auto a = slab_map(c, along, 4, 1), b = slab_map(c, against, 4, 1);
  EXPECT_NEAR(correlation(a, a), 1, 1e-9);
  EXPECT_NEAR(correlation(a, b), -1, 1e-6);
  const auto flat = slab_map(c, std::vector<double>(500, 2.0), 4, 1);
  EXPECT_TRUE(std::isnan(map_correlation({&a, 1}, {&flat, 1}, 3).value));
  EXPECT_TRUE(std::isfinite(map_correlation({&a, 1}, {&b, 1}, 2.8).error));
  EXPECT_TRUE(std::isnan(map_correlation({&a, 1}, {&b, 1}, 2.9).error)); // over a quarter of 100
  const auto coarse = slab_map(c, along, 4, 1, 20);
  EXPECT_THROW((void)correlation(a, coarse), DataError);
}

// The error against maps that are moved as a whole.
TEST(SlabMap, ErrorOfACorrelationIsThatOfMovedMaps) {
  auto c = random_atoms(800, {12, 9, 6}, 5);
  c.box = atoms::Box(atoms::tilted_edges({12, 9, 6}, {4, 0, 0}));
  Random random(6);
  std::vector<SlabMap> a, b;
  for (int m = 0; m < 3; ++m) {
    std::vector<double> u, v;
    for (Index i = 0; i < 800; ++i) {
      u.push_back(random.normal());
      v.push_back(u.back() + random.normal());
    }
    a.push_back(slab_map(c, u, 3, 0.7, 24));
    b.push_back(slab_map(c, v, 3, 0.7, 24));
  }
  ASSERT_EQ(a[0].rows, 20);
  const auto found = map_correlation(a, b, 2.5);
  double squares = 0, moves = 0;
  for (Index down = 0; down < 20; ++down)
    for (Index across = 0; across < 24; ++across) {
      double away = 1e9;
      for (int m = -2; m <= 2; ++m)
        for (int n = -2; n <= 2; ++n) {
          const double v = static_cast<double>(down) / 20 + n;
          const double u = static_cast<double>(across) / 24 + m;
          away = std::min(away, std::hypot(12 * u + 4 * v, 9 * v));
        }
      if (away < 2.5)
        continue;
      double mean = 0;
      for (std::size_t m = 0; m < 3; ++m) {
        auto moved = b[m];
        for (Index r = 0; r < 20; ++r)
          for (Index k = 0; k < 24; ++k)
            moved.mean[static_cast<std::size_t>(r * 24 + k)] =
                b[m].mean[static_cast<std::size_t>((r + down) % 20 * 24 + (k + across) % 24)];
        mean += correlation(a[m], moved) / 3;
      }
      squares += mean * mean;
      moves += 1;
    }
  EXPECT_NEAR(found.error, (1 - found.value * found.value) * std::sqrt(squares / moves), 1e-9);
}

// One glass at five times: order that stays, mobility that hardly changes, over many glasses.
TEST(SlabMapCalibration, PullsOfACorrelationAreNormal) {
  constexpr Index atoms = 2048;
  constexpr double edge = 12.7; // mean spacing 1, as the analysis counts lengths
  for (const double truth : {0.0, 0.4, -0.7}) {
    Moments pull, found, squares;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      const auto c = random_atoms(atoms, {edge, edge, edge}, 1000 + seed);
      Random random(5000 + seed);
      std::vector<double> order, lasting;
      for (Index i = 0; i < atoms; ++i) {
        order.push_back(random.normal());
        lasting.push_back(random.normal());
      }
      const auto of_order = slab_map(c, order, 2, 0.75, 24);
      std::vector<SlabMap> a, b;
      for (int time = 0; time < 5; ++time) {
        std::vector<double> mobility;
        for (std::size_t i = 0; i < order.size(); ++i)
          mobility.push_back(truth * order[i] +
                             std::sqrt(1 - truth * truth) *
                                 (std::sqrt(0.8) * lasting[i] + std::sqrt(0.2) * random.normal()));
        a.push_back(slab_map(c, mobility, 2, 0.75, 24));
        b.push_back(of_order);
      }
      const auto one = map_correlation(a, b, 3);
      found.add(one.value);
      squares.add(one.error * one.error);
      pull.add((one.value - truth) / one.error);
    }
    std::printf("truth %.1f: found %.4f +- %.4f, pulls %.2f +- %.2f\n",
                truth,
                found.mean,
                found.deviation(),
                pull.mean,
                pull.deviation());
    EXPECT_NEAR(pull.mean, 0, 0.25) << truth;
    EXPECT_NEAR(pull.deviation(), 1, 0.2) << truth; // some twenty places: tails like Student's
    EXPECT_NEAR(std::sqrt(squares.mean) / found.deviation(), 1, 0.1) << truth;
  }
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
