// Counts as loaded packed equal those loaded as floats.
#include "vitrum/correlate/count_matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

constexpr Index height = 8, width = 12, frame_count = 9;

frames::Partition two_bins() {
  frames::Partition partition;
  partition.height = height;
  partition.width = width;
  for (Index i = 0; i < height * width; ++i) {
    partition.dynamic_labels.push_back(i == 0 ? 0 : i % width < 5 ? 1 : 2);
    partition.static_labels.push_back(i == 0 ? 0 : i % width < 5 ? 1 : i / width < 4 ? 2 : 3);
  }
  partition.bins.resize(2);
  partition.static_bins.resize(3);
  return partition;
}

template <class T>
std::vector<T> counts(T largest) {
  std::vector<T> values(frame_count * height * width);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<T>(i * 7 % 101);
  values[5 * height * width + 3] = largest; // in bin 1, frame 5
  return values;
}

template <class T>
void expect_same_as_floats(T largest, Index block_bytes) {
  const auto source = frames::make_memory_source(counts<T>(largest), frame_count, height, width);
  LoadOptions options;
  options.block_bytes = block_bytes;
  options.bad_frames.assign(frame_count, 0);
  options.bad_frames[2] = 1;
  const auto floats = load_pixels(*source, two_bins(), {2, 1}, options);
  const auto packed = load_counts(*source, two_bins(), {2, 1}, options);
  ASSERT_EQ(packed.size(), 2U);
  EXPECT_FALSE(packed[0].wide());
  EXPECT_EQ(packed[1].wide(), double(largest) > 127);
  EXPECT_EQ(packed[1].largest, std::max<std::uint32_t>(std::uint32_t(largest), 100));
  Index bytes = 0;
  for (std::size_t m = 0; m < 2; ++m) {
    EXPECT_EQ(packed[m].valid, floats[m].valid);
    EXPECT_EQ(packed[m].groups.position, floats[m].groups.position);
    bytes += packed[m].bytes.size();
    for (Index t = 0; t < frame_count; ++t) {
      if (t != 2) {
        ASSERT_DOUBLE_EQ(packed[m].mean_counts[t], floats[m].mean_counts[t]);
      }
      for (Index p = 0; p < packed[m].pixels(); ++p)
        ASSERT_EQ(float(packed[m].at(t, p)), floats[m].row(t)[p]) << m << " " << t << " " << p;
    }
  }
  if (!packed[1].wide()) {
    EXPECT_EQ(bytes, predicted_count_bytes(frame_count, two_bins(), {}, false));
  }
}

} // namespace

TEST(CountMatrix, EqualsTheFloatsOfEveryType) {
  for (const Index block : {1, 300, 1 << 20}) {
    expect_same_as_floats<std::uint8_t>(255, block);
    expect_same_as_floats<std::int8_t>(127, block);
    expect_same_as_floats<std::uint16_t>(65535, block);
    expect_same_as_floats<std::int32_t>(128, block);
    expect_same_as_floats<std::uint64_t>(127, block);
  }
}

TEST(CountMatrix, RefusesWhatIsNoCount) {
  const auto load = [](auto values, const LoadOptions& options = {}) {
    const auto source = frames::make_memory_source(std::move(values), frame_count, height, width);
    (void)load_counts(*source, two_bins(), {}, options);
  };
  EXPECT_THAT([&] { load(counts<std::int16_t>(-1)); },
              testing::ThrowsMessage<DataError>(
                  testing::HasSubstr("frame 5 y 0 x 3: expected a count from 0 to 65535")));
  EXPECT_THAT([&] { load(counts<std::uint32_t>(65536)); },
              testing::ThrowsMessage<DataError>(
                  testing::HasSubstr("frame 5 y 0 x 3: expected a count from 0 to 65535")));
  EXPECT_THAT([&] { load(counts<float>(1)); },
              testing::ThrowsMessage<DataError>(testing::HasSubstr("expected integer counts")));
  LoadOptions flat;
  flat.flat.assign(height * width, 1.0F);
  EXPECT_THROW(load(counts<std::uint8_t>(1), flat), OptionError);
  LoadOptions by_frame;
  by_frame.frame_normalization = true;
  EXPECT_THROW(load(counts<std::uint8_t>(1), by_frame), OptionError);
}
