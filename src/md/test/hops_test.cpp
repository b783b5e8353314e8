#include "vitrum/md/hops.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::md {
namespace {

/// Atoms that rattle about their places and hop along x at known frames.
std::vector<atoms::Configuration>
rattling(Index atoms, Index frames, double cage, const std::vector<std::pair<Index, Index>>& hops) {
  Random random(7, 1);
  std::vector<atoms::Configuration> out;
  std::vector<double> place(static_cast<std::size_t>(atoms), 0);
  for (Index t = 0; t < frames; ++t) {
    for (const auto& [atom, frame] : hops)
      if (frame == t)
        place[static_cast<std::size_t>(atom)] += 1;
    atoms::Configuration c;
    c.unwrapped = true;
    for (Index i = 0; i < atoms; ++i) {
      c.positions.push_back({100 + place[static_cast<std::size_t>(i)] + cage * random.normal(),
                             cage * random.normal(),
                             cage * random.normal()});
      c.species.push_back(0);
    }
    out.push_back(std::move(c));
  }
  return out;
}

Hops count(const std::vector<atoms::Configuration>& frames, const HopOptions& options) {
  HopCounter counter(options, frames.front().atoms());
  for (const auto& frame : frames)
    counter.add(frame);
  return counter.result();
}

/// The definition, written out.
double plain_p(const std::vector<atoms::Configuration>& frames, Index t, Index half, Index atom) {
  const auto at = [&](Index k) -> const atoms::Vector& {
    return frames[static_cast<std::size_t>(k)].positions[static_cast<std::size_t>(atom)];
  };
  atoms::Vector mean[2]{};
  for (Index k = 0; k < half; ++k)
    for (std::size_t d = 0; d < 3; ++d) {
      mean[0][d] += at(t - 1 - k)[d] / static_cast<double>(half);
      mean[1][d] += at(t + k)[d] / static_cast<double>(half);
    }
  double away[2]{};
  for (Index k = 0; k < half; ++k)
    for (std::size_t d = 0; d < 3; ++d) {
      away[0] += std::pow(at(t - 1 - k)[d] - mean[1][d], 2) / static_cast<double>(half);
      away[1] += std::pow(at(t + k)[d] - mean[0][d], 2) / static_cast<double>(half);
    }
  return std::sqrt(away[0] * away[1]);
}

TEST(Hops, KnownOnesAreFoundWithTheirPlaceAndLength) {
  const auto frames = rattling(200, 120, 0.05, {{3, 40}, {3, 75}, {17, 60}});
  const auto found = count(frames, {.half_window = 5, .threshold = 0.2, .frame_time = 2});
  ASSERT_EQ(found.hops.size(), 3U);
  for (const auto& hop : found.hops)
    EXPECT_NEAR(hop.length, 1, 0.15);
  EXPECT_EQ(found.number[3], 2);
  EXPECT_EQ(found.number[17], 1);
  // a hop before frame t is at t − 1/2
  EXPECT_NEAR(found.hops[0].time, 79, 2.1);
  ASSERT_EQ(found.waits.size(), 3U);
  EXPECT_TRUE(found.waits[0].ended);
  EXPECT_NEAR(found.waits[0].time, 70, 4.1);
  EXPECT_FALSE(found.waits[1].ended);
  EXPECT_DOUBLE_EQ(found.first_time, 9);
  EXPECT_DOUBLE_EQ(found.last_time, 2 * (115 - 0.5));
}

TEST(Hops, TheStatisticIsThatOfTheDefinition) {
  const auto frames = rattling(5, 16, 0.2, {{0, 8}});
  for (const Index half : {2, 3, 5})
    for (Index atom = 0; atom < 5; ++atom) {
      // the threshold is passed just where the definition says so
      double largest = 0;
      for (Index t = half; t + half <= 16; ++t)
        largest = std::max(largest, plain_p(frames, t, half, atom));
      const auto passes = [&](double threshold) {
        const auto h = count(frames, {.half_window = half, .threshold = threshold});
        return h.number[static_cast<std::size_t>(atom)] > 0;
      };
      EXPECT_TRUE(passes(largest * (1 - 1e-9)));
      EXPECT_FALSE(passes(largest * (1 + 1e-9)));
    }
}

TEST(Hops, TheThresholdComesFromTheCage) {
  const double cage = 0.06;
  const auto found = count(rattling(4000, 12, cage, {}), {.half_window = 5});
  // p of an atom that rattles: 3 cage² from its variance, a little more from the means
  EXPECT_NEAR(found.threshold, 9 * cage * cage * (1 - 1.0 / 5 + 2.0 / 5), 0.1 * 9 * cage * cage);
  EXPECT_LT(found.hops.size(), 40U);
}

TEST(Hops, RatesAndLengths) {
  Hops h;
  h.number.assign(10, 0);
  h.first_time = 5;
  h.last_time = 124; // 120 instants one frame apart: 60 slices of two
  Random random(3, 1);
  for (int k = 0; k < 600; ++k)
    h.hops.push_back({k % 10, 5 + std::floor(120 * random.uniform()), 1 + 0.1 * random.normal()});
  const auto rate = hop_rate(h, 1);
  ASSERT_EQ(rate.time.size(), 60U);
  EXPECT_DOUBLE_EQ(rate.time[0], 5.5);
  EXPECT_DOUBLE_EQ(rate.mean, 0.5);                         // 600 hops of 10 atoms in 120
  EXPECT_NEAR(rate.dispersion, 1, 3 * std::sqrt(2.0 / 60)); // independent
  double total = 0;
  for (const double r : rate.rate)
    total += r * 2 * 10;
  EXPECT_NEAR(total, 600, 1e-9);
  auto bursts = h;
  for (Hop& hop : bursts.hops)
    hop.time = 5 + 30 * std::floor(hop.time / 31);
  EXPECT_GT(hop_rate(bursts, 1).dispersion, 20);
  const auto lengths = hop_lengths(h);
  EXPECT_NEAR(lengths.median, 1, 0.02);
  double area = 0;
  for (const double d : lengths.density)
    area += d * (lengths.middle[1] - lengths.middle[0]);
  EXPECT_NEAR(area, 1, 0.005);
  EXPECT_TRUE(hop_lengths({}).density.empty());
}

TEST(Hops, SenselessOptionsAreRefused) {
  EXPECT_EQ(message_of([] { HopCounter({.half_window = 1}, 3); }),
            "hops over 1 frames before and after: at least 2");
  EXPECT_EQ(message_of([] { HopCounter({.threshold = -1}, 3); }),
            "threshold of hops -1: must not be negative");
  HopCounter counter({}, 3);
  EXPECT_EQ(message_of([&] { counter.add(atoms::Configuration{}); }),
            "hops need unwrapped positions");
}

} // namespace
} // namespace vitrum::md
