#include <vector>

#include <gtest/gtest.h>

#include "../shift_kernel.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::ecm {
namespace {

class ShiftKernels : public testing::TestWithParam<SimdLevel> {};

std::vector<float> numbers(Index n, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> out;
  for (Index i = 0; i < n; ++i)
    out.push_back(static_cast<float>(random.normal()));
  return out;
}

TEST_P(ShiftKernels, AreTheirSums) {
  const auto kernel = shift_kernel(GetParam());
  const auto weights = numbers(shift_taps, 1);
  for (const Index n : {1, 2, 15, 63, 64, 65, 128, 200, 1001}) {
    const auto image = numbers((n + shift_taps) * shift_taps, 2);
    std::vector<const float*> rows;
    for (Index i = 0; i < shift_taps; ++i)
      rows.push_back(image.data() + i * (n + shift_taps));
    for (const Index count : {Index{1}, Index{7}, shift_taps}) {
      std::vector<float> out(static_cast<std::size_t>(n) + 1, 9);
      kernel.blend(rows.data(), weights.data(), count, out.data(), n);
      for (Index k = 0; k < n; ++k) {
        double sum = 0;
        for (Index i = 0; i < count; ++i)
          sum += static_cast<double>(weights[static_cast<std::size_t>(i)]) *
                 static_cast<double>(rows[static_cast<std::size_t>(i)][k]);
        EXPECT_NEAR(static_cast<double>(out[static_cast<std::size_t>(k)]), sum, 1e-5);
      }
      EXPECT_EQ(out.back(), 9); // nothing beyond
    }
    std::vector<float> out(static_cast<std::size_t>(n) + 1, 9);
    kernel.convolve(image.data(), weights.data(), out.data(), n);
    for (Index k = 0; k < n; ++k) {
      double sum = 0;
      for (Index i = 0; i < shift_taps; ++i)
        sum += static_cast<double>(weights[static_cast<std::size_t>(i)]) *
               static_cast<double>(image[static_cast<std::size_t>(k + i)]);
      EXPECT_NEAR(static_cast<double>(out[static_cast<std::size_t>(k)]), sum, 1e-5);
    }
    EXPECT_EQ(out.back(), 9);
  }
}

template <class T>
void expect_floats(SimdLevel level, std::initializer_list<T> values) {
  for (const std::size_t n : {1U, 7U, 16U, 33U, 100U}) {
    std::vector<T> from;
    while (from.size() < n)
      from.push_back(values.begin()[from.size() % values.size()]);
    std::vector<float> out(n + 1, 9);
    to_floats(from.data(), static_cast<Index>(n), out.data(), level);
    for (std::size_t i = 0; i < n; ++i)
      EXPECT_EQ(out[i], static_cast<float>(from[i]));
    EXPECT_EQ(out[n], 9);
  }
}

TEST_P(ShiftKernels, TakeNumbersOfAllTypes) {
  expect_floats<std::int8_t>(GetParam(), {-128, 0, 5, 127});
  expect_floats<std::uint8_t>(GetParam(), {0, 5, 255});
  expect_floats<std::int16_t>(GetParam(), {-32768, -1, 0, 32767});
  expect_floats<std::uint16_t>(GetParam(), {0, 77, 65535});
  expect_floats<std::int32_t>(GetParam(), {-2147483647, 16777217, 3});
  expect_floats<std::uint32_t>(GetParam(), {4294967295U, 16777217U, 3U});
  expect_floats<std::int64_t>(GetParam(), {-(std::int64_t{1} << 40) - 1, 3, 7});
  expect_floats<std::uint64_t>(GetParam(), {~std::uint64_t{0}, 3, 7});
  expect_floats<float>(GetParam(), {0.1F, -3e30F});
  expect_floats<double>(GetParam(), {0.1, -3e30});
}

INSTANTIATE_TEST_SUITE_P(Levels,
                         ShiftKernels,
                         testing::ValuesIn(simd_levels()),
                         [](const auto& one) { return std::string(name_of(one.param)); });

} // namespace
} // namespace vitrum::ecm
