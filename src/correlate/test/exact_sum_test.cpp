#include "vitrum/correlate/exact_sum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

/// Terms of both signs over twelve decades, as sums of strong and of weak lags are.
std::vector<double> random_terms(std::uint64_t seed) {
  Random random(seed, 0);
  std::vector<double> terms;
  for (int i = 0; i < 2000; ++i) {
    const double magnitude = std::pow(10.0, static_cast<double>(random.below(12)) - 6);
    terms.push_back(magnitude * (static_cast<double>(random.below(2000001)) / 1e6 - 1));
  }
  return terms;
}

ExactSum sum_of(const std::vector<double>& terms) {
  ExactSum sum;
  for (const double term : terms)
    sum.add(term);
  return sum;
}

} // namespace

TEST(ExactSum, HandNumbers) {
  EXPECT_EQ(sum_of({}).value(), 0);
  EXPECT_EQ(sum_of({0.5, 0.25, -3}).value(), 0.5 + 0.25 - 3);
  EXPECT_EQ(sum_of({1e15, 0.125, -1e15}).value(), 0.125); // a double would have lost it
  EXPECT_EQ(sum_of({-4e18, 1, 4e18}).value(), 1);
}

TEST(ExactSum, DoesNotDependOnOrderOrParts) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto terms = random_terms(seed);
    const ExactSum forward = sum_of(terms);
    std::reverse(terms.begin(), terms.end());
    EXPECT_EQ(sum_of(terms), forward) << seed;
    const auto middle = terms.begin() + static_cast<std::ptrdiff_t>(seed * 90);
    ExactSum parts = sum_of({middle, terms.end()});
    parts.add(sum_of({terms.begin(), middle}));
    EXPECT_EQ(parts, forward) << seed;
  }
}

TEST(ExactSum, EqualsLongDoubleSum) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto terms = random_terms(seed);
    long double slow = 0;
    for (const double term : terms)
      slow += term;
    // the slow sum rounds 2000 times, each time by at most 5.4e-20 of 2e8
    EXPECT_NEAR(sum_of(terms).value(), static_cast<double>(slow), 3e-8);
  }
}

TEST(ExactSum, HalvesKeepEveryBit) {
  std::vector<ExactSum> sums;
  for (std::uint64_t seed = 1; seed <= 9; ++seed)
    sums.push_back(sum_of(random_terms(seed)));
  sums.push_back(sum_of({-0x1p-60}));
  std::vector<ExactSum> back(sums.size());
  add_packed(back, pack(sums));
  EXPECT_EQ(back, sums);
  std::vector<Index> doubled = pack(sums);
  add_packed(doubled, pack(sums));
  add_packed(back, pack(sums));
  EXPECT_EQ(doubled, pack(back));
  const std::vector<Index> short_list(4);
  EXPECT_THROW(add_packed(back, short_list), DataError);
}

TEST(ExactSum, RefusesWhatDoesNotFit) {
  ExactSum sum;
  EXPECT_THROW(sum.add(std::numeric_limits<double>::quiet_NaN()), DataError);
  EXPECT_THROW(sum.add(std::numeric_limits<double>::infinity()), DataError);
  EXPECT_THROW(sum.add(-5e18), DataError);
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i)
          sum.add(4e18);
      },
      DataError);
}
