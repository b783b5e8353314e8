// One bin in memory against kernels and matrices made by hand.
#include <gtest/gtest.h>

#include "vitrum/core/random.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/memory_bin.hpp"
#include "vitrum/correlate/two_time.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index frames = 30, height = 9, width = 11;

template <class T>
std::vector<T> counts(double scale) {
  Random random(3, 1);
  std::vector<T> out;
  for (Index i = 0; i < frames * height * width; ++i)
    out.push_back(static_cast<T>(scale * (1 + random.uniform())));
  return out;
}

/// C of pixels of bin 2 by its definition.
template <class T>
void compare(double scale, const char* name) {
  const auto values = counts<T>(scale);
  const auto source = frames::make_view_source(std::span<const T>(values), frames, height, width);
  std::vector<std::int32_t> labels(height * width, 1);
  for (Index p = 20; p < 70; ++p)
    labels[std::size_t(p)] = 2;
  const auto partition = frames::make_partition_from_labels(height, width, labels, {}, nullptr);
  const auto kernel = make_bin_kernel(*source, partition, 2, Normalization::plain);
  EXPECT_TRUE(kernel->name().starts_with(name)) << kernel->name();
  const auto map = make_two_time_map(*kernel);
  for (Index t1 = 0; t1 < frames; ++t1)
    for (Index t2 = 0; t2 < t1; ++t2) {
      double product = 0, first = 0, second = 0;
      for (Index p = 20; p < 70; ++p) {
        const auto a = double(values[std::size_t(t1 * height * width + p)]),
                   b = double(values[std::size_t(t2 * height * width + p)]);
        product += a * b;
        first += a;
        second += b;
      }
      ASSERT_NEAR(map.at(t1, t2), 50 * product / (first * second), 2e-6) << t1 << " " << t2;
    }
  const auto g2 = make_pixel_g2(*source, partition, 2, {.lags = PixelLags::linear, .max_lag = 5});
  const auto twin = make_pixel_g2(load_pixels(*source, partition, {2})[0],
                                  {.lags = PixelLags::linear, .max_lag = 5});
  ASSERT_EQ(g2.value.size(), twin.value.size());
  for (std::size_t l = 0; l < twin.value.size(); ++l)
    EXPECT_NEAR(g2.value[l], twin.value[l], 1e-6);
}

TEST(MemoryBin, IsItsDefinition) {
  compare<std::uint8_t>(20, "bytes");
  compare<std::uint16_t>(500, "words");
  compare<std::int32_t>(20, "bytes");
  compare<std::uint16_t>(20000, "float");
  compare<float>(1, "float");
  compare<double>(1, "float");
}

} // namespace
} // namespace vitrum::correlate
