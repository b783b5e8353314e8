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

/// Heights that two unknowns move together, more for wide probes, beside errors of their own.
std::vector<SizedPeak> shared_series(double length, double relative, std::uint64_t seed) {
  auto peaks = series(length, relative, seed);
  Random random(seed, 5);
  const double a = random.normal(), b = random.normal();
  for (auto& one : peaks) {
    const double v = law(one.probe_size_nm, length);
    one.common = {0.04 * v * std::min(1.0, one.probe_size_nm / 3),
                  -0.02 * v * std::pow(one.probe_size_nm / 5, 2)};
    one.height += a * one.common[0] + b * one.common[1];
  }
  return peaks;
}

/// Pulls of both lengths; `once`: shared errors as such, else as if they were each peak's own.
Pulls shared_pulls(double length, double relative, std::uint64_t seeds, bool once) {
  Pulls out;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto peaks = shared_series(length, relative, seed);
    if (!once)
      for (auto& one : peaks)
        one = {one.probe_size_nm, one.height, one.total_error(), {}};
    const auto sv = find_stratton_voyles(peaks, seed);
    if (sv.status == "maximum")
      out.maximum.add((sv.length_nm.value - length) / sv.length_nm.error);
    const auto pp = find_pair_persistence(peaks, length);
    if (pp.status == "fitted")
      out.persistence.add((pp.length_nm.value - length) / pp.length_nm.error);
  }
  std::printf("shared errors %s: Stratton-Voyles %td, pulls %+.3f, width %.3f; pair persistence "
              "pulls %+.3f, width %.3f\n",
              once ? "once" : "as each one's own",
              static_cast<Index>(out.maximum.count),
              out.maximum.mean,
              out.maximum.deviation(),
              out.persistence.mean,
              out.persistence.deviation());
  return out;
}

TEST(CorrelationLengthCalibration, ErrorsThatPeaksShareEnterOnce) {
  for (const double length : {1.3, 1.8})
    for (const double relative : {0.01, 0.02}) {
      const auto pulls = shared_pulls(length, relative, 300, true);
      EXPECT_GT(pulls.maximum.count, 250);
      for (const auto* p : {&pulls.maximum, &pulls.persistence}) {
        EXPECT_NEAR(p->mean, 0, 0.2);
        EXPECT_NEAR(p->deviation(), 1, 0.2);
      }
      static_cast<void>(shared_pulls(length, relative, 300, false));
    }
}

TEST(CorrelationLength, ErrorsThatPeaksShareEnterOnce) {
  const auto pulls = shared_pulls(1.3, 0.01, 60, true);
  EXPECT_NEAR(pulls.persistence.mean, 0, 0.5);
  EXPECT_NEAR(pulls.persistence.deviation(), 1, 0.3);
}

TEST(CorrelationLength, OfSharedErrorsIsTheLineOfTheirWholeCovariance) {
  // line and chi2 with the inverse of the covariance of all points, by elimination
  const double length = 1.3;
  for (const std::size_t n : {4U, 7U, 10U}) {
    auto peaks = shared_series(length, 0.02, 3);
    peaks.erase(peaks.begin(), peaks.end() - static_cast<std::ptrdiff_t>(n));
    std::vector<std::vector<double>> m(n, std::vector<double>(n + 3, 0)); // C | 1, x, y
    for (std::size_t i = 0; i < n; ++i) {
      const auto factor = [&](std::size_t j) {
        return std::pow(0.61 / peaks[j].probe_size_nm / peaks[j].height, 2);
      };
      for (std::size_t j = 0; j < n; ++j)
        m[i][j] =
            factor(i) * factor(j) *
            ((i == j ? peaks[i].error * peaks[i].error : 0) +
             peaks[i].common[0] * peaks[j].common[0] + peaks[i].common[1] * peaks[j].common[1]);
      const double q2 = std::pow(0.61 / peaks[i].probe_size_nm, 2);
      m[i][n] = 1;
      m[i][n + 1] = q2;
      m[i][n + 2] = q2 / peaks[i].height;
    }
    const auto given = m;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        if (i == j)
          continue;
        const double f = m[j][i] / m[i][i];
        for (std::size_t c = 0; c < n + 3; ++c)
          m[j][c] -= f * m[i][c];
      }
    const auto product = [&](std::size_t u, std::size_t v) { // uᵀ C⁻¹ v of columns
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i)
        sum += given[i][n + u] * m[i][n + v] / m[i][i];
      return sum;
    };
    const double det = product(0, 0) * product(1, 1) - std::pow(product(0, 1), 2);
    const double slope = (product(0, 0) * product(1, 2) - product(0, 1) * product(0, 2)) / det;
    const double intercept = (product(1, 1) * product(0, 2) - product(0, 1) * product(1, 2)) / det;
    const double chi2 = product(2, 2) - intercept * product(0, 2) - slope * product(1, 2);
    const auto found = find_pair_persistence(peaks, 0.1);
    const double scale = std::max(1.0, chi2 / static_cast<double>(n - 2));
    EXPECT_NEAR(found.slope.value, slope, 1e-7 * slope);
    EXPECT_NEAR(found.intercept.value, intercept, 1e-7 * std::abs(slope));
    EXPECT_NEAR(found.chi2, chi2, 1e-6 * chi2 + 1e-6);
    EXPECT_NEAR(found.slope.error, std::sqrt(scale * product(0, 0) / det), 1e-6 * slope);
    EXPECT_NEAR(found.covariance, -scale * product(0, 1) / det, 1e-6 * slope * slope);
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
