#include "vitrum/correlate/event_pixel_g2.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

using reference::random_counts;
using reference::stripe_groups;

void expect_same(const PixelG2& a, const PixelG2& b, double tolerance) {
  ASSERT_EQ(a.pairs, b.pairs);
  EXPECT_EQ(a.lag_frames, b.lag_frames);
  EXPECT_EQ(a.skipped_pixels, b.skipped_pixels);
  EXPECT_EQ(a.reason, b.reason);
  ASSERT_EQ(a.value.size(), b.value.size());
  for (std::size_t k = 0; k < a.value.size(); ++k) {
    if (std::isnan(b.value[k])) {
      EXPECT_TRUE(std::isnan(a.value[k])) << k;
      continue;
    }
    EXPECT_NEAR(a.value[k], b.value[k], tolerance * (1 + std::abs(b.value[k]))) << k;
    EXPECT_NEAR(a.error[k], b.error[k], tolerance * (1 + std::abs(b.value[k]))) << k;
  }
}

TEST(EventPixelG2, EqualsThatOfDenseCounts) {
  for (const Index frames : {2, 17, 333})
    for (const double mean : {0.02, 0.3, 5.0})
      for (const auto& gaps :
           {std::vector<Index>{}, {0, 1, 2}, {5, 40, 41, 110, 199}, {frames - 1}}) {
        std::vector<Index> inside;
        for (const Index t : gaps)
          if (t < frames && frames > 5)
            inside.push_back(t);
        PixelMatrix counts = random_counts(stripe_groups(10, 14, 2, 5), frames, mean, inside, 3);
        for (Index t = 0; t < frames; ++t)
          counts.row(t)[3] = 0; // a pixel without counts
        if (frames > 100)
          counts.row(100)[7] = 1000;
        const EventMatrix events = make_event_matrix(counts);
        for (const PixelLags lags :
             {PixelLags::multi_tau, PixelLags::logarithmic, PixelLags::linear})
          for (const PixelNormalization normalization : {PixelNormalization::plain,
                                                         PixelNormalization::symmetric,
                                                         PixelNormalization::symmetric_bin}) {
            PixelG2Options options;
            options.lags = lags;
            options.normalization = normalization;
            options.channels_per_level = 8;
            options.max_lag = lags == PixelLags::linear ? 50 : 0;
            const PixelG2 a = make_pixel_g2(events, options);
            const PixelG2 b = make_pixel_g2(counts, options);
            EXPECT_TRUE(a.exact);
            // Both sum integers exactly; the ratios are made of them in another order.
            expect_same(a, b, 1e-9);
          }
      }
}

// Integers in, so the same bits out, from one call to the next and from one thread to three.
TEST(EventPixelG2, RepeatsBitForBit) {
  const EventMatrix events =
      make_event_matrix(random_counts(stripe_groups(20, 20, 2, 8), 500, 0.05, {30}, 4));
  set_thread_count(1);
  const PixelG2 one = make_pixel_g2(events, {.lags = PixelLags::multi_tau});
  set_thread_count(3);
  const PixelG2 two = make_pixel_g2(events, {.lags = PixelLags::multi_tau});
  set_thread_count(0);
  EXPECT_EQ(one.value, two.value);
  EXPECT_EQ(one.error, two.error);
}

TEST(EventPixelG2, WeightsScaleThePixels) {
  PixelMatrix counts = random_counts(stripe_groups(12, 12, 2, 6), 150, 0.2, {30, 31}, 6);
  EventMatrix events = make_event_matrix(counts);
  for (Index p = 0; p < counts.pixels(); ++p) {
    events.weight.push_back(0.5F + 0.25F * static_cast<float>(p % 5));
    for (Index t = 0; t < counts.frames; ++t)
      counts.row(t)[p] *= events.weight.back();
  }
  for (const auto normalization :
       {PixelNormalization::symmetric, PixelNormalization::symmetric_bin})
    expect_same(make_pixel_g2(events, {.normalization = normalization}),
                make_pixel_g2(counts, {.normalization = normalization}),
                1e-5);
}

} // namespace
} // namespace vitrum::correlate
