#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"

namespace vitrum::ecm {
namespace {

struct Movie {
  std::vector<float> y; // [frame, pixel]
  std::vector<std::uint8_t> valid;
};

Movie make_movie(Index pixels, Index frames, double gaps, std::uint64_t seed) {
  Movie m;
  Random random(seed);
  for (Index t = 0; t < frames; ++t) {
    m.valid.push_back(random.uniform() >= gaps);
    for (Index p = 0; p < pixels; ++p)
      m.y.push_back(m.valid.back() != 0 ? static_cast<float>(0.3 * random.normal() + 0.1) : 0.0F);
  }
  return m;
}

/// The formulas of the header, one pair after the other.
double direct(const Movie& m, Index pixels, Index p, Index lag, Estimator estimator) {
  double product = 0, early = 0, late = 0, n = 0;
  for (std::size_t t = 0; t + static_cast<std::size_t>(lag) < m.valid.size(); ++t) {
    const std::size_t u = t + static_cast<std::size_t>(lag);
    if (m.valid[t] == 0 || m.valid[u] == 0)
      continue;
    const auto at = [&](std::size_t frame) {
      return static_cast<double>(
          m.y[frame * static_cast<std::size_t>(pixels) + static_cast<std::size_t>(p)]);
    };
    if (estimator == Estimator::pixel_mean) {
      product += at(t) * at(u);
    } else {
      product += (1 + at(t)) * (1 + at(u));
      early += 1 + at(t);
      late += 1 + at(u);
    }
    ++n;
  }
  return estimator == Estimator::pixel_mean ? product / n
                                            : product / n / (early / n * late / n) - 1;
}

class PixelCorrelation : public testing::TestWithParam<SimdLevel> {};

TEST_P(PixelCorrelation, EqualsTheFormula) {
  for (const Index pixels : {1, 15, 16, 17, 100})
    for (const Index frames : {2, 3, 9, 64, 700})
      for (const double gaps : {0.0, 0.1}) {
        const auto m = make_movie(pixels, frames, gaps, 5);
        Strips strips(pixels, frames);
        for (Index t = 0; t < frames; ++t)
          strips.put(t,
                     0,
                     std::span(m.y).subspan(static_cast<std::size_t>(t * pixels),
                                            static_cast<std::size_t>(pixels)));
        const auto lags = make_log_lags(frames - 1, 40);
        for (const auto estimator : {Estimator::pixel_mean, Estimator::time_mean}) {
          const Index stride = pixels + 3;
          std::vector<float> out(lags.size() * static_cast<std::size_t>(stride));
          correlate_pixels(strips, m.valid, lags, estimator, out, stride, GetParam());
          for (std::size_t k = 0; k < lags.size(); ++k)
            for (Index p = 0; p < pixels; p += 7) {
              const auto got = static_cast<double>(
                  out[k * static_cast<std::size_t>(stride) + static_cast<std::size_t>(p)]);
              const double wanted = direct(m, pixels, p, lags[k], estimator);
              if (std::isnan(wanted))
                EXPECT_TRUE(std::isnan(got));
              else
                EXPECT_NEAR(got, wanted, 1e-6)
                    << pixels << ' ' << frames << ' ' << lags[k]; // of floats
            }
        }
      }
}

INSTANTIATE_TEST_SUITE_P(Levels,
                         PixelCorrelation,
                         testing::ValuesIn(simd_levels()),
                         [](const auto& one) { return std::string(name_of(one.param)); });

TEST(LogLags, RiseFromOneToTheLongest) {
  EXPECT_EQ(make_log_lags(1, 5), std::vector<Index>({1}));
  EXPECT_EQ(make_log_lags(10, 4), std::vector<Index>({1, 2, 5, 10}));
  const auto lags = make_log_lags(4999, 200);
  EXPECT_EQ(lags.front(), 1);
  EXPECT_EQ(lags.back(), 4999);
  for (std::size_t k = 1; k < lags.size(); ++k)
    EXPECT_GT(lags[k], lags[k - 1]);
  EXPECT_THROW((void)make_log_lags(0, 5), OptionError);
}

TEST(PixelMoments, AreThoseOfTheValidFrames) {
  Strips strips(2, 4);
  const std::vector<std::uint8_t> valid{1, 1, 0, 1};
  const std::vector<std::vector<float>> frames{{0.1F, 0.5F}, {0.2F, 0.5F}, {0, 0}, {0.6F, -0.1F}};
  for (std::size_t t = 0; t < 4; ++t)
    strips.put(static_cast<Index>(t), 0, frames[t]);
  const auto m = moments_of(strips, valid);
  EXPECT_FLOAT_EQ(m.mean[0], 0.3F);
  EXPECT_FLOAT_EQ(m.mean[1], 0.3F);
  EXPECT_FLOAT_EQ(m.variance[0], (0.01F + 0.04F + 0.36F) / 3);
}

} // namespace
} // namespace vitrum::ecm
