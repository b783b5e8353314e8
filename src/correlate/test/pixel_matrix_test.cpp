#include "vitrum/correlate/pixel_matrix.hpp"

#include <cmath>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

frames::Partition two_bins(Index height, Index width) {
  frames::Partition partition;
  partition.height = height;
  partition.width = width;
  for (Index i = 0; i < height * width; ++i) {
    const bool left = i % width < width / 2;
    partition.dynamic_labels.push_back(i == 0 ? 0 : left ? 1 : 2);
    partition.static_labels.push_back(i == 0 ? 0 : left ? 1 : i / width < height / 2 ? 2 : 3);
  }
  partition.bins.resize(2);
  partition.static_bins.resize(3);
  return partition;
}

template <class T>
std::vector<T> numbered(Index count) {
  std::vector<T> values(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i)
    values[i] = static_cast<T>(i % 101);
  return values;
}

template <class T>
void expect_loaded(Index frames, Index height, Index width, Index block_bytes) {
  const auto values = numbered<T>(frames * height * width);
  const auto source = frames::make_memory_source(values, frames, height, width);
  LoadOptions options;
  options.block_bytes = block_bytes;
  const frames::Partition partition = two_bins(height, width);
  const auto matrices = load_pixels(*source, partition, {}, options);
  ASSERT_EQ(matrices.size(), 2U);
  EXPECT_EQ(matrices[0].pixels() + matrices[1].pixels(), height * width - 1);
  Index bytes = 0;
  for (const PixelMatrix& m : matrices) {
    bytes += m.values.size() * 4;
    for (Index t = 0; t < frames; ++t) {
      double sum = 0;
      for (Index p = 0; p < m.pixels(); ++p) {
        const auto expected =
            static_cast<double>(values[t * height * width + m.groups.position[p]]);
        ASSERT_EQ(m.row(t)[p], expected);
        sum += expected;
      }
      ASSERT_NEAR(m.mean_counts[t], sum / double(m.pixels()), 1e-12 * sum);
    }
  }
  EXPECT_EQ(bytes, predicted_bytes(frames, partition, {}));
}

} // namespace

TEST(PixelMatrix, LoadsEveryPixelTypeAndBlockSize) {
  expect_loaded<std::uint8_t>(9, 8, 12, 1);
  expect_loaded<std::int8_t>(9, 8, 12, 200);
  expect_loaded<std::uint16_t>(9, 8, 12, 1000);
  expect_loaded<std::int32_t>(9, 8, 12, 1 << 20);
  expect_loaded<std::uint64_t>(3, 8, 12, 1 << 20);
  expect_loaded<float>(9, 5, 7, 300);
  expect_loaded<double>(9, 5, 7, 300);
}

TEST(PixelMatrix, StrideIsNeverAPowerOfTwo) {
  for (const Index pixels : {1, 16, 17, 1024, 131072, 60000}) {
    EXPECT_GE(padded_stride(pixels), pixels);
    EXPECT_EQ(padded_stride(pixels) % 32, 16);
  }
}

TEST(PixelMatrix, CorrectionsAreAppliedInOrder) {
  const auto source = frames::make_memory_source<float>({10, 20, 30, 40, 50, 60, 70, 80}, 2, 2, 2);
  const frames::Partition one = frames::make_single_bin(frames::make_mask(2, 2));
  LoadOptions options;
  options.dark = {1, 2, 3, 4};
  options.flat = {1, 2, 1, 2};
  options.static_surface = {0.5, 0.5, 1, 1};
  const auto m = load_pixels(*source, one, {1}, options);
  for (Index p = 0; p < 4; ++p) {
    const Index i = m[0].groups.position[p];
    const std::vector<float> expected{(50 - 1) / 0.5F, (60 - 2) / 1.0F, 70 - 3, (80 - 4) / 2.0F};
    EXPECT_FLOAT_EQ(m[0].row(1)[p], expected[i]);
  }
  EXPECT_DOUBLE_EQ(m[0].mean_counts[1], (50 - 1 + 60 - 2 + 70 - 3 + 80 - 4) / 4.0);

  options = {};
  options.frame_normalization = true;
  const auto scaled = load_pixels(*source, one, {}, options);
  // Means 25 and 65, over all 45.
  for (Index p = 0; p < 4; ++p)
    EXPECT_FLOAT_EQ(scaled[0].row(1)[p], float(50 + 10 * scaled[0].groups.position[p]) * 45 / 65);
}

TEST(PixelMatrix, BadFramesAreNeverLookedAt) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto source = frames::make_memory_source<float>({1, 2, 3, 4, nan, 6, 7, 8}, 2, 2, 2);
  const frames::Partition one = frames::make_single_bin(frames::make_mask(2, 2));
  EXPECT_THAT([&] { (void)load_pixels(*source, one); },
              testing::ThrowsMessage<DataError>(testing::HasSubstr("frame 1 y 0 x 0")));
  LoadOptions options;
  options.bad_frames = {0, 1};
  const auto m = load_pixels(*source, one, {}, options);
  EXPECT_EQ(m[0].valid, (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(m[0].row(1)[0], 0);
  EXPECT_TRUE(std::isnan(m[0].mean_counts[1]));
  // A pixel outside the partition may hold anything.
  frames::Partition masked = one;
  masked.dynamic_labels[0] = 0;
  EXPECT_EQ(load_pixels(*source, masked)[0].pixels(), 3);
}

TEST(PixelMatrix, RejectsWrongSizesAndUselessFlats) {
  const auto source = frames::make_memory_source<float>({1, 2, 3, 4}, 1, 2, 2);
  const frames::Partition one = frames::make_single_bin(frames::make_mask(2, 2));
  LoadOptions options;
  options.dark = {1};
  EXPECT_THAT([&] { (void)load_pixels(*source, one, {}, options); },
              testing::ThrowsMessage<OptionError>("dark: 1 values, expected one per pixel (4)"));
  options.dark.clear();
  options.flat = {1, 1, 0, 1};
  EXPECT_THAT(
      [&] { (void)load_pixels(*source, one, {}, options); },
      testing::ThrowsMessage<DataError>("flat field at y 1 x 0: 0, expected a positive number"));
  EXPECT_THAT([&] { (void)load_pixels(*source, one, {3}); },
              testing::ThrowsMessage<OptionError>("bin 3: the partition has bins 1 to 1"));
}

TEST(PixelGroups, ArePermutationsOfWholeBlocksAndEven) {
  const Index width = 60;
  std::vector<std::int32_t> dynamic(static_cast<std::size_t>(width * 50), 1);
  std::vector<std::int32_t> fine(dynamic.size());
  for (std::size_t i = 0; i < fine.size(); ++i)
    fine[i] = static_cast<std::int32_t>(1 + i / (static_cast<std::size_t>(width) * 13));
  const PixelGroups groups = make_groups(dynamic, fine, width, 1);
  ASSERT_EQ(groups.groups(), 32);
  EXPECT_EQ(groups.static_bins, 4);
  std::set<Index> seen(groups.position.begin(), groups.position.end());
  EXPECT_EQ(seen.size(), dynamic.size());
  std::map<Index, Index> group_of_block;
  for (Index g = 0; g < 32; ++g) {
    EXPECT_NEAR(double(groups.group_begin[g + 1] - groups.group_begin[g]), 3000.0 / 32, 32);
    for (Index p = groups.group_begin[g]; p < groups.group_begin[g + 1]; ++p) {
      const Index block = groups.position[p] / width / 4 * 15 + groups.position[p] % width / 4;
      EXPECT_EQ(group_of_block.emplace(block, g).first->second, g);
    }
  }
  for (Index s = 0; s < groups.segments(); ++s)
    for (Index p = groups.segment_begin[s]; p < groups.segment_begin[s + 1]; ++p)
      EXPECT_EQ(groups.static_bin[p], groups.static_bin[groups.segment_begin[s]]);
}

TEST(PixelGroups, SmallBinsGetFewerGroups) {
  const auto groups_of = [](Index height, Index width) {
    return make_groups(
               std::vector<std::int32_t>(static_cast<std::size_t>(height * width), 1), {}, width, 1)
        .groups();
  };
  EXPECT_EQ(groups_of(12, 12), 9);
  EXPECT_EQ(groups_of(1, 200), 25);
  EXPECT_EQ(groups_of(4, 8), 1);
}
