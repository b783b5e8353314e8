#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../strip_kernel.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/random.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

std::vector<const StripKernels*> all_kernels() {
  std::vector<const StripKernels*> found;
  for (const StripSet set : {StripSet::baseline, StripSet::avx2, StripSet::avx512})
    if (const StripKernels* kernels = strip_kernels(set))
      found.push_back(kernels);
  return found;
}

Buffer<float> integers(Index rows, Index most, std::uint64_t seed) {
  Buffer<float> y(rows * strip_width);
  Random random(seed);
  for (Index i = 0; i < y.size(); ++i)
    y[i] = float(random.below(2 * most + 1) - most);
  return y;
}

} // namespace

TEST(StripKernels, ProductsEqualPlainLoops) {
  for (const StripKernels* kernels : all_kernels())
    for (const Index frames : {1, 2, 3, 17, 63, 64, 65, 256})
      for (const Index lag : {0, 1, 9, 40})
        for (const Index lags : {8, 16, 24, 40}) {
          SCOPED_TRACE(testing::Message()
                       << kernels->name << " " << frames << " " << lag << " " << lags);
          const Index before = lag + lags;
          const Buffer<float> small = integers(before + frames, 100, 5);
          const Buffer<float> large = integers(before + frames, 30000, 6);
          for (const bool wide : {false, true}) {
            const float* y = (wide ? large : small).data() + before * strip_width;
            std::vector<double> sums(std::size_t(lags * strip_width), 2.0);
            (wide ? kernels->products_wide : kernels->products)(y, frames, lag, lags, sums.data());
            for (Index j = 0; j < lags; ++j)
              for (Index p = 0; p < strip_width; ++p) {
                double expected = 2;
                for (Index t = 0; t < frames; ++t)
                  expected +=
                      double(y[t * strip_width + p]) * double(y[(t - lag - j) * strip_width + p]);
                ASSERT_EQ(sums[j * strip_width + p], expected) << wide << " " << j << " " << p;
              }
          }
        }
}

TEST(StripKernels, RowsBecomeStrips) {
  std::vector<std::uint8_t> u8(300 * 91);
  std::vector<std::uint16_t> u16(u8.size());
  std::vector<float> f32(u8.size());
  Random random(3);
  for (std::size_t i = 0; i < u8.size(); ++i) {
    u8[i] = std::uint8_t(random() % 256);
    u16[i] = std::uint16_t(random() % 65536);
    f32[i] = float(random.below(1000)) / 8;
  }
  alignas(64) float shift[strip_width];
  std::iota(shift, shift + strip_width, 0.5F);
  for (const StripKernels* kernels : all_kernels())
    for (const Index frames : {1, 5, 300}) {
      Buffer<float> a(frames * strip_width), b(frames * strip_width), c(frames * strip_width);
      kernels->stage_u8(u8.data() + 7, 91, frames, shift, a.data());
      kernels->stage_u16(u16.data() + 7, 91, frames, shift, b.data());
      kernels->stage_f32(f32.data() + 7, 91, frames, shift, c.data());
      std::vector<double> sum(strip_width, 1.0), expected(strip_width, 1.0);
      kernels->add_up(c.data(), frames, sum.data());
      for (Index t = 0; t < frames; ++t)
        for (Index p = 0; p < strip_width; ++p) {
          const std::size_t at = std::size_t(t * 91 + 7 + p);
          ASSERT_EQ(a[t * strip_width + p], float(u8[at]) - shift[p]);
          ASSERT_EQ(b[t * strip_width + p], float(u16[at]) - shift[p]);
          ASSERT_EQ(c[t * strip_width + p], f32[at] - shift[p]);
          expected[p] += double(c[t * strip_width + p]);
        }
      EXPECT_EQ(sum, expected);
      std::vector<float> coarse(std::size_t(frames / 2 * strip_width + 16));
      Buffer<float> room(frames * strip_width);
      kernels->coarsen(c.data(), frames / 2, room.data());
      for (Index t = 0; t < frames / 2; ++t)
        for (Index p = 0; p < strip_width; ++p)
          ASSERT_EQ(room[t * strip_width + p],
                    c[2 * t * strip_width + p] + c[(2 * t + 1) * strip_width + p]);
      for (const Index pixels : {1, 20, 64}) {
        int most8 = 0, most16 = 0;
        for (Index t = 0; t < frames; ++t)
          for (Index p = 0; p < pixels; ++p) {
            most8 = std::max<int>(most8, u8[t * 91 + p]);
            most16 = std::max<int>(most16, u16[t * 91 + p]);
          }
        EXPECT_EQ(kernels->highest_u8(u8.data(), 91, frames, pixels), most8);
        EXPECT_EQ(kernels->highest_u16(u16.data(), 91, frames, pixels), most16);
      }
    }
}

TEST(StripKernels, EnergyIsTheLargestOfThePixels) {
  const Buffer<float> y = integers(50, 20, 9);
  double most = 0;
  for (Index p = 0; p < strip_width; ++p) {
    double energy = 0;
    for (Index t = 0; t < 50; ++t)
      energy += double(y[t * strip_width + p]) * double(y[t * strip_width + p]);
    most = std::max(most, energy);
  }
  for (const StripKernels* kernels : all_kernels())
    EXPECT_EQ(kernels->energy(y.data(), 50), float(most));
}
