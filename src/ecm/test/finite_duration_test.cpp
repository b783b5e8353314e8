#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/ecm/finite_duration.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"

namespace vitrum::ecm {
namespace {

double decay(double lag, double tau, double exponent) {
  return std::exp(-2 * std::pow(lag / tau, exponent));
}

/// The definition, pair by pair.
double direct(double tau, double exponent, Index lag, Index frames) {
  double sum = 0;
  for (Index i = 0; i < frames - lag; ++i)
    for (Index j = lag; j < frames; ++j)
      sum += decay(static_cast<double>(std::abs(i - j)), tau, exponent);
  return sum / std::pow(static_cast<double>(frames - lag), 2);
}

TEST(DurationOffset, IsTheMeanOverPairs) {
  const Index frames = 150;
  const auto lags = make_log_lags(frames - 1, 30);
  const double frame_time = 2;
  const auto offset = make_duration_offset(lags, frames, frame_time);
  EXPECT_LE(offset.ranks, 10);
  for (const double tau : {1.0, 13.0, 150.0, 3000.0}) // s
    for (const double exponent : {0.3, 0.72, 1.0, 1.55}) {
      // a curve with the offset, fitted with it
      std::vector<double> lag_s, value, sigma(lags.size(), 1.0);
      for (const Index lag : lags) {
        lag_s.push_back(frame_time * static_cast<double>(lag));
        value.push_back(decay(lag_s.back(), tau, exponent) -
                        direct(tau / frame_time, exponent, lag, frames));
      }
      const auto shares = duration_shares(lags, frames, frame_time);
      for (std::size_t k = 0; k < lags.size(); ++k) {
        double sum = 0;
        for (const auto& share : shares[k])
          sum += share.share * decay(share.lag_s, tau, exponent);
        EXPECT_NEAR(sum, value[k], 2e-4) << tau << ' ' << exponent << ' ' << lags[k];
      }
      if (tau > 200 || tau < 5)
        continue; // not to be told from a short series
      fit::BatchKwwOptions options;
      options.offset = &offset;
      const auto fit = fit::fit_kww_batch<double>(lag_s, sigma, value, 1, 1, options);
      EXPECT_EQ(fit.status[0], fit::BatchStatus::converged);
      EXPECT_NEAR(fit.tau_s[0] / tau, 1, 0.02) << exponent;
      EXPECT_NEAR(fit.kww_exponent[0], exponent, 0.01) << tau;
    }
}

// Stationary truth of τ = 100 frames and exponent 0.7: what per-pixel time means make of it,
// against simulations of others (their statistical errors are about 2 and 0.02; their lags went as
// far as the series).
TEST(ApparentKww, IsTheKnownTable) {
  const double table[6][3] = {{2, 30, 1.28},
                              {5, 53, 1.03},
                              {10, 68, 0.905},
                              {20, 80, 0.82},
                              {50, 92, 0.74},
                              {100, 95, 0.73}};
  for (const auto& row : table) {
    const auto frames = static_cast<Index>(100 * row[0]);
    const auto lags = make_log_lags(frames - 1, 200);
    const auto seen = apparent_kww(100, 0.7, lags, frames, 1);
    EXPECT_NEAR(seen.tau_s, row[1], 2.5) << row[0];
    EXPECT_NEAR(seen.kww_exponent, row[2], 0.03 + 0.2 / row[0]) << row[0];
  }
}

TEST(DurationOffset, RefusesLagsBeyondTheSeries) {
  const std::vector<Index> lags{1, 5, 10};
  EXPECT_THROW((void)make_duration_offset(lags, 10, 1), DataError);
}

} // namespace
} // namespace vitrum::ecm
