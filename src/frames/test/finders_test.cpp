#include "vitrum/frames/finders.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "messages.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::frames {
namespace {

// Speckle that is redrawn every `life` frames (0: never), contrast 1/modes, counted.
std::vector<std::uint16_t>
speckle(Index frames, Index side, double mean, Index modes, Index life, std::uint64_t seed) {
  Random random(seed);
  const Index pixels = side * side;
  std::vector<std::uint16_t> values(static_cast<std::size_t>(frames * pixels));
  std::vector<double> rate(static_cast<std::size_t>(pixels));
  for (Index f = 0; f < frames; ++f)
    for (Index p = 0; p < pixels; ++p) {
      double& r = rate[static_cast<std::size_t>(p)];
      if (f == 0 || (life > 0 && f % life == 0))
        r = mean * random.gamma(static_cast<double>(modes)) / static_cast<double>(modes);
      values[static_cast<std::size_t>(f * pixels + p)] =
          static_cast<std::uint16_t>(random.poisson(r));
    }
  return values;
}

SeriesStatistics measure(std::vector<std::uint16_t> values, Index frames, Index side) {
  auto source = make_memory_source(std::move(values), frames, side, side);
  return measure_series(*source, make_mask(side, side));
}

Partition whole(Index side) {
  return make_single_bin(make_mask(side, side));
}

std::vector<Index> positions(const std::vector<FoundPixel>& found, Index width) {
  std::vector<Index> all;
  for (const FoundPixel& pixel : found)
    all.push_back(pixel.y * width + pixel.x);
  return all;
}

TEST(FindPixels, PlantedPixelsAreFound) {
  const Index frames = 200, side = 50;
  for (const double mean : {0.2, 5.0}) {
    auto values = speckle(frames, side, mean, 5, 10, 3);
    Random random(4);
    for (Index f = 0; f < frames; ++f) {
      const auto at = [&](Index p) -> std::uint16_t& {
        return values[static_cast<std::size_t>(f * side * side + p)];
      };
      at(17) = 0;                                                         // dead
      at(1003) = static_cast<std::uint16_t>(random.poisson(6 * mean));    // hot
      at(2001) = static_cast<std::uint16_t>(f % 40 == 0 ? 40 * mean : 0); // flickers, right mean
    }
    const FoundPixels found = find_pixels(measure(values, frames, side), whole(side));
    EXPECT_EQ(positions(found.dead, side), (std::vector<Index>{17}));
    EXPECT_EQ(positions(found.hot, side), (std::vector<Index>{1003}));
    EXPECT_EQ(positions(found.flickering, side), (std::vector<Index>{2001}));
    EXPECT_EQ(found.judged, side * side);
    EXPECT_NEAR(found.hot[0].value, 6 * mean, 2 * mean);
    EXPECT_NEAR(found.hot[0].expected, mean, 0.2 * mean);
    EXPECT_LT(found.dead[0].probability, 0.1 / 2500);
  }
}

// A tenth of the pixels hot: the robust start keeps them from hiding each other.
TEST(FindPixels, ManyHotPixelsDoNotHideEachOther) {
  const Index frames = 100, side = 40;
  auto values = speckle(frames, side, 2, 10, 5, 8);
  Index planted = 0;
  for (Index p = 0; p < side * side; p += 11) {
    ++planted;
    for (Index f = 0; f < frames; ++f)
      values[static_cast<std::size_t>(f * side * side + p)] = 40;
  }
  EXPECT_EQ(static_cast<Index>(find_pixels(measure(values, frames, side), whole(side)).hot.size()),
            planted);
}

// An empty pixel proves nothing while others could be empty by chance.
TEST(FindPixels, EmptyPixelsOfSparseDataAreNotDead) {
  const Index frames = 100, side = 40;
  EXPECT_TRUE(find_pixels(measure(speckle(frames, side, 0.01, 5, 10, 2), frames, side), whole(side))
                  .dead.empty());
  // speckle that stands still has dark places: contrast 1 leaves pixels without counts at a mean of
  // 20 in the whole series
  EXPECT_TRUE(find_pixels(measure(speckle(frames, side, 0.2, 1, 0, 2), frames, side), whole(side))
                  .dead.empty());
}

// At most the false alarms asked for, from sparse to dense counts, for speckle that moves and
// speckle that stands: 20 series each, 1 alarm per series allowed. More than 20 + 3√20 alarms in
// all would show that the rule is wrong.
TEST(FindPixels, FalseAlarmsCalibration) {
  for (const double mean : {0.002, 0.05, 1.0, 20.0})
    for (const Index modes : {1, 8})
      for (const Index life : {0, 1, 20}) {
        std::size_t alarms = 0, dead = 0, hot = 0, flickering = 0;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
          const FoundPixels found =
              find_pixels(measure(speckle(100, 64, mean, modes, life, seed), 100, 64),
                          whole(64),
                          {.false_alarms = 1});
          dead += found.dead.size();
          hot += found.hot.size();
          flickering += found.flickering.size();
        }
        alarms = dead + hot + flickering;
        // three rules of one alarm each; speckle of contrast 1 that is new in every frame has
        // longer tails in its pairs than any law of two moments: up to six alarms, as the header
        // says
        const double wanted = modes == 1 && life == 1 ? 8 * 20 : 3 * 20;
        EXPECT_LE(static_cast<double>(alarms), wanted + 3 * std::sqrt(wanted))
            << "mean " << mean << " modes " << modes << " life " << life << ": dead " << dead
            << ", hot " << hot << ", flickering " << flickering;
        EXPECT_LE(static_cast<double>(dead + hot), 2 * 20 + 3 * std::sqrt(40.0));
      }
}

TEST(FindPixels, FewFalseAlarms) {
  std::size_t alarms = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    for (const double mean : {0.05, 2.0}) {
      const FoundPixels found =
          find_pixels(measure(speckle(100, 40, mean, 4, 10, seed), 100, 40), whole(40));
      alarms += found.dead.size() + found.hot.size() + found.flickering.size();
    }
  EXPECT_LE(alarms, 8U); // 10 frames × 0.1 × three rules = 3 expected at most
}

TEST(FindPixels, SmallBinsAreNotJudged) {
  const auto values = speckle(50, 4, 3, 5, 5, 1);
  const FoundPixels found = find_pixels(measure(values, 50, 4), whole(4), {.least_pixels = 17});
  EXPECT_EQ(found.judged, 0);
  EXPECT_EQ(found.unjudged, 16);
}

TEST(FindPixels, FloatsToo) {
  Random random(5);
  const Index frames = 300, side = 30;
  std::vector<float> values(static_cast<std::size_t>(frames * side * side));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(10 + random.normal());
  for (Index f = 0; f < frames; ++f) {
    values[static_cast<std::size_t>(f * side * side + 100)] += 5;
    values[static_cast<std::size_t>(f * side * side + 200)] = 0;
    values[static_cast<std::size_t>(f * side * side + 300)] =
        static_cast<float>(10 + 3 * random.normal());
  }
  auto source = make_memory_source(values, frames, side, side);
  Mask mask = make_mask(side, side);
  FoundPixels found = find_pixels(measure_series(*source, mask), whole(side));
  EXPECT_EQ(positions(found.hot, side), (std::vector<Index>{100}));
  EXPECT_EQ(positions(found.dead, side), (std::vector<Index>{200}));
  exclude(mask, found.dead);
  EXPECT_EQ(mask.count(), side * side - 1);
  found = find_pixels(measure_series(*source, mask), make_single_bin(mask));
  EXPECT_EQ(positions(found.flickering, side), (std::vector<Index>{300}));
}

TEST(FindFrames, OutliersZerosAndDrift) {
  const Index frames = 400, side = 30;
  auto values = speckle(frames, side, 20, 5, 3, 12);
  Random random(1);
  for (Index f = 0; f < frames; ++f)
    for (Index p = 0; p < side * side; ++p) {
      auto& value = values[static_cast<std::size_t>(f * side * side + p)];
      if (f == 50)
        value = static_cast<std::uint16_t>(value * 2);
      else if (f == 211)
        value = 0;
      else // a beam that loses half in the course of the series is no outlier
        value = static_cast<std::uint16_t>(
            std::lround(value * (1 - 0.5 * static_cast<double>(f) / 400)));
    }
  const auto found = find_bad_frames(measure(values, frames, side), side * side);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].frame, 50);
  EXPECT_GT(found[0].score, 6);
  EXPECT_NEAR(found[0].mean / found[0].expected, 2.1, 0.2);
  EXPECT_EQ(found[1].frame, 211);
  EXPECT_TRUE(std::isinf(found[1].score));
}

TEST(FindFrames, SparseFramesMayBeEmpty) {
  const auto found = find_bad_frames(measure(speckle(500, 10, 0.02, 5, 3, 12), 500, 10), 100);
  EXPECT_TRUE(found.empty());
}

TEST(FindFrames, FalseAlarmsAreRare) {
  std::size_t alarms = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    alarms += find_bad_frames(measure(speckle(300, 20, 2, 4, 4, seed), 300, 20), 400).size();
  EXPECT_EQ(alarms, 0U);
}

TEST(Finders, ExactErrors) {
  const SeriesStatistics s = measure(speckle(5, 3, 2, 1, 1, 1), 5, 3);
  EXPECT_EQ(message_of<OptionError>([&] { (void)find_pixels(s, whole(3), {.false_alarms = 0}); }),
            "false_alarms = 0: must be positive");
  EXPECT_EQ(message_of<OptionError>([&] { (void)find_pixels(s, whole(3), {.least_pixels = 2}); }),
            "least_pixels = 2: must be at least 4");
  EXPECT_EQ(message_of<DataError>([&] { (void)find_pixels(s, whole(4)); }),
            "partition of 4 x 4 pixels does not fit the series of 3 x 3");
  EXPECT_EQ(message_of<OptionError>([&] { (void)find_bad_frames(s, 9, {.window = 4}); }),
            "window = 4: must be odd and at least 3");
}

} // namespace
} // namespace vitrum::frames
