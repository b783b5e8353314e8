// The aging correlation of a continuous-time random walk: limits, an independent quadrature,
// published values, and the walk itself.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/models/mittag_leffler.hpp"
#include "vitrum/models/renewal.hpp"

namespace vitrum::models {
namespace {

/// The formula in s itself with many midpoints in the logarithm of the distance from either end.
double by_midpoints(double b, double kept, double t1, double t2) {
  const double middle = (t1 + t2) / 2;
  const MittagLeffler function(b, 1);
  const auto f = [&](double s, double elapsed) {
    return std::pow(s, b - 1) / std::tgamma(b) * function((1 - kept) * std::pow(elapsed, b));
  };
  double sum = 0;
  constexpr int n = 20000;
  for (int i = 0; i < n; ++i) { // left half, even in s; t1 > 0
    const double s = t1 + (middle - t1) * (i + 0.5) / n;
    sum += f(s, t2 - s) * (middle - t1) / n;
  }
  for (int i = 0; i < n; ++i) { // right half: elapsed = (t2 − middle)·y³
    const double y = (i + 0.5) / n, e = (t2 - middle) * y * y * y;
    sum += f(t2 - e, e) * (t2 - middle) * 3 * y * y / n;
  }
  return 1 - (1 - kept) * sum;
}

TEST(RenewalCorrelation, EqualsAnotherQuadratureAndItsLimits) {
  for (const double b : {0.3, 0.45, 0.8, 0.95})
    for (const double kept : {0.0, 0.6})
      for (const double t1 : {0.5, 20.0})
        for (const double lag : {0.01, 1.0, 50.0, 1000.0})
          EXPECT_NEAR(renewal_correlation(1, b, kept, t1, t1 + lag),
                      by_midpoints(b, kept, t1, t1 + lag),
                      lag > 10 * t1 ? 2e-5 : 1e-7) // the midpoints' own error near small s
              << b << " " << kept << " " << t1 << " " << lag;
  // A walker that has just begun to wait; exponential waits do not age; units are those of tau.
  EXPECT_NEAR(
      renewal_correlation(2, 0.7, 0, 0, 6), mittag_leffler(0.7, 1, -std::pow(3, 0.7)), 1e-14);
  EXPECT_NEAR(
      renewal_correlation(2, 0.7, 0, 1e-12, 6), mittag_leffler(0.7, 1, -std::pow(3, 0.7)), 1e-7);
  EXPECT_NEAR(renewal_correlation(1, 1, 0, 7, 8.5), std::exp(-1.5), 1e-10);
  EXPECT_NEAR(renewal_correlation(1, 1, 0.4, 7, 8.5), std::exp(-0.6 * 1.5), 1e-10);
  EXPECT_NEAR(renewal_correlation(30, 0.45, 0.2, 300, 900),
              renewal_correlation(1, 0.45, 0.2, 10, 30),
              1e-12);
}

TEST(RenewalCorrelation, HasTheKnownValues) {
  // Exponent 0.45, one waiting time as unit, age 10⁴.
  EXPECT_NEAR(renewal_correlation(1, 0.45, 0, 1e4, 1.1e4), 0.85051, 5e-6);
  EXPECT_NEAR(renewal_correlation(1, 0.45, 0, 1e4, 2e4), 0.56414, 5e-6);
  EXPECT_NEAR(renewal_correlation(1, 0.45, 0, 1e4, 1e5), 0.25474, 5e-6);
  EXPECT_THROW((void)renewal_correlation(1, 1.2, 0, 1, 2), OptionError);
  EXPECT_THROW((void)renewal_correlation(1, 0.5, 1, 1, 2), OptionError);
  EXPECT_THROW((void)renewal_correlation(1, 0.5, 0, 3, 2), OptionError);
}

TEST(RenewalCorrelation, IsThatOfTheWalk) {
  constexpr Index walkers = 40000;
  const double b = 0.45, t1 = 30, t2 = 90, kept = 0.5;
  double still = 0, phase = 0;
  for (Index w = 0; w < walkers; ++w) {
    Random random(77, static_cast<std::uint64_t>(w));
    double t = 0, factor = 1;
    while (true) {
      const double u = random.uniform(), v = random.uniform();
      t += mittag_leffler_wait(1, b, u, v);
      if (t > t2)
        break;
      factor *= t > t1 ? kept : 1;
    }
    still += factor == 1 ? 1.0 / walkers : 0;
    phase += factor / walkers;
  }
  // binomial errors: 0.5/√walkers = 0.0025; four of them
  EXPECT_NEAR(still, renewal_correlation(1, b, 0, t1, t2), 0.01);
  EXPECT_NEAR(phase, renewal_correlation(1, b, kept, t1, t2), 0.01);
}

} // namespace
} // namespace vitrum::models
