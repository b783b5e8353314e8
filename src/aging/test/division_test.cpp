// One division out of all: against every other one, and change points where lines meet.
#include <cmath>

#include <gtest/gtest.h>

#include "../division.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

using Kinds = std::array<double, dynamics_kinds>;

std::vector<Kinds> random_kinds(Index n, std::uint64_t seed) {
  Random random(seed, 3);
  std::vector<Kinds> out(static_cast<std::size_t>(n));
  for (Kinds& p : out) {
    double sum = 0;
    for (double& x : p)
      sum += x = std::pow(random.uniform(), 3);
    for (double& x : p)
      x /= sum;
  }
  return out;
}

/// Expected windows of the right kind, less one for each change.
double score(const std::vector<Kinds>& p, const std::vector<Index>& bounds) {
  double total = 0;
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    Kinds sum{};
    for (Index k = bounds[s]; k < bounds[s + 1]; ++k)
      for (std::size_t d = 0; d < sum.size(); ++d)
        sum[d] += p[static_cast<std::size_t>(k)][d];
    total += *std::max_element(sum.begin(), sum.end()) - (s > 0 ? 1 : 0);
  }
  return total;
}

/// Of all divisions into segments of at least `shortest`, the best score.
double best_of_all(const std::vector<Kinds>& p, Index shortest) {
  const auto n = static_cast<Index>(p.size());
  double best = -1;
  for (Index mask = 0; mask < (Index{1} << (n - 1)); ++mask) {
    std::vector<Index> bounds{0};
    for (Index k = 1; k < n; ++k)
      if ((mask >> (k - 1) & 1) != 0)
        bounds.push_back(k);
    bounds.push_back(n);
    bool allowed = true;
    for (std::size_t s = 0; s + 1 < bounds.size(); ++s)
      allowed &= bounds[s + 1] - bounds[s] >= shortest;
    if (allowed)
      best = std::max(best, score(p, bounds));
  }
  return best;
}

TEST(Division, IsTheBestOfAll) {
  for (const Index n : {4, 7, 12})
    for (const Index shortest : {1, 2, 3})
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto p = random_kinds(n, seed);
        const auto bounds = best_division(p, {}, shortest);
        EXPECT_EQ(bounds.front(), 0);
        EXPECT_EQ(bounds.back(), n);
        EXPECT_NEAR(score(p, bounds), best_of_all(p, shortest), 1e-12);
      }
}

TEST(Division, KeepsChangesOfSlopeWithinAKind) {
  const std::vector<Kinds> aging(20, Kinds{0.1, 0.9, 0, 0});
  const Index changes[] = {2, 8};
  EXPECT_EQ(best_division(aging, changes, 3), (std::vector<Index>{0, 8, 20})); // 2 is too short
}

TEST(Division, BendsAreFoundWhereLinesMeet) {
  Moments found;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed, 9);
    std::vector<double> age, y;
    for (int k = 0; k < 50; ++k) {
      age.push_back(k + 0.5);
      y.push_back(0.08 * std::min(age.back(), 25.0) + 0.02 * std::max(age.back() - 25, 0.0) +
                  0.06 * random.normal());
    }
    std::vector<Index> bounds{0, 28, 50};
    join_lines(age, y, std::vector<double>(50, 0.06), 3, bounds);
    ASSERT_EQ(bounds.size(), 3U);
    found.add(static_cast<double>(bounds[1]));
  }
  EXPECT_NEAR(found.mean, 25, 4 * found.error());
  EXPECT_LT(found.deviation(), 0.8);
}

TEST(Division, JumpsStayWhereTheyAre) {
  std::vector<double> age, y;
  for (int k = 0; k < 40; ++k) {
    age.push_back(k + 0.5);
    y.push_back(k < 20 ? 0.0 : 1.0);
  }
  std::vector<Index> bounds{0, 20, 40};
  join_lines(age, y, std::vector<double>(40, 0.1), 3, bounds);
  EXPECT_EQ(bounds[1], 20);
}

} // namespace
} // namespace vitrum::aging
