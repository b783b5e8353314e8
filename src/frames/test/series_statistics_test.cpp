#include "vitrum/frames/series_statistics.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "messages.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::frames {
namespace {

// A series in memory with a value that marks invalid pixels.
template <class T>
class Marked final : public FrameSource {
public:
  Marked(std::vector<T> values, Index frames, Index height, Index width, double invalid)
      : inner_(make_memory_source(std::move(values), frames, height, width)),
        info_(inner_->info()) {
    info_.invalid_value = invalid;
  }
  const SeriesInfo& info() const override { return info_; }
  void read(Index first, Index count, std::byte* out) override { inner_->read(first, count, out); }

private:
  std::unique_ptr<FrameSource> inner_;
  SeriesInfo info_;
};

template <class T>
std::vector<T> random_values(Index n, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> values;
  for (Index i = 0; i < n; ++i)
    if constexpr (std::is_floating_point_v<T>)
      values.push_back(static_cast<T>(1000 + random.normal()));
    else
      values.push_back(static_cast<T>(random.below(100)));
  return values;
}

// The obvious way: one pixel after the other, two passes.
template <class T>
void compare_with_slow_twin(const std::vector<T>& values,
                            Index frames,
                            Index height,
                            Index width,
                            double invalid,
                            const std::vector<Index>& bad,
                            Index block_bytes) {
  Mask mask = make_mask(height, width);
  for (std::size_t i = 0; i < mask.use.size(); i += 7)
    mask.use[i] = 0;
  Marked<T> source(values, frames, height, width, invalid);
  const SeriesStatistics s =
      measure_series(source, mask, {.bad_frames = bad, .block_bytes = block_bytes});
  const Index pixels = height * width;
  const auto value = [&](Index f, Index p) {
    return static_cast<double>(values[static_cast<std::size_t>(f * pixels + p)]);
  };
  const auto good = [&](Index f) { return std::find(bad.begin(), bad.end(), f) == bad.end(); };
  for (Index p = 0; p < pixels; ++p) {
    const auto i = static_cast<std::size_t>(p);
    double sum = 0, n = 0, maximum = -1e300, squares = 0;
    std::uint32_t left_out = 0;
    double part_sum[10] = {}, part_n[10] = {};
    for (Index f = 0; f < frames; ++f) {
      if (!good(f))
        continue;
      if (!std::isfinite(value(f, p)) || value(f, p) == invalid) {
        ++left_out;
        continue;
      }
      sum += value(f, p);
      n += 1;
      maximum = std::max(maximum, value(f, p));
      part_sum[f * 10 / frames] += value(f, p);
      part_n[f * 10 / frames] += 1;
    }
    for (Index f = 0; f < frames; ++f)
      if (good(f) && std::isfinite(value(f, p)) && value(f, p) != invalid)
        squares += (value(f, p) - sum / n) * (value(f, p) - sum / n);
    ASSERT_NEAR(s.mean[i], sum / n, 1e-12 * std::abs(sum / n));
    ASSERT_NEAR(s.variance[i], squares / (n - 1), 1e-9 * squares / (n - 1) + 1e-12);
    ASSERT_EQ(s.maximum[i], maximum);
    ASSERT_EQ(s.invalid[i], left_out);
    for (Index part = 0; part < 10; ++part) {
      const float mean = s.segment_mean[static_cast<std::size_t>(part * pixels + p)];
      if (part_n[part] > 0)
        ASSERT_NEAR(mean, part_sum[part] / part_n[part], 1e-6 * std::abs(mean) + 1e-6);
      else
        ASSERT_TRUE(std::isnan(mean));
    }
  }
  for (Index f = 0; f < frames; ++f) {
    double sum = 0, n = 0, low = 1e300, high = -1e300;
    for (Index p = 0; p < pixels; ++p)
      if (mask.use[static_cast<std::size_t>(p)] != 0 && std::isfinite(value(f, p)) &&
          value(f, p) != invalid) {
        sum += value(f, p);
        n += 1;
        low = std::min(low, value(f, p));
        high = std::max(high, value(f, p));
      }
    const auto i = static_cast<std::size_t>(f);
    ASSERT_NEAR(s.frame_mean[i], sum / n, 1e-12 * std::abs(sum / n));
    ASSERT_EQ(s.frame_minimum[i], low);
    ASSERT_EQ(s.frame_maximum[i], high);
  }
}

template <class T>
class EveryType : public testing::Test {};
using Types = testing::Types<std::uint8_t,
                             std::uint16_t,
                             std::uint32_t,
                             std::uint64_t,
                             std::int8_t,
                             std::int16_t,
                             std::int32_t,
                             std::int64_t,
                             float,
                             double>;
TYPED_TEST_SUITE(EveryType, Types);

// Frames larger and smaller than one tile of the kernel, blocks of one frame and of many.
TYPED_TEST(EveryType, AgreesWithSlowTwin) {
  using T = TypeParam;
  for (const auto& [frames, height, width] :
       {std::array<Index, 3>{23, 5, 3}, {7, 50, 60}, {40, 1, 17}})
    for (const Index block_bytes : {Index{1}, Index{1} << 12, Index{1} << 26})
      for (const double invalid : {unknown, 99.0})
        compare_with_slow_twin(random_values<T>(frames * height * width, 7),
                               frames,
                               height,
                               width,
                               invalid,
                               {2, 5},
                               block_bytes);
}

TEST(SeriesStatistics, LargestCountsAreExact) {
  const std::vector<std::uint16_t> values(3000, 65535);
  auto source = make_memory_source(values, 1000, 1, 3);
  const SeriesStatistics s = measure_series(*source, make_mask(1, 3));
  EXPECT_EQ(s.mean[1], 65535);
  EXPECT_EQ(s.variance[1], 0);
  EXPECT_EQ(s.frame_mean[999], 65535);
}

TEST(SeriesStatistics, NonFiniteValuesAreFoundAndLeftOut) {
  std::vector<float> values = random_values<float>(10 * 12, 3);
  values[5 * 12 + 7] = std::numeric_limits<float>::quiet_NaN();
  values[8 * 12 + 2] = -std::numeric_limits<float>::infinity();
  compare_with_slow_twin(values, 10, 3, 4, unknown, {}, 1 << 20);
  auto source = make_memory_source(values, 10, 3, 4);
  const SeriesStatistics s = measure_series(*source, make_mask(3, 4));
  EXPECT_EQ(s.nonfinite, 2);
  EXPECT_EQ(s.first_nonfinite_frame, 5);
  EXPECT_EQ(s.first_nonfinite_pixel, 7);
  // the first frame may be the bad one
  values[3] = std::numeric_limits<float>::quiet_NaN();
  compare_with_slow_twin(values, 10, 3, 4, unknown, {}, 1 << 20);
}

TEST(SeriesStatistics, FramesOfZerosAndFramesWithoutPixels) {
  std::vector<std::uint16_t> values(5 * 4, 3);
  std::fill_n(values.begin() + 2 * 4, 4, std::uint16_t{0});
  std::fill_n(values.begin() + 3 * 4, 4, std::uint16_t{65535});
  Marked<std::uint16_t> source(values, 5, 2, 2, 65535);
  const SeriesStatistics s = measure_series(source, make_mask(2, 2));
  EXPECT_EQ(s.zero_frames, (std::vector<Index>{2}));
  EXPECT_TRUE(std::isnan(s.frame_mean[3]));
  EXPECT_EQ(s.invalid[0], 1U);
  EXPECT_EQ(s.mean[0], 9.0 / 4);
}

TEST(SeriesStatistics, DoesNotDependOnThreadsOrBlocks) {
  const auto values = random_values<float>(31 * 70 * 90, 11);
  auto source = make_memory_source(values, 31, 70, 90);
  const Mask mask = make_mask(70, 90);
  set_thread_count(1);
  const SeriesStatistics one = measure_series(*source, mask, {.block_bytes = 1});
  set_thread_count(2);
  const SeriesStatistics two = measure_series(*source, mask);
  set_thread_count(0);
  EXPECT_EQ(one.mean, two.mean);
  EXPECT_EQ(one.variance, two.variance);
  EXPECT_EQ(one.frame_mean, two.frame_mean);
  EXPECT_EQ(one.segment_mean, two.segment_mean);
  EXPECT_EQ(one.hash, two.hash);
}

TEST(SeriesStatistics, FriedelPairsAreDuplicates) {
  const Index frames = 60, side = 21;
  Random random(5);
  std::vector<std::uint16_t> values(static_cast<std::size_t>(frames * side * side));
  for (Index f = 0; f < frames; ++f)
    for (Index p = 0; p <= side * side / 2; ++p) {
      const auto count = static_cast<std::uint16_t>(random.poisson(2));
      values[static_cast<std::size_t>(f * side * side + p)] = count;
      values[static_cast<std::size_t>(f * side * side + side * side - 1 - p)] = count;
    }
  auto source = make_memory_source(values, frames, side, side);
  Mask mask = make_mask(side, side);
  const SeriesStatistics s = measure_series(*source, mask);
  const DuplicatePixels found = find_duplicate_pixels(s, mask);
  EXPECT_EQ(found.compared, side * side);
  EXPECT_EQ(found.pairs, side * side / 2);
  EXPECT_EQ(found.first_pixel + found.second_pixel, side * side - 1);
  exclude_friedel_half(mask, 10, 10);
  EXPECT_EQ(find_duplicate_pixels(s, mask).pairs, 0);
}

// Sparse counts coincide by chance; they are not taken for duplicates.
TEST(SeriesStatistics, SparseCountsAreNotDuplicates) {
  Random random(6);
  std::vector<std::uint8_t> values(std::size_t{100} * 10000);
  for (auto& value : values)
    value = static_cast<std::uint8_t>(random.poisson(0.02));
  auto source = make_memory_source(values, 100, 100, 100);
  const Mask mask = make_mask(100, 100);
  EXPECT_EQ(find_duplicate_pixels(measure_series(*source, mask), mask).pairs, 0);
}

TEST(SeriesStatistics, ExactErrors) {
  auto source = make_memory_source(random_values<std::uint8_t>(12, 1), 3, 2, 2);
  EXPECT_EQ(message_of<DataError>([&] { (void)measure_series(*source, make_mask(2, 3)); }),
            "mask of 2 x 3 pixels does not fit the frames of 2 x 2 of memory");
  EXPECT_EQ(message_of<OptionError>(
                [&] { (void)measure_series(*source, make_mask(2, 2), {.bad_frames = {3}}); }),
            "bad frame 3: memory has 3 frames");
  EXPECT_EQ(message_of<OptionError>([&] {
              (void)measure_series(*source, make_mask(2, 2), {.bad_frames = {0, 1, 2}});
            }),
            "all 3 frames of memory are listed as bad");
}

} // namespace
} // namespace vitrum::frames
