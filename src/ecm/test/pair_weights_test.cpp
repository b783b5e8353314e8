#include "../pair_weights.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "speckle.hpp"

namespace vitrum::ecm {
namespace {

TEST(PairWeights, LagsAreDenseWhereFramesAreClose) {
  EXPECT_EQ(compared_lags(24), (std::vector<Index>{1, 2, 3, 4, 5, 8, 11, 15, 21}));
  EXPECT_EQ(compared_lags(1), std::vector<Index>{1});
}

TEST(PairWeights, CoherenceGoesAsAPowerOfTheLag) {
  // exp(−2 (t/6)^0.7) from three of its values
  const auto law = [](double t) { return std::exp(-2 * std::pow(t / 6, 0.7)); };
  const auto found = speckle_coherence({1, 3, 9}, {law(1), law(3), law(9)}, 24);
  ASSERT_EQ(found.size(), 25U);
  EXPECT_EQ(found[0], 1);
  for (std::size_t t = 1; t < found.size(); ++t)
    EXPECT_NEAR(found[t], law(static_cast<double>(t)), 1e-9) << t;
  // nothing found at a lag, more than all at another: it still falls
  const auto poor = speckle_coherence({1, 3, 9}, {1.1, 0.8, 0}, 12);
  for (std::size_t t = 1; t < poor.size(); ++t)
    EXPECT_LE(poor[t], poor[t - 1]);
}

std::vector<std::vector<float>> sample(double noise) {
  SpeckleMovie m;
  m.frames = 4;
  m.height = m.width = 96;
  m.noise = noise;
  const auto movie = make_speckle(m);
  std::vector<std::vector<float>> frames;
  for (std::size_t t = 0; t < 4; ++t)
    frames.emplace_back(movie.begin() + static_cast<Index>(t) * 96 * 96,
                        movie.begin() + static_cast<Index>(t + 1) * 96 * 96);
  return frames;
}

/// Markov's process without noise: frames that are not neighbours tell nothing that neighbours do
/// not, and those have the weight ρ/(1 − ρ²).
TEST(PairWeights, OfAMarkovProcessAreThoseOfNeighbours) {
  TileTransform transform(96, 96, 2);
  transform.calibrate(sample(0));
  std::vector<double> coherence;
  const double rho = 0.7;
  for (int t = 0; t <= 12; ++t)
    coherence.push_back(std::pow(rho, t));
  const auto weights = pair_weights(transform, coherence, {1, 2, 5});
  const auto& shell = transform.shells();
  for (std::size_t i = 0; i < shell.size(); ++i) {
    const double s = transform.signal()[static_cast<std::size_t>(shell[i])];
    if (s < 0.9999)
      continue;
    const double twice = static_cast<Index>(i) % transform.columns() == 0 ? 1 : 2;
    EXPECT_NEAR(static_cast<double>(weights[0][i]) / twice, rho / (1 - rho * rho), 0.01);
    EXPECT_LT(static_cast<double>(weights[1][i]), 0.01);
  }
}

/// One spot a hundred times as bright as the others does not rule the spectrum.
TEST(TileTransform, BrightSpotsAreLevelled) {
  auto frames = sample(0.1);
  TileTransform transform(96, 96, 2);
  transform.calibrate(frames);
  const auto power = [&](const std::vector<float>& frame) {
    double sum = 0;
    for (const auto& value : transform.transform(frame).values)
      sum += static_cast<double>(std::norm(value));
    return sum;
  };
  const double before = power(frames[0]);
  auto bright = frames[0];
  for (Index y = 0; y < 96; ++y)
    for (Index x = 0; x < 96; ++x)
      bright[static_cast<std::size_t>(y * 96 + x)] +=
          static_cast<float>(100 * std::exp(-(std::pow(static_cast<double>(y - 30), 2) +
                                              std::pow(static_cast<double>(x - 60), 2)) /
                                            8));
  // in place of its 90000 times the power of a mean speckle, a small part of the frame's
  EXPECT_LT(power(bright) / before, 2);
}

TEST(PairWeights, InNoiseFarFramesCountMore) {
  TileTransform transform(96, 96, 2);
  transform.calibrate(sample(0.3));
  std::vector<double> coherence;
  for (int t = 0; t <= 12; ++t)
    coherence.push_back(std::pow(0.9, t));
  const auto weights = pair_weights(transform, coherence, {1, 2, 5});
  double low = 0, high = 0; // share of the longest lag where speckle is strong and weak
  for (std::size_t i = 0; i < transform.shells().size(); ++i) {
    const double s = transform.signal()[static_cast<std::size_t>(transform.shells()[i])];
    const double share = static_cast<double>(weights[2][i]) / static_cast<double>(weights[0][i]);
    if (s > 0.95)
      high = std::max(high, share);
    else if (s > 0.05 && s < 0.4)
      low = std::max(low, share);
    if (transform.shells()[i] == 0) {
      EXPECT_EQ(weights[0][i], 0);
    }
  }
  EXPECT_GT(high, 0);
  EXPECT_GT(low, 2 * high);
}

} // namespace
} // namespace vitrum::ecm
