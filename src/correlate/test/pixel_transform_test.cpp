// g2 by transforms against g2 by sums of products.
#include "../pixel_transform.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

constexpr PixelNormalization all_normalizations[] = {
    PixelNormalization::plain, PixelNormalization::symmetric, PixelNormalization::symmetric_bin};

} // namespace

TEST(PixelTransform, EqualsSumsOfProducts) {
  for (const Index frames : {2, 9, 100, 333})
    for (const bool gaps : {false, true})
      for (const PixelNormalization n : all_normalizations)
        for (const PixelLags lags : {PixelLags::linear, PixelLags::logarithmic})
          for (const Index max_lag : {0, 40}) {
            SCOPED_TRACE(testing::Message() << frames << " frames, " << name_of(n) << " gaps "
                                            << gaps << " max lag " << max_lag);
            const PixelMatrix m = reference::random_counts(
                reference::stripe_groups(9, 17, 3),
                frames,
                3,
                gaps && frames > 8 ? std::vector<Index>{0, 3, 4, frames - 1} : std::vector<Index>{},
                std::uint64_t(frames));
            std::vector<std::uint16_t> counts(std::size_t(frames * m.stride));
            for (std::size_t i = 0; i < counts.size(); ++i)
              counts[i] = std::uint16_t(m.values[Index(i)]);
            const PixelRows rows{counts.data(), frames, m.stride};
            PixelG2Options options{.normalization = n, .lags = lags, .max_lag = max_lag};
            options.method = PixelMethod::sums;
            const PixelG2 sums = make_pixel_g2(rows, m.valid, m.groups, options);
            options.method = PixelMethod::transforms;
            const PixelG2 quick = make_pixel_g2(rows, m.valid, m.groups, options);
            const PixelG2 floats = make_pixel_g2(m, options);
            EXPECT_TRUE(sums.exact);
            EXPECT_EQ(quick.exact, n != PixelNormalization::plain);
            EXPECT_FALSE(floats.exact);
            EXPECT_EQ(quick.skipped_pixels, sums.skipped_pixels);
            ASSERT_EQ(quick.value.size(), sums.value.size());
            for (std::size_t k = 0; k < sums.value.size(); ++k) {
              if (sums.pairs[k] == 0) {
                EXPECT_TRUE(std::isnan(quick.value[k]));
                continue;
              }
              // Sums over bins are the same integers; ratios of single pixels are rounded.
              if (n == PixelNormalization::symmetric_bin) {
                EXPECT_EQ(quick.value[k], sums.value[k]) << k;
                EXPECT_EQ(quick.error[k], sums.error[k]) << k;
              } else {
                EXPECT_NEAR(quick.value[k], sums.value[k], 1e-12) << k;
                EXPECT_NEAR(quick.error[k], sums.error[k], 1e-11) << k;
              }
              EXPECT_NEAR(floats.value[k], sums.value[k], 1e-11) << k;
            }
          }
}

TEST(PixelTransform, LargeCountsAreRoundedOnlyWhereTheBoundAllows) {
  // Energies of 65535² in 4000 frames and pixels are beyond the bound: close, and not called exact.
  PixelMatrix m = make_pixel_matrix(4000, reference::stripe_groups(4, 4, 1));
  std::vector<std::uint16_t> counts(std::size_t(4000 * m.stride), 0);
  for (Index t = 0; t < 4000; ++t)
    for (Index p = 0; p < 16; ++p)
      counts[std::size_t(t * m.stride + p)] = (t * 31 + p * 7) % 11 < 4 ? 65535 : 0;
  const PixelRows rows{counts.data(), 4000, m.stride};
  PixelG2Options options{.lags = PixelLags::linear, .max_lag = 20};
  options.method = PixelMethod::sums;
  const PixelG2 sums = make_pixel_g2(rows, m.valid, m.groups, options);
  options.method = PixelMethod::transforms;
  const PixelG2 quick = make_pixel_g2(rows, m.valid, m.groups, options);
  EXPECT_FALSE(quick.exact);
  for (std::size_t k = 0; k < sums.value.size(); ++k)
    EXPECT_NEAR(quick.value[k], sums.value[k], 1e-11);
}

TEST(PixelTransform, ErrorStaysBelowTheBound) {
  for (const Index length : {16, 160, 1200, 10240}) {
    const RealTransform transform(length);
    Buffer<double> y(length), back(length), spectrum(2 * transform.complex_length());
    Random random(5);
    double energy = 0;
    for (Index t = 0; t < length; ++t) {
      y[t] = t < length / 2 ? double(random.below(2001)) - 900 : 0;
      energy += y[t] * y[t];
    }
    transform.forward(y.data(), spectrum.data());
    for (Index f = 0; f < transform.complex_length(); ++f) {
      spectrum[2 * f] =
          spectrum[2 * f] * spectrum[2 * f] + spectrum[2 * f + 1] * spectrum[2 * f + 1];
      spectrum[2 * f + 1] = 0;
    }
    transform.inverse(spectrum.data(), back.data());
    for (const Index lag : {Index(0), Index(1), length / 4}) {
      double exact = 0;
      for (Index t = 0; t + lag < length; ++t)
        exact += y[t] * y[t + lag];
      EXPECT_LE(std::abs(back[lag] / double(length) - exact), transform_error(length, 1, energy));
    }
  }
}

TEST(PixelTransform, LengthsAreEvenAndLongEnough) {
  for (const Index length : {1, 2, 3, 100, 9999, 10001, 70000}) {
    const Index found = good_transform_length(length);
    EXPECT_GE(found, length);
    EXPECT_EQ(found % 2, 0);
    EXPECT_LE(found, 2 * length + 2);
  }
}

TEST(PixelTransform, MultiTauIsRefused) {
  const PixelMatrix m = reference::random_counts(reference::stripe_groups(4, 4, 1), 10, 2, {}, 3);
  EXPECT_THAT(
      [&] {
        (void)make_pixel_g2(m, {.lags = PixelLags::multi_tau, .method = PixelMethod::transforms});
      },
      testing::ThrowsMessage<OptionError>("method = transforms: multi-tau is made of sums"));
}
