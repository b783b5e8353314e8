#include "vitrum/correlate/bias.hpp"

#include <gtest/gtest.h>

#include "reference.hpp"
#include "speckle.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/correlate/float_kernel.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

constexpr FramePair first_pair[] = {{0, 1}};

/// Σ_j (1 − n_j/n) θ(−j) − (J − 1) θ with single pixels left out, from the definition of C.
double jackknife_bias(const PixelMatrix& m, Normalization normalization) {
  const double all = reference::two_time(m, normalization)[1];
  const Index pixels = m.pixels();
  double sum = 0;
  for (Index out = 0; out < pixels; ++out) {
    PixelGroups groups;
    groups.static_bins = 1;
    groups.static_bin.assign(pixels - 1, 0);
    groups.position.assign(pixels - 1, 0);
    groups.group_begin = groups.segment_begin = {0, pixels - 1};
    PixelMatrix rest = make_pixel_matrix(2, groups);
    for (Index t = 0; t < 2; ++t)
      for (Index p = 0; p < pixels - 1; ++p)
        rest.row(t)[p] = m.row(t)[p < out ? p : p + 1];
    sum += (1 - 1 / double(pixels)) * (reference::two_time(rest, normalization)[1] - all);
  }
  return sum;
}

} // namespace

TEST(Bias, EqualsTheJackknifeOverPixels) {
  for (const Normalization n : {Normalization::plain, Normalization::corrcoef})
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
      const PixelMatrix m = testing_speckle::make(
          {.frames = 2, .height = 19, .width = 20, .tau = 5, .modes = 6, .mean_counts = 20}, seed);
      const double expected = jackknife_bias(m, n);
      EXPECT_NEAR(FloatKernel(copy(m), n).pair_bias(first_pair)[0],
                  expected,
                  1e-4 * std::abs(expected) + 1e-7)
          << name_of(n) << " seed " << seed; // δ is rounded to float
    }
}

TEST(Bias, MomentsAgreeWithTheJackknife) {
  // 40 x 40 pixels take the moments; in the definition each pixel is left out.
  for (const Normalization n : {Normalization::plain, Normalization::corrcoef}) {
    const PixelMatrix m = testing_speckle::make(
        {.frames = 2, .height = 40, .width = 40, .tau = 5, .modes = 6, .mean_counts = 20}, 3);
    const double expected = jackknife_bias(m, n);
    // Both are second order in 1/pixels; they differ in the next, about 10/1600 of single terms.
    EXPECT_NEAR(FloatKernel(copy(m), n).pair_bias(first_pair)[0],
                expected,
                0.02 * std::abs(expected) + 2e-6)
        << name_of(n);
  }
}

TEST(Bias, OfFullyDevelopedSpeckle) {
  // −(3f − f²)/pixels with f = exp(−2/τ), in the mean over many pairs of frames.
  const testing_speckle::Speckle s{.frames = 4000, .height = 16, .width = 16, .tau = 1};
  const FloatKernel kernel(testing_speckle::make(s, 5), Normalization::plain);
  std::vector<FramePair> pairs;
  for (Index t = 0; t + 1 < s.frames; ++t)
    pairs.push_back({t, t + 1});
  Moments bias;
  for (const double one : kernel.pair_bias(pairs))
    bias.add(one);
  const double contrast = std::exp(-2.0);
  const double expected = -(3 * contrast - contrast * contrast) / 256;
  EXPECT_NEAR(bias.mean, expected, 5 * bias.error() + 0.03 * std::abs(expected));
}

TEST(Bias, SpeckleOfFourPixelsCountsFourfold) {
  const testing_speckle::Speckle s{
      .frames = 400, .height = 64, .width = 64, .tau = 5, .mean_counts = 2, .cell_px = 2};
  const FloatKernel kernel(testing_speckle::make(s, 5), Normalization::plain);
  std::vector<FramePair> pairs;
  for (Index t = 0; t + 1 < s.frames; ++t)
    pairs.push_back({t, t + 1});
  const BlockProducts sum = kernel.block_products(pairs);
  // 1024 speckles, about 30 independent times: 1/√30000 of it, with the fluctuation of products √2.
  EXPECT_NEAR(sum.observed / sum.independent, 4, 0.1);
}
