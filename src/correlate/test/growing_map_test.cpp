#include "vitrum/correlate/growing_map.hpp"

#include <cmath>

#include "reference.hpp"

namespace vitrum::correlate {
namespace {

/// Frames [first, first + count) of a matrix.
PixelMatrix part(const PixelMatrix& all, Index first, Index count) {
  auto out = make_pixel_matrix(count, all.groups);
  for (Index t = 0; t < count; ++t) {
    std::copy_n(all.row(first + t), all.stride, out.row(t));
    out.valid[t] = all.valid[first + t];
  }
  return out;
}

/// The whole map by its definition, its squares averaged over what is no gap.
std::vector<double> averaged(const std::vector<double>& whole, Index frames, Index cell) {
  const Index n = (frames + cell - 1) / cell;
  std::vector<double> out(n * n, reference::nan);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      double sum = 0, pairs = 0;
      for (Index a = i * cell; a < std::min((i + 1) * cell, frames); ++a)
        for (Index b = j * cell; b < std::min((j + 1) * cell, frames); ++b)
          if (!std::isnan(whole[a * frames + b])) {
            sum += whole[a * frames + b];
            ++pairs;
          }
      if (pairs > 0)
        out[i * n + j] = sum / pairs;
    }
  return out;
}

TEST(GrowingMap, IsTheAverageOfTheWholeMap) {
  std::uint64_t seed = 11;
  for (const auto normalization :
       {Normalization::plain, Normalization::static_bin, Normalization::corrcoef})
    for (const Index frames : {1, 7, 48, 95, 96, 97, 191, 192, 193, 400, 777})
      for (const Index block : {1, 13, 48, 777}) {
        if (block == 1 && frames > 200)
          continue;
        SCOPED_TRACE(testing::Message() << name_of(normalization) << ", " << frames
                                        << " frames in blocks of " << block);
        std::vector<Index> gaps;
        for (Index t = 5; t < frames; t += 37)
          gaps.push_back(t);
        for (Index t = 100; t < std::min<Index>(frames, 117); ++t) // whole cells
          gaps.push_back(t);
        const auto all = reference::random_counts(reference::stripe_groups(9, 11, 3),
                                                  frames,
                                                  3,
                                                  frames > 1 ? gaps : std::vector<Index>{},
                                                  ++seed);
        GrowingMap map(all.groups, normalization, 96);
        for (Index t = 0; t < frames; t += block) {
          map.push(part(all, t, std::min(block, frames - t)));
          if (t / block % 5 == 2)
            (void)map.map(); // looking changes nothing
        }
        Index cell = 1;
        while ((frames + cell - 1) / cell > 96)
          cell *= 2;
        ASSERT_EQ(map.frames(), frames);
        ASSERT_EQ(map.cell_frames(), cell);
        const auto expected = averaged(reference::two_time(all, normalization), frames, cell);
        const auto got = map.map();
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i)
          if (std::isnan(expected[i])) {
            ASSERT_TRUE(std::isnan(got[i])) << i;
          } else { // sums of 99 floats of size 1, joined up to three times
            ASSERT_NEAR(static_cast<double>(got[i]), expected[i], 3e-6) << i;
          }
      }
}

TEST(GrowingMap, IsTheSameInEveryInstructionSet) {
  const auto all = reference::random_counts(reference::stripe_groups(20, 23, 2), 250, 2, {3}, 5);
  GrowingMap best(all.groups, Normalization::static_bin, 192);
  best.push(copy(all));
  const auto a = best.map();
  for (const SimdLevel level : simd_levels()) {
    SCOPED_TRACE(static_cast<int>(level));
    GrowingMap other(all.groups, Normalization::static_bin, 192, level);
    other.push(copy(all));
    const auto b = other.map();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(std::isnan(a[i]), std::isnan(b[i])) << i;
      if (!std::isnan(a[i])) {
        ASSERT_NEAR(static_cast<double>(a[i]), static_cast<double>(b[i]), 2e-6); // order of sums
      }
    }
  }
}

TEST(GrowingMap, SaysWhichFramesHaveNoFluctuations) {
  auto all = reference::random_counts(reference::stripe_groups(8, 8, 1), 20, 3, {}, 8);
  for (const Index t : {12, 15})
    std::fill_n(all.row(t), all.stride, 0.0F);
  GrowingMap map(all.groups, Normalization::static_bin, 96);
  map.push(part(all, 0, 10));
  map.push(part(all, 10, 10));
  EXPECT_EQ(map.rejected().frames, 2);
  EXPECT_EQ(map.rejected().first.frame, 12);
  EXPECT_EQ(map.rejected().first.reason, "the mean of the bin is 0");
  EXPECT_TRUE(std::isnan(map.map()[12 * 20 + 3]));
}

} // namespace
} // namespace vitrum::correlate
