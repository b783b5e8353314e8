#include "vitrum/core/random_fill.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum {
namespace {

TEST(RandomFill, WordsAreThoseOfPhilox) {
  std::vector<std::uint32_t> words(200);
  fill_words(0x123456789ULL, 0x9876543210ULL, 64, words);
  for (Index i = 0; i < 200; ++i) {
    const Index chunk = 1 + i / 64, word = i % 64 / 16, lane = i % 16;
    const auto slow =
        philox({static_cast<std::uint32_t>(chunk * 16 + lane), 0x80000000U, 0x76543210U, 0x98U},
               {0x23456789U, 0x1U});
    EXPECT_EQ(words[static_cast<std::size_t>(i)], slow[static_cast<std::size_t>(word)]) << i;
  }
}

// The slow twin: Box–Muller in double precision from the same words. Single
// precision leaves an absolute error of some 2e-7 in ln u where u is near 1, which the root turns
// into 2e-7/radius.
TEST(RandomFill, NormalsAreBoxMullerOfTheWords) {
  const Index n = 64 * 2000;
  std::vector<std::uint32_t> words(static_cast<std::size_t>(n));
  std::vector<float> normals(static_cast<std::size_t>(n));
  fill_words(3, 4, 0, words);
  fill_normal(3, 4, 0, normals);
  for (Index i = 0; i < n; i += 64)
    for (Index pair = 0; pair < 2; ++pair)
      for (Index lane = 0; lane < 16; ++lane) {
        const auto at = static_cast<std::size_t>(i + 32 * pair + lane);
        const double u = (std::floor(words[at] / 2.0) + 0.25) * 0x1p-31;
        const double radius = std::sqrt(-2 * std::log(u));
        const double angle = 2 * std::numbers::pi * words[at + 16] * 0x1p-32;
        const double tolerance = 1e-6 * radius + 2e-7 / radius;
        EXPECT_NEAR(normals[at], radius * std::cos(angle), tolerance);
        EXPECT_NEAR(normals[at + 16], radius * std::sin(angle), tolerance);
      }
}

TEST(RandomFill, PartsAreThoseOfTheWhole) {
  std::vector<float> whole(1000), part(300);
  fill_normal(9, 1, 0, whole);
  fill_normal(9, 1, 128, part);
  for (std::size_t i = 0; i < part.size(); ++i)
    EXPECT_EQ(part[i], whole[i + 128]);
  EXPECT_THROW(fill_normal(9, 1, 32, part), OptionError);
}

// Moments of 6.4 million normals; four standard errors of each.
TEST(RandomFill, Moments) {
  std::vector<float> values(6400000);
  fill_normal(77, 5, 0, values);
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (const double x : values) {
    m1 += x;
    m2 += x * x;
    m3 += x * x * x;
    m4 += x * x * x * x;
  }
  const auto n = static_cast<double>(values.size());
  EXPECT_NEAR(m1 / n, 0, 4 * std::sqrt(1 / n));
  EXPECT_NEAR(m2 / n, 1, 4 * std::sqrt(2 / n));
  EXPECT_NEAR(m3 / n, 0, 4 * std::sqrt(15 / n));
  EXPECT_NEAR(m4 / n, 3, 4 * std::sqrt(96 / n));
}

} // namespace
} // namespace vitrum
