// Every kernel in every instruction set of this machine against sums in double precision.
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../row_kernels.hpp"
#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/simd.hpp"
#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/float_kernel.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

/// Products of all tiles of `edge` frames against δ summed in doubles.
void expect_products(const TileKernel& kernel, const PixelMatrix& counts, Index edge) {
  const Fluctuations f = normalize(copy(counts), kernel.normalization());
  const Index n = counts.frames;
  ASSERT_TRUE(std::equal(f.matrix.valid.begin(), f.matrix.valid.end(), kernel.valid().begin()));
  for (std::size_t i = 0; i < f.group_shift.size(); ++i)
    ASSERT_NEAR(kernel.group_shift()[i], f.group_shift[i], 1e-5) << "shift " << i;
  std::vector<float> row(counts.pixels());
  for (Index t = 0; t < n; ++t) {
    kernel.fluctuations(t, row);
    for (Index p = 0; p < counts.pixels(); ++p)
      ASSERT_NEAR(row[p], f.matrix.row(t)[p], 1e-6 * (1 + std::abs(row[p]))) << t << " " << p;
  }
  const Index stride = edge + 3;
  std::vector<float> tile(edge * stride);
  for (Index g = 0; g < kernel.group_count(); ++g)
    for (Index r = 0; r < n; r += edge)
      for (Index c = 0; c <= r; c += edge) {
        const Index rows = std::min(edge, n - r), cols = std::min(edge, n - c);
        kernel.product(g, r, rows, c, cols, tile.data(), stride);
        for (Index i = 0; i < rows; ++i)
          for (Index j = 0; j < (r == c ? i + 1 : cols); ++j) {
            double sum = 0, size = 0;
            for (Index p = counts.groups.group_begin[g]; p < counts.groups.group_begin[g + 1];
                 ++p) {
              const double x = double(f.matrix.row(r + i)[p]), y = double(f.matrix.row(c + j)[p]);
              sum += x * y;
              size += std::abs(x * y) + 1;
            }
            // Floats added one by one: each rounds by up to 6e-8 of the sum so far, and whole
            // numbers of counts always to the same side.
            const double terms = double(kernel.group_pixels(g));
            ASSERT_NEAR(tile[i * stride + j], sum, 6e-8 * (4 + terms / 8) * size)
                << kernel.name() << " group " << g << " frames " << r + i << " " << c + j;
          }
      }
}

} // namespace

TEST(FloatKernel, EqualsDoublesInEveryInstructionSet) {
  std::uint64_t seed = 0;
  for (const SimdLevel level : simd_levels())
    for (const auto& [frames, height, width] : {std::array<Index, 3>{1, 1, 1},
                                                {2, 1, 3},
                                                {47, 3, 5},
                                                {49, 11, 16},
                                                {97, 7, 9},
                                                {130, 25, 40}})
      for (const Normalization n :
           {Normalization::plain, Normalization::static_bin, Normalization::corrcoef}) {
        SCOPED_TRACE(testing::Message() << frames << " frames of " << height << " x " << width);
        const PixelMatrix m = reference::random_counts(
            reference::stripe_groups(height, width, std::min<Index>(width, 3), 4),
            frames,
            3,
            frames > 10 ? std::vector<Index>{5, frames - 1} : std::vector<Index>{},
            ++seed);
        expect_products(FloatKernel(copy(m), n, level), m, frames == 98 ? 48 : 31);
      }
}

TEST(CountKernel, EqualsFloatsInEveryInstructionSet) {
  std::uint64_t seed = 100;
  for (const SimdLevel level : simd_levels())
    for (const double mean : {0.05, 30.0, 300.0}) // bytes with and without a centre, words
      for (const auto& [frames, height, width] :
           {std::array<Index, 3>{1, 1, 1}, {2, 1, 3}, {49, 11, 16}, {98, 12, 20}})
        for (const Normalization n :
             {Normalization::plain, Normalization::static_bin, Normalization::corrcoef}) {
          SCOPED_TRACE(testing::Message()
                       << frames << " frames of " << height << " x " << width << " mean " << mean);
          const PixelMatrix m = reference::random_counts(
              reference::stripe_groups(height, width, std::min<Index>(width, 3), 4),
              frames,
              mean,
              frames > 10 ? std::vector<Index>{5, frames - 1} : std::vector<Index>{},
              ++seed);
          const CountKernel kernel(make_count_matrix(m), n, CountForm::packed, level);
          EXPECT_EQ(kernel.name().substr(0, 5), mean > 100 ? "words" : "bytes");
          expect_products(kernel, m, frames == 98 ? 48 : 31);
        }
}

TEST(CountKernel, BitsEqualFloatsInEveryInstructionSet) {
  std::uint64_t seed = 500;
  for (const SimdLevel level : simd_levels())
    for (const double mean : {0.02, 0.3, 2.5}) // the more, the more counts above one
      for (const auto& [frames, height, width] :
           {std::array<Index, 3>{1, 1, 1}, {2, 1, 3}, {49, 11, 16}, {210, 6, 16}})
        for (const Normalization n :
             {Normalization::plain, Normalization::static_bin, Normalization::corrcoef}) {
          SCOPED_TRACE(testing::Message()
                       << frames << " frames of " << height << " x " << width << " mean " << mean);
          const PixelMatrix m = reference::random_counts(
              reference::stripe_groups(height, width, std::min<Index>(width, 3), 4),
              frames,
              mean,
              frames > 10 ? std::vector<Index>{5, frames - 1} : std::vector<Index>{},
              ++seed);
          const CountKernel kernel(make_count_matrix(m), n, CountForm::bits, level);
          EXPECT_EQ(kernel.name(), "bits " + std::string(name_of(level)));
          expect_products(kernel, m, frames == 210 ? 48 : 31);
        }
}

TEST(CountKernel, SumsOfTheLargestCountsAreExact) {
  // 3000 pixels of 127, or of 5792: products that just fit. Plain: δ is zero but for one pixel.
  for (const SimdLevel level : simd_levels())
    for (const float largest : {127.0F, 5792.0F}) {
      PixelMatrix m = make_pixel_matrix(50, reference::stripe_groups(50, 60, 1, 4));
      for (Index t = 0; t < 50; ++t) {
        std::fill_n(m.row(t), m.pixels(), largest);
        m.row(t)[t] = 0;
      }
      expect_products(
          CountKernel(make_count_matrix(m), Normalization::plain, CountForm::packed, level), m, 50);
    }
}

TEST(CountKernel, RefusesWhatFloatsDoAsFast) {
  PixelMatrix m = make_pixel_matrix(2, reference::stripe_groups(1, 2, 1));
  m.row(0)[0] = 5793;
  EXPECT_THAT([&] { (void)CountKernel(make_count_matrix(m), Normalization::plain); },
              testing::ThrowsMessage<OptionError>(
                  "counts up to 5793: products of integers take up to 5792"));
  m.row(0)[0] = 0.5F;
  EXPECT_THAT(
      [&] { (void)make_count_matrix(m); },
      testing::ThrowsMessage<DataError>("frame 0 pixel 0: 0.5, expected a count from 0 to 65535"));
}

TEST(FloatKernel, ManyPixelsInOneGroup) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(40, 60, 1, 32), 9, 2, {}, 77);
  PixelMatrix one = copy(m);
  one.groups.group_begin = {0, m.pixels()};
  for (const SimdLevel level : simd_levels())
    expect_products(FloatKernel(copy(one), Normalization::plain, level), one, 9);
}

TEST(CountSums, OfBytesAreExact) {
  std::vector<std::uint8_t> row(65536 + 3, 255);
  EXPECT_EQ(count_sums(row.data(), 65536).sum, 65536 * 255);
  EXPECT_EQ(count_sums(row.data(), 65536).square, std::uint64_t{65536} * 255 * 255);
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = static_cast<std::uint8_t>(i * 37 % 256);
  for (Index count = 0; count < 150; ++count) {
    std::int32_t sum = 0;
    std::uint64_t square = 0;
    for (Index i = 3; i < 3 + count; ++i) {
      sum += row[i];
      square += std::uint64_t{row[i]} * row[i];
    }
    const CountSums found = count_sums(row.data() + 3, count);
    EXPECT_EQ(found.sum, sum) << count;
    EXPECT_EQ(found.square, square) << count;
  }
}
