#include "vitrum/fem/correlation_length.hpp"

#include <cmath>
#include <cstdio>
#include <numbers>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

TEST(PairPersistence, OfTheLinesPrintedByVaerst2025) {
  EXPECT_NEAR(persistence_length(5.64, 0.074, 0, 0, 0).value, 1.389, 5e-4);
  EXPECT_NEAR(persistence_length(5.45, 0.076, 0, 0, 0).value, 1.348, 5e-4);
}

double law(double probe, double length) {
  const double q2 = std::pow(0.61 / probe, 2);
  const double rise = 4 * std::numbers::pi * std::numbers::pi * length * length;
  return 20 * q2 / (1 + rise * q2) * std::min(1.0, std::pow(probe / length, 2));
}

std::vector<SizedPeak> series(double length, double relative, std::uint64_t seed) {
  std::vector<SizedPeak> peaks;
  Random random(seed);
  for (const double r : {0.8, 0.95, 1.1, 1.3, 1.55, 1.9, 2.4, 3.1, 4.0, 5.0}) {
    const double v = law(r, length);
    peaks.push_back({r, v * (1 + relative * random.normal()), v * relative});
  }
  return peaks;
}

struct Pulls {
  Moments maximum, persistence, maximum_error, persistence_error;
  Index seeds = 0;
};

Pulls pulls_of(double length, double relative, std::uint64_t seeds) {
  Pulls out;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto peaks = series(length, relative, seed);
    const auto sv = find_stratton_voyles(peaks, seed);
    if (sv.status == "maximum") {
      out.maximum.add((sv.length_nm.value - length) / sv.length_nm.error);
      out.maximum_error.add(sv.length_nm.error);
    }
    const auto pp = find_pair_persistence(peaks, sv.smallest_beyond);
    if (pp.status == "fitted") {
      out.persistence.add((pp.length_nm.value - length) / pp.length_nm.error);
      out.persistence_error.add(pp.length_nm.error);
    }
  }
  std::printf("length %g nm, heights to %g %%: Stratton-Voyles %.3f nm, %td of %td, pulls %+.3f, "
              "width %.3f; pair persistence %.3f nm, pulls %+.3f, width %.3f\n",
              length,
              100 * relative,
              out.maximum_error.mean,
              static_cast<Index>(out.maximum.count),
              static_cast<Index>(seeds),
              out.maximum.mean,
              out.maximum.deviation(),
              out.persistence_error.mean,
              out.persistence.mean,
              out.persistence.deviation());
  return out;
}

TEST(CorrelationLength, OfASeriesByBothWays) {
  const auto pulls = pulls_of(1.3, 0.03, 100);
  EXPECT_GT(pulls.maximum.count, 95);
  EXPECT_LT(pulls.maximum_error.mean, 0.1);
  for (const auto* p : {&pulls.maximum, &pulls.persistence}) {
    EXPECT_NEAR(p->mean, 0, 0.4);
    EXPECT_NEAR(p->deviation(), 1, 0.3);
  }
}

TEST(CorrelationLengthCalibration, BothWaysOverLengthsAndErrors) {
  for (const double length : {1.0, 1.3, 1.8, 2.5})
    for (const double relative : {0.01, 0.03}) {
      const auto pulls = pulls_of(length, relative, 1000);
      for (const auto* p : {&pulls.maximum, &pulls.persistence}) {
        EXPECT_NEAR(p->mean, 0, 0.2);
        EXPECT_NEAR(p->deviation(), 1, 0.2);
      }
    }
}

TEST(CorrelationLength, OfARoundMaximumIsKnownNoBetterThanTheSpacing) {
  std::vector<SizedPeak> peaks;
  for (const double r : {0.8, 1.0, 1.3, 1.7, 2.2, 3.0, 4.0, 5.0}) {
    const double x = std::log(r / 1.8);
    peaks.push_back({r, 0.2 * std::exp(-x * x), 1e-3});
  }
  const auto sv = find_stratton_voyles(peaks);
  EXPECT_EQ(sv.status.find("maximum of a parabola: two branches miss the points (chi2 "), 0U);
  EXPECT_NEAR(sv.length_nm.value, 1.8, 0.1);
  EXPECT_GT(sv.length_nm.error, 0.25);
}

TEST(CorrelationLength, SaysWhenThereIsNoMaximum) {
  auto peaks = series(0.5, 0.01, 1);
  EXPECT_EQ(find_stratton_voyles(peaks).status,
            "the largest V is at the smallest probe size, 0.8 nm: no maximum inside the series");
  EXPECT_TRUE(std::isnan(find_stratton_voyles(peaks).length_nm.value));
  peaks.resize(3);
  EXPECT_EQ(find_stratton_voyles(peaks).status, "3 probe sizes, need 4 for a maximum");
  EXPECT_EQ(find_pair_persistence(peaks, 1).status, "1 probe sizes of 1 nm and more, need 3");
  peaks[1].probe_size_nm = 0.8;
  EXPECT_THROW((void)find_stratton_voyles(peaks), DataError);
}

TEST(Comparison, OfTwoStates) {
  const auto same = compare({1.39, 0.05}, {1.35, 0.12});
  EXPECT_NEAR(same.difference.value, -0.04, 1e-12);
  EXPECT_NEAR(same.difference.error, 0.13, 1e-12);
  EXPECT_GT(same.p, 0.7);
  const std::vector<Value> a{{0.10, 0.002}, {0.12, 0.002}}, b{{0.104, 0.002}, {0.1248, 0.002}};
  const auto change = relative_change(a, b);
  EXPECT_NEAR(change.value, 0.04, 1e-6);
  EXPECT_NEAR(change.error, 0.0179, 1e-3);
}

} // namespace
} // namespace vitrum::fem
