#include "vitrum/correlate/two_time.hpp"

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/event_kernel.hpp"
#include "vitrum/correlate/float_kernel.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

void expect_map_equals_reference(const PixelMatrix& counts,
                                 Normalization normalization,
                                 Index tile) {
  const std::vector<double> expected = reference::two_time(counts, normalization);
  const TwoTimeMap map = make_two_time_map(FloatKernel(copy(counts), normalization), {tile});
  const Index n = counts.frames;
  for (Index a = 0; a < n; ++a)
    for (Index b = 0; b < n; ++b) {
      ASSERT_EQ(std::isnan(map.at(a, b)), std::isnan(expected[a * n + b])) << a << " " << b;
      // δ is rounded to float (6e-8 of itself), so C − 1 to about that of its diagonal.
      const double scale = std::isnan(expected[a * n + a]) ? 1 : expected[a * n + a];
      if (!std::isnan(expected[a * n + b])) {
        ASSERT_NEAR(map.at(a, b), expected[a * n + b], 2e-6 * (1 + scale)) << a << " " << b;
      }
    }
}

} // namespace

TEST(TwoTime, HandNumbers) {
  // Two pixels, three frames: (1,3), (2,2), (3,1).
  PixelMatrix m = make_pixel_matrix(3, reference::stripe_groups(1, 2, 1));
  const float values[3][2] = {{1, 3}, {2, 2}, {3, 1}};
  for (Index t = 0; t < 3; ++t)
    std::copy_n(values[t], 2, m.row(t));
  const TwoTimeMap map = make_two_time_map(FloatKernel(std::move(m), Normalization::plain));
  EXPECT_FLOAT_EQ(map.at(0, 0), (1.0F * 1 + 3 * 3) / 2 / (2 * 2));
  EXPECT_FLOAT_EQ(map.at(0, 1), (1.0F * 2 + 3 * 2) / 2 / (2 * 2));
  EXPECT_FLOAT_EQ(map.at(2, 0), (1.0F * 3 + 3 * 1) / 2 / (2 * 2));
  EXPECT_FLOAT_EQ(map.at(0, 2), (1.0F * 3 + 3 * 1) / 2 / (2 * 2));
}

TEST(TwoTime, EqualsReferenceOverSizes) {
  std::uint64_t seed = 0;
  for (const Index frames : {1, 2, 3, 7, 17, 64, 65, 131})
    for (const Index width : {1, 5, 16, 31})
      for (const Normalization n :
           {Normalization::plain, Normalization::static_bin, Normalization::corrcoef}) {
        SCOPED_TRACE(testing::Message()
                     << frames << " frames, width " << width << " " << name_of(n));
        const PixelMatrix m =
            reference::random_counts(reference::stripe_groups(11, width, std::min<Index>(width, 3)),
                                     frames,
                                     2.5,
                                     {},
                                     ++seed);
        expect_map_equals_reference(m, n, 0);
        expect_map_equals_reference(m, n, 16);
      }
}

TEST(TwoTime, GapsAreNanAndHarmNothingElse) {
  for (const std::vector<Index>& gaps :
       {std::vector<Index>{0}, {299}, {5, 6, 7, 64, 150}, {1, 63, 64, 65, 298}}) {
    const PixelMatrix m =
        reference::random_counts(reference::stripe_groups(10, 13, 2), 300, 1.5, gaps, 4);
    expect_map_equals_reference(m, Normalization::static_bin, 64);
  }
}

TEST(TwoTime, FrameWithoutCountsIsAGapWithAReason) {
  PixelMatrix m = reference::random_counts(reference::stripe_groups(8, 8, 2), 20, 3, {}, 9);
  std::fill_n(m.row(7), m.stride, 0.0F);
  for (Index p = 0; p < m.pixels(); ++p)
    if (m.groups.static_bin[p] == 1)
      m.row(9)[p] = 0;
  expect_map_equals_reference(m, Normalization::plain, 0);
  expect_map_equals_reference(m, Normalization::static_bin, 0);
  const FloatKernel plain(copy(m), Normalization::plain);
  ASSERT_EQ(plain.rejected().size(), 1U);
  EXPECT_EQ(plain.rejected()[0].frame, 7);
  EXPECT_EQ(plain.rejected()[0].reason, "the mean of the bin is 0");
  const FloatKernel fine(copy(m), Normalization::static_bin);
  ASSERT_EQ(fine.rejected().size(), 2U);
  EXPECT_EQ(fine.rejected()[1].reason, "the mean of static bin 2 of 2 is 0");
}

TEST(TwoTime, DoesNotDependOnThreads) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(40, 25, 2), 333, 1, {17}, 3);
  const FloatKernel f(copy(m), Normalization::static_bin);
  set_thread_count(1);
  const TwoTimeMap one = make_two_time_map(f);
  set_thread_count(4);
  const TwoTimeMap four = make_two_time_map(f);
  set_thread_count(0);
  for (Index i = 0; i < one.values.size(); ++i)
    ASSERT_TRUE(one.values[i] == four.values[i] ||
                (std::isnan(one.values[i]) && std::isnan(four.values[i])));
}

TEST(TwoTime, ConstantFactorPerFrameCancels) {
  PixelMatrix m = reference::random_counts(reference::stripe_groups(16, 16, 4), 40, 5, {}, 12);
  const TwoTimeMap before = make_two_time_map(FloatKernel(copy(m), Normalization::plain));
  for (Index t = 0; t < 40; ++t)
    for (Index p = 0; p < m.pixels(); ++p)
      m.row(t)[p] *= float(1 + t);
  const TwoTimeMap after = make_two_time_map(FloatKernel(std::move(m), Normalization::plain));
  for (Index i = 0; i < before.values.size(); ++i)
    EXPECT_NEAR(before.values[i], after.values[i], 1e-6); // float products of the scaled counts
}

// Kernels that want strips and tiles of their own make the same map.
TEST(TwoTime, StripsOfEveryKernelMakeTheSameMap) {
  const PixelMatrix counts =
      reference::random_counts(reference::stripe_groups(16, 20, 1, 6), 330, 0.4, {7, 200}, 21);
  PixelMatrix binary = copy(counts);
  for (Index t = 0; t < binary.frames; ++t)
    for (Index p = 0; p < binary.pixels(); ++p)
      binary.row(t)[p] = std::min(binary.row(t)[p], 1.0F);
  const EventMatrix events = make_event_matrix(counts);
  const auto expect_map = [](const TileKernel& kernel, const PixelMatrix& expected) {
    const std::vector<double> c = reference::two_time(expected, Normalization::plain);
    for (const Index tile : {0, 240}) {
      const TwoTimeMap map = make_two_time_map(kernel, {.tile = tile});
      for (std::size_t i = 0; i < c.size(); ++i)
        if (std::isnan(c[i]))
          ASSERT_TRUE(std::isnan(map.values[static_cast<Index>(i)]));
        else
          ASSERT_NEAR(map.values[static_cast<Index>(i)], c[i], 1e-5 * (1 + c[i])) << kernel.name();
    }
  };
  const Normalization plain = Normalization::plain;
  expect_map(FloatKernel(copy(counts), plain), counts);
  expect_map(CountKernel(make_count_matrix(counts), plain), counts);
  expect_map(CountKernel(make_count_matrix(counts), plain, CountForm::bits), counts);
  expect_map(CountKernel(make_count_matrix(binary), plain, CountForm::bits), binary);
  expect_map(EventKernel(events, plain), counts);
}
