#include "vitrum/correlate/stitch.hpp"

#include <cmath>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

/// A lower triangle in memory; above the diagonal stands what must not be used.
struct Part {
  Index first = 0, frames = 0;
  std::vector<float> values;

  Part(Index begin, Index count) : first(begin), frames(count), values(count * count, -99.0F) {}
  float& at(Index t1, Index t2) { return values[t1 * frames + t2]; }
  [[nodiscard]] StitchPart view(std::string name = "p") const {
    return {std::move(name),
            first,
            frames,
            [this](Index row0, Index rows, Index col0, Index cols, float* out) {
              for (Index i = 0; i < rows; ++i)
                for (Index j = 0; j < cols; ++j)
                  out[i * cols + j] = values[(row0 + i) * frames + col0 + j];
            }};
  }
};

Part random_part(Index first, Index frames, std::uint64_t seed) {
  Part part(first, frames);
  Random random(seed);
  for (Index i = 0; i < frames; ++i)
    for (Index j = 0; j <= i; ++j)
      part.at(i, j) = random.below(9) == 0 ? NAN : static_cast<float>(1 + 0.1 * random.normal());
  return part;
}

/// C at short lags follows a noise with a correlation time of `memory` frames, common to both parts
/// where they meet: C(t + k, t) = 1.1 + 0.01·x(t) + white noise + drift·t.
std::vector<Part> noisy_parts(Index frames, Index overlap, double drift, std::uint64_t seed) {
  constexpr double memory = 8;
  Random random(seed);
  const Index all = 2 * frames - overlap;
  const double keep = std::exp(-1 / memory);
  std::vector<double> x(static_cast<std::size_t>(all));
  double now = random.normal();
  for (auto& value : x)
    value = now = keep * now + std::sqrt(1 - keep * keep) * random.normal();
  std::vector<Part> parts{Part(0, frames), Part(frames - overlap, frames)};
  Part whole(0, all);
  for (Index i = 0; i < all; ++i)
    for (Index j = 0; j <= i; ++j)
      whole.at(i, j) = static_cast<float>(1.1 + 0.01 * x[j] + 0.02 * random.normal() +
                                          drift * static_cast<double>(j));
  for (auto& part : parts)
    for (Index i = 0; i < frames; ++i)
      for (Index j = 0; j <= i; ++j)
        part.at(i, j) = whole.at(part.first + i, part.first + j);
  return parts;
}

} // namespace

TEST(Stitch, IsTheMeanOfThePartsThatHoldAPair) {
  struct Case {
    Index first, frames;
  };
  for (const std::vector<Case>& cases : {std::vector<Case>{{0, 20}, {20, 13}},
                                         {{0, 20}, {12, 20}},
                                         {{0, 20}, {25, 20}},
                                         {{0, 20}, {5, 20}, {10, 20}}}) {
    std::vector<Part> parts;
    for (const auto& one : cases)
      parts.push_back(random_part(one.first, one.frames, parts.size() + 1));
    std::vector<StitchPart> views;
    for (const auto& part : parts)
      views.push_back(part.view());
    validate(views);
    const Index all = views.back().last();
    for (const Index block : {1, 7, 64})
      for (Index row0 = 0; row0 < all; row0 += block)
        for (Index col0 = 0; col0 <= row0; col0 += block) {
          const Index rows = std::min(block, all - row0), cols = std::min(block, all - col0);
          std::vector<float> out(rows * cols);
          read_stitched(views, row0, rows, col0, cols, out.data());
          for (Index t1 = row0; t1 < row0 + rows; ++t1)
            for (Index t2 = col0; t2 < col0 + cols; ++t2) {
              double sum = 0;
              int count = 0;
              for (auto& part : parts)
                if (t2 <= t1 && t2 >= part.first && t1 < part.first + part.frames)
                  if (const float c = part.at(t1 - part.first, t2 - part.first); !std::isnan(c)) {
                    sum += static_cast<double>(c);
                    ++count;
                  }
              const float found = out[(t1 - row0) * cols + t2 - col0];
              if (count == 0)
                EXPECT_TRUE(std::isnan(found)) << t1 << " " << t2;
              else
                EXPECT_FLOAT_EQ(found, static_cast<float>(sum / count)) << t1 << " " << t2;
            }
        }
  }
}

TEST(Stitch, PartsThatDoNotFollowEachOtherAreRefused) {
  const auto refused = [](std::vector<StitchPart> parts) {
    return message_of([&] { validate(parts); });
  };
  EXPECT_EQ(refused({{"a", 0, 9, {}}}), "1 part, expected two or more to stitch");
  EXPECT_EQ(refused({{"a", 0, 9, {}}, {"b", 9, 1, {}}}), "b: 1 frames, need at least 2");
  EXPECT_EQ(refused({{"a", 0, 9, {}}, {"b", 0, 12, {}}}),
            "b: begins at frame 0 of the whole, not after a (frame 0)");
  EXPECT_EQ(refused({{"a", 0, 9, {}}, {"b", 2, 7, {}}}),
            "b: its frames 2:9 of the whole lie within a (0:9)");
  EXPECT_EQ(refused({{"a", 0, 9, {}}, {"b", 2, 8, {}}, {"c", 20, 2, {}}}), "nothing was thrown");
}

TEST(Seam, StepIsTheDifferenceOfTheMeansAtShortLags) {
  // C = 1.2 in the first part, 1.25 + 0.01·(t2 + t1) in the second, at lags of up to 2 frames
  Part a(0, 40), b(40, 60);
  for (Index i = 0; i < 40; ++i)
    for (Index j = 0; j <= i; ++j)
      a.at(i, j) = i - j > 2 ? 7.0F : 1.2F;
  for (Index i = 0; i < 60; ++i)
    for (Index j = 0; j <= i; ++j)
      b.at(i, j) = i - j > 2 ? 7.0F : 1.25F + 0.01F * static_cast<float>(i + j);
  const Seam seam = measure_seam(a.view(), b.view(), {.window = 6, .lags = 2});
  EXPECT_EQ(seam.frame, 40);
  EXPECT_EQ(seam.overlap, 0);
  EXPECT_NEAR(seam.before, 1.2, 1e-6);
  // earlier frames 0 to 3 with their lags 1 and 2: i + j = 1, 2, 3, 4, 5, 6, 7, 8
  EXPECT_NEAR(seam.after, 1.25 + 0.01 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8) / 8, 1e-6);
  EXPECT_NEAR(seam.step, seam.after - seam.before, 1e-12);
  // places in the first part: 40 − 12 + 1 without a step, in the second 60 − 12 + 1 with 0.12
  EXPECT_NEAR(seam.step_error, 0.12 * std::sqrt(49.0 / (29 + 49)), 1e-6);
  EXPECT_TRUE(std::isnan(seam.difference));
}

TEST(Seam, GapsLeaveWindowsOut) {
  Part a(0, 40), b(40, 40);
  for (auto* part : {&a, &b})
    for (Index i = 0; i < 40; ++i)
      for (Index j = 0; j <= i; ++j)
        part->at(i, j) = 1.2F;
  for (Index i = 33; i < 40; ++i) // the last frames of the first part
    for (Index j = 0; j <= i; ++j)
      a.at(i, j) = NAN;
  const Seam seam = measure_seam(a.view(), b.view(), {.window = 8, .lags = 2});
  EXPECT_TRUE(std::isnan(seam.step));
  EXPECT_EQ(seam.reason, "no 8 frames with half of their pairs on both sides of the seam");
  const Seam shorter = measure_seam(a.view(), b.view(), {.window = 30, .lags = 2});
  EXPECT_NEAR(shorter.step, 0, 1e-9);
  EXPECT_TRUE(std::isnan(shorter.step_error));
  EXPECT_EQ(shorter.reason,
            "the parts are too short to say how much C varies between windows of 30 frames that "
            "lie 0 apart");
}

TEST(Seam, OverlapsAreComparedPairByPair) {
  auto parts = noisy_parts(80, 40, 0, 5);
  for (Index i = 0; i < 80; ++i)
    for (Index j = 0; j <= i; ++j)
      parts[1].at(i, j) += 0.003F;
  const Seam seam = measure_seam(parts[0].view(), parts[1].view());
  EXPECT_EQ(seam.overlap, 40);
  EXPECT_EQ(seam.pairs, 40 * 39 / 2);
  EXPECT_NEAR(seam.difference, 0.003, 1e-6);
  EXPECT_LT(seam.difference_error, 1e-6);
  EXPECT_GT(seam.difference_significance, 9);
  const auto same = noisy_parts(80, 40, 0, 5);
  const Seam none = measure_seam(same[0].view(), same[1].view());
  EXPECT_EQ(none.difference, 0);
  EXPECT_EQ(none.difference_significance, 0);
}

TEST(Seam, DeviatesAreThoseOfANormalDistribution) {
  // two-sided probabilities 0.0027 and 0.05 of Student's distribution with 4 and 10 degrees of
  // freedom; Wallace's form is good to 1 %
  EXPECT_NEAR(normal_deviate(6.620, 4), 3, 0.03);
  EXPECT_NEAR(normal_deviate(-3.957, 10), -3, 0.03);
  EXPECT_NEAR(normal_deviate(2.228, 10), 1.960, 0.02);
}

// Noise and steady drift alone make significances of width 1; a jump stands out.
TEST(Seam, Calibration) {
  for (const Index overlap : {0, 30})
    for (const double drift : {0.0, 1e-5}) {
      constexpr int seeds = 150;
      double squares = 0;
      int found = 0;
      for (int seed = 1; seed <= seeds; ++seed) {
        auto parts = noisy_parts(400, overlap, drift, static_cast<std::uint64_t>(seed));
        const Seam seam = measure_seam(parts[0].view(), parts[1].view());
        squares += seam.step_significance * seam.step_significance;
        for (auto& value : parts[1].values)
          value += 0.06F; // about five standard errors
        found += measure_seam(parts[0].view(), parts[1].view()).step_significance > 3 ? 1 : 0;
      }
      // 4 standard errors of the width of 150 draws
      EXPECT_NEAR(std::sqrt(squares / seeds), 1, 0.23) << overlap << " " << drift;
      EXPECT_GT(found, seeds / 2);
    }
}
