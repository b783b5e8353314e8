// Biases and products of blocks from packed counts and floats equal those from fluctuations.
#include <array>

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/simd.hpp"
#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/float_kernel.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

std::vector<FramePair> some_pairs(const TileKernel& kernel) {
  std::vector<FramePair> pairs;
  for (Index t1 = 0; t1 < kernel.frames(); t1 += 3)
    for (const Index t2 : {t1 / 2, Index{1}}) // not t1 itself: corrcoef has no bias there
      if (t1 != t2 && kernel.valid()[t1] != 0 && kernel.valid()[t2] != 0)
        pairs.push_back({t1, t2});
  return pairs;
}

/// By the loops over fluctuations of the base class.
struct Expected {
  std::vector<FramePair> pairs;
  std::vector<double> biases;
  BlockProducts blocks;
  double rounding = 0;

  explicit Expected(const FloatKernel& kernel)
      : pairs(some_pairs(kernel)), biases(kernel.TileKernel::pair_bias(pairs)),
        blocks(kernel.TileKernel::block_products(pairs)) {
    double size = 0;
    for (const double bias : biases)
      size = std::max(size, std::abs(bias));
    // Fluctuations and sums of their powers are rounded to 6e-8. Below 1000 pixels of one mean the
    // bias is a jackknife, which multiplies by the pixels.
    const PixelGroups& groups = kernel.groups();
    const bool one_mean =
        groups.static_bins == 1 || kernel.normalization() != Normalization::static_bin;
    const bool moments = kernel.pixels() >= 1000 && one_mean;
    rounding = 1e-5 * size + 6e-8 / (moments ? static_cast<double>(kernel.pixels()) : 1.0);
  }
};

void expect_same(const TileKernel& kernel, const Expected& expected) {
  const std::vector<double> found = kernel.pair_bias(expected.pairs);
  for (std::size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], expected.biases[i], expected.rounding)
        << kernel.name() << " " << expected.pairs[i].t1 << " " << expected.pairs[i].t2;
  const BlockProducts blocks = kernel.block_products(expected.pairs);
  const BlockProducts& other = expected.blocks;
  const double size = std::abs(other.observed) + std::abs(other.independent);
  EXPECT_NEAR(blocks.observed, other.observed, 1e-5 * size);
  EXPECT_NEAR(blocks.independent, other.independent, 1e-5 * size);
}

} // namespace

TEST(KernelBias, EqualsFluctuationsInEveryInstructionSet) {
  std::uint64_t seed = 900;
  for (const double mean : {0.05, 0.7, 30.0, 300.0})
    for (const auto& [frames, height, width] :
         {std::array<Index, 3>{3, 10, 16}, {49, 31, 50}, {66, 40, 131}})
      for (const Normalization n :
           {Normalization::plain, Normalization::static_bin, Normalization::corrcoef})
        for (const Index statics : {1, 3}) {
          const PixelMatrix m = reference::random_counts(
              reference::stripe_groups(height, width, statics, 5),
              frames,
              mean,
              frames > 10 ? std::vector<Index>{5, frames - 1} : std::vector<Index>{},
              ++seed);
          SCOPED_TRACE(testing::Message() << frames << " frames of " << height << " x " << width
                                          << " mean " << mean << " statics " << statics);
          const Expected expected(FloatKernel(copy(m), n));
          for (const SimdLevel level : simd_levels()) {
            expect_same(FloatKernel(copy(m), n, level), expected);
            expect_same(CountKernel(make_count_matrix(m), n, CountForm::packed, level), expected);
            if (mean < 10)
              expect_same(CountKernel(make_count_matrix(m), n, CountForm::bits, level), expected);
          }
        }
}

TEST(KernelBias, OfLongSegmentsEqualsFluctuations) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(120, 90, 2, 5, 60), 20, 0.7, {}, 3);
  const FloatKernel kernel(copy(m), Normalization::static_bin);
  expect_same(kernel, Expected(kernel));
}

TEST(KernelBias, IsTheSameForAnyNumberOfThreads) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(60, 80, 1, 5), 60, 0.3, {}, 5);
  const CountKernel counts(make_count_matrix(m), Normalization::plain, CountForm::bits);
  const FloatKernel floats(copy(m), Normalization::plain);
  for (const TileKernel* kernel :
       {static_cast<const TileKernel*>(&counts), static_cast<const TileKernel*>(&floats)}) {
    const std::vector<FramePair> pairs = some_pairs(*kernel);
    set_thread_count(1);
    const std::vector<double> one = kernel->pair_bias(pairs);
    const BlockProducts blocks = kernel->block_products(pairs);
    set_thread_count(2);
    EXPECT_EQ(kernel->pair_bias(pairs), one);
    EXPECT_EQ(kernel->block_products(pairs).observed, blocks.observed);
    EXPECT_EQ(kernel->block_products(pairs).independent, blocks.independent);
    set_thread_count(0);
  }
}

TEST(KernelBias, RefusesGaps) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(60, 80, 1, 5), 60, 0.3, {7}, 5);
  const CountKernel kernel(make_count_matrix(m), Normalization::plain);
  const std::vector<FramePair> pairs{{8, 7}};
  EXPECT_THROW((void)kernel.pair_bias(pairs), DataError);
  EXPECT_THROW((void)kernel.block_products(pairs), DataError);
}
