#include "vitrum/correlate/pixel_g2.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pixel_reference.hpp"
#include "reference.hpp"
#include "speckle.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/correlate/lag_axis.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

constexpr PixelNormalization all_normalizations[] = {
    PixelNormalization::plain, PixelNormalization::symmetric, PixelNormalization::symmetric_bin};

} // namespace

TEST(PixelG2, EqualsDefinitionOnLinearAndLogAxes) {
  std::uint64_t seed = 40;
  for (const Index frames : {2, 3, 8, 9, 31, 90})
    for (const Index width : {3, 7, 19})
      for (const bool gaps : {false, true})
        for (const PixelNormalization n : all_normalizations)
          for (const PixelLags lags : {PixelLags::linear, PixelLags::logarithmic}) {
            SCOPED_TRACE(testing::Message() << frames << " frames, width " << width << " "
                                            << name_of(n) << " gaps " << gaps);
            const PixelMatrix m = reference::random_counts(
                reference::stripe_groups(9, width, 3),
                frames,
                4,
                gaps && frames > 8 ? std::vector<Index>{0, 3, 4, frames - 1} : std::vector<Index>{},
                ++seed);
            const bool weighted = seed % 2 == 0;
            const PixelG2 g2 =
                make_pixel_g2(m, {.normalization = n, .lags = lags, .weight_by_pixels = weighted});
            const std::vector<Index> edges = make_lag_edges(
                frames, {lags == PixelLags::linear ? LagSpacing::linear : LagSpacing::logarithmic});
            ASSERT_EQ(g2.value.size(), edges.size() - 1);
            for (std::size_t k = 0; k < g2.value.size(); ++k) {
              if (g2.pairs[k] == 0) {
                EXPECT_TRUE(std::isnan(g2.value[k]));
                continue;
              }
              // Products of floats summed in floats over 256 frames: 1e-6 of the variance (1/4).
              ASSERT_NEAR(
                  g2.value[k], reference::pixel_g2(m, n, weighted, edges[k], edges[k + 1], 0), 1e-6)
                  << "entry " << k;
            }
          }
}

TEST(PixelG2, EqualsDefinitionOnMultiTau) {
  for (const bool gaps : {false, true})
    for (const PixelNormalization n : all_normalizations) {
      const PixelMatrix m =
          reference::random_counts(reference::stripe_groups(5, 13, 2),
                                   150,
                                   3,
                                   gaps ? std::vector<Index>{10, 77} : std::vector<Index>{},
                                   9);
      const PixelG2 g2 = make_pixel_g2(
          m, {.normalization = n, .lags = PixelLags::multi_tau, .channels_per_level = 8});
      std::size_t k = 0;
      for (Index level = 0; (150 >> level) > 8; ++level)
        for (Index lag = level == 0 ? 1 : 5; lag <= 8; ++lag, ++k) {
          ASSERT_LT(k, g2.value.size());
          EXPECT_EQ(g2.lag_frames[k], double(lag << level));
          if (g2.pairs[k] == 0) {
            EXPECT_TRUE(gaps && std::isnan(g2.value[k]));
            continue;
          }
          EXPECT_NEAR(g2.value[k], reference::pixel_g2(m, n, true, lag, lag + 1, level), 1e-6)
              << "level " << level << " lag " << lag;
        }
      EXPECT_EQ(k, g2.value.size());
    }
}

TEST(PixelG2, SymmetricBinOfOneBinIsTheRatioOfSumsOfTheTwoTimeMap) {
  // Σ_t <I I'>_p / (Σ_t <I>_p Σ_t <I'>_p / n): from a map of products of raw counts.
  const PixelMatrix m = reference::random_counts(reference::stripe_groups(8, 8, 1), 30, 5, {}, 21);
  const PixelG2 g2 = make_pixel_g2(m, {.lags = PixelLags::linear});
  double product = 0, left = 0, right = 0;
  for (Index t = 0; t + 4 < 30; ++t)
    for (Index p = 0; p < 64; ++p) {
      product += double(m.row(t)[p]) * double(m.row(t + 4)[p]);
      left += m.row(t)[p];
      right += m.row(t + 4)[p];
    }
  EXPECT_NEAR(g2.value[3], product * 26 * 64 / (left * right), 1e-6);
}

TEST(PixelG2, PixelsWithoutCountsAreSkippedAndCounted) {
  PixelMatrix m = reference::random_counts(reference::stripe_groups(8, 8, 2), 20, 2, {}, 31);
  for (Index t = 0; t < 20; ++t)
    m.row(t)[5] = 0;
  for (const PixelNormalization n : {PixelNormalization::plain, PixelNormalization::symmetric}) {
    const PixelG2 g2 = make_pixel_g2(m, {.normalization = n, .max_lag = 9});
    EXPECT_EQ(g2.skipped_pixels, 1);
    EXPECT_TRUE(std::isfinite(g2.value[0]));
    EXPECT_NEAR(g2.value[0], reference::pixel_g2(m, n, true, 1, 2, 0), 1e-6);
  }
  for (Index t = 0; t < 20; ++t)
    for (Index p = 0; p < 64; ++p)
      if (m.groups.static_bin[p] == 1)
        m.row(t)[p] = 0;
  const PixelG2 g2 = make_pixel_g2(m, {.max_lag = 9});
  EXPECT_TRUE(std::isnan(g2.value[0]));
  EXPECT_THAT(g2.reason, testing::HasSubstr("static bin 2 of 2 has no counts in the pairs"));
}

TEST(PixelG2, DoesNotDependOnThreads) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(40, 40, 3), 60, 2, {7}, 3);
  set_thread_count(1);
  const PixelG2 one = make_pixel_g2(m);
  set_thread_count(4);
  const PixelG2 four = make_pixel_g2(m);
  set_thread_count(0);
  EXPECT_EQ(one.value, four.value);
  EXPECT_EQ(one.covariance, four.covariance);
}

TEST(PixelG2, LagsOfBinsAndOfAveragedFramesHaveTheirSpread) {
  const PixelMatrix m = reference::random_counts(reference::stripe_groups(8, 8, 1), 400, 1, {}, 3);
  const auto spread = [](const std::vector<double>& lags) {
    double mean = 0, square = 0;
    for (const double lag : lags)
      mean += lag / double(lags.size());
    for (const double lag : lags)
      square += (lag - mean) * (lag - mean) / double(lags.size());
    return std::sqrt(square);
  };
  const PixelG2 logarithmic = make_pixel_g2(m, {.max_lag = 200});
  const std::vector<Index> edges = make_lag_edges(400, {LagSpacing::logarithmic, 5, 200, false});
  ASSERT_EQ(logarithmic.lag_spread_frames.size(), edges.size() - 1);
  for (std::size_t k = 0; k + 1 < edges.size(); ++k) {
    std::vector<double> lags;
    for (Index lag = edges[k]; lag < edges[k + 1]; ++lag)
      lags.push_back(double(lag));
    EXPECT_NEAR(logarithmic.lag_spread_frames[k], spread(lags), 1e-12) << k;
  }
  const PixelG2 multi_tau =
      make_pixel_g2(m, {.lags = PixelLags::multi_tau, .channels_per_level = 8});
  std::vector<double> lags; // of two frames within averages of four, three averages apart
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j)
      lags.push_back(12 + j - i);
  EXPECT_EQ(multi_tau.lag_spread_frames[0], 0);
  EXPECT_EQ(multi_tau.lag_frames[8 + 4], 20); // third level begins
  EXPECT_NEAR(multi_tau.lag_spread_frames[8 + 4], spread(lags), 1e-12);
}

TEST(PixelG2, DeviationsAreAFactorOfTheCovariance) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(40, 40, 2), 700, 1, {7}, 3);
  for (const PixelNormalization n :
       {PixelNormalization::plain, PixelNormalization::symmetric_bin}) {
    const PixelG2 few = make_pixel_g2(m, {.normalization = n, .max_lag = 300});
    const auto lags = Index(few.value.size());
    ASSERT_EQ(few.deviation.size(), std::size_t(few.error_groups * lags));
    ASSERT_EQ(few.covariance.size(), std::size_t(lags * lags));
    for (Index k = 0; k < lags; ++k)
      for (Index l = 0; l < lags; ++l) {
        double sum = 0;
        for (Index g = 0; g < few.error_groups; ++g)
          sum += few.deviation[g * lags + k] * few.deviation[g * lags + l];
        EXPECT_NEAR(few.covariance[k * lags + l], sum, 1e-12 * few.error[k] * few.error[l]);
      }
    const PixelG2 many = make_pixel_g2(m, {.normalization = n, .lags = PixelLags::linear});
    EXPECT_TRUE(many.covariance.empty());
    EXPECT_EQ(many.deviation.size(), std::size_t(many.error_groups * 699));
    EXPECT_EQ(many.deviation[2 * 699], few.deviation[2 * lags]); // lag 1 of group 3
  }
}

TEST(PixelG2, RejectsNonsense) {
  const PixelMatrix m = reference::random_counts(reference::stripe_groups(4, 4, 1), 10, 2, {}, 3);
  EXPECT_THAT(
      [&] { (void)make_pixel_g2(m, {.channels_per_level = 7}); },
      testing::ThrowsMessage<OptionError>("channels_per_level = 7: must be even and positive"));
}

TEST(ExpectedBias, EqualsTheDoubleSums) {
  for (const Index n : {1, 2, 3, 10, 37}) {
    std::vector<double> c(static_cast<std::size_t>(n));
    for (Index k = 0; k < n; ++k)
      c[k] = std::exp(-double(k) / 7) + (k == 0 ? 0.3 : 0);
    const auto mean = [&](Index i0, Index i1, Index j0, Index j1) {
      double sum = 0;
      for (Index i = i0; i < i1; ++i)
        for (Index j = j0; j < j1; ++j)
          sum += c[std::abs(i - j)];
      return sum / double((i1 - i0) * (j1 - j0));
    };
    const auto symmetric = expected_bias(c, PixelNormalization::symmetric);
    const auto plain = expected_bias(c, PixelNormalization::plain);
    for (Index k = 0; k < n; ++k) {
      EXPECT_NEAR(symmetric[k], -mean(0, n - k, k, n), 1e-12) << n << " " << k;
      EXPECT_NEAR(plain[k], 3 * mean(0, n, 0, n) - 4 * mean(0, n, 0, n - k), 1e-12)
          << n << " " << k;
    }
  }
}

TEST(ExpectedBias, IsWhatShortSeriesShow) {
  // Contrast 1/50, series of 3 relaxation times: most of the correlation is gone, as predicted.
  const testing_speckle::Speckle s{
      .frames = 60, .height = 64, .width = 64, .tau = 40, .modes = 50, .mean_counts = 0};
  const PixelMatrix m = testing_speckle::make(s, 8);
  std::vector<double> c;
  for (Index k = 0; k < s.frames; ++k)
    c.push_back(testing_speckle::truth(s, double(k)) - 1);
  for (const PixelNormalization n : all_normalizations) {
    const PixelG2 g2 =
        make_pixel_g2(m, {.normalization = n, .lags = PixelLags::linear, .max_lag = 40});
    const std::vector<double> bias = expected_bias(c, n);
    for (std::size_t k = 0; k < g2.value.size(); ++k)
      // Five errors, and 3 % of the contrast for the third order (contrast squared times a few).
      EXPECT_NEAR(g2.value[k] - 1, c[k + 1] + bias[k + 1], 5 * g2.error[k] + 0.03 * c[0])
          << name_of(n) << " lag " << k + 1;
  }
}
