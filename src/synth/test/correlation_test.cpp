#include "../correlation.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace vitrum::synth {
namespace {

// min |A x − b| with x >= 0 where the free answer has a negative part: by hand, x = (0, 1/2).
TEST(RateSpectrum, NonnegativeLeastSquaresByHand) {
  // columns (1, 1), (0, 1), (1, 0.5)…; b = (0, 1)
  const auto x = solve_nonnegative({1, 0, 1, 2}, {-1, 1}, 2);
  EXPECT_DOUBLE_EQ(x[0], 0);
  EXPECT_DOUBLE_EQ(x[1], 0.5);
  const auto free = solve_nonnegative({2, 1, 1, 3}, {5, 10}, 2); // exact: (1, 3)
  EXPECT_NEAR(free[0], 1, 1e-12);
  EXPECT_NEAR(free[1], 3, 1e-12);
}

// A spectrum of a dozen exponentials over six decades: checked at points that the fit did not use.
TEST(RateSpectrum, ReproducesTheCorrelation) {
  for (const auto model : {models::DecayModel::kww, models::DecayModel::ml_squared})
    for (const double exponent : {0.2, 0.3, 0.5, 0.7, 0.9, 0.99}) {
      XpcsOptions o;
      o.model = model;
      o.exponent = exponent;
      const RateSpectrum s = fit_rate_spectrum(o, 1e-4, 1e3);
      EXPECT_LT(s.error, 1e-3);
      double sum = 0;
      for (const double weight : s.weight) {
        EXPECT_GT(weight, 0);
        sum += weight;
      }
      EXPECT_NEAR(sum, 1, 1e-12);
      for (double u = 1.1e-4; u < 1e3; u *= 1.037) {
        double made = 0;
        for (std::size_t k = 0; k < s.rate.size(); ++k)
          made += s.weight[k] * std::exp(-s.rate[k] * u);
        const double at[] = {u};
        EXPECT_NEAR(made, field_correlation(o, at)[0], 1.1 * s.error + 1e-6)
            << exponent << " " << u;
      }
      RecordProperty("processes", static_cast<int>(s.rate.size()));
      EXPECT_LT(s.rate.size(), 40U);
    }
}

TEST(RateSpectrum, FieldIsTheRootOfTheDecay) {
  XpcsOptions o;
  o.exponent = 0.6;
  const double u[] = {0, 0.5, 2};
  const auto g1 = field_correlation(o, u);
  for (int i = 0; i < 3; ++i)
    EXPECT_NEAR(g1[static_cast<std::size_t>(i)], std::exp(-std::pow(u[i], 0.6)), 1e-14);
  o.model = models::DecayModel::kww2;
  o.tau_s = 10;
  o.tau2_s = 40;
  o.fraction = 0.3;
  o.exponent2 = 1.5;
  EXPECT_NEAR(std::pow(field_correlation(o, u)[2], 2),
              0.3 * std::exp(-2 * std::pow(2, 0.6)) + 0.7 * std::exp(-2 * std::pow(0.5, 1.5)),
              1e-14);
}

} // namespace
} // namespace vitrum::synth
