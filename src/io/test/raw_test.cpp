// Frames without a header: what the user states must fit the file exactly.
#include <algorithm>

#include "support.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::all_values;
using testing::message_of;
using testing::Scratch;

OpenOptions raw(Index height, Index width, frames::PixelType type) {
  OpenOptions options;
  options.raw_height = height;
  options.raw_width = width;
  options.raw_type = type;
  return options;
}

/// `frames` frames of `pixels` values 0, 1, 2, … with `offset` bytes before and `gap` between them.
template <class T>
std::string content(Index frames, Index pixels, Index offset, Index gap, bool big, bool last_gap) {
  std::string bytes(static_cast<std::size_t>(offset), '?');
  for (Index f = 0; f < frames; ++f) {
    for (Index p = 0; p < pixels; ++p) {
      const T value = static_cast<T>(f * pixels + p + 3);
      std::string element(reinterpret_cast<const char*>(&value), sizeof value);
      if (big)
        std::reverse(element.begin(), element.end());
      bytes += element;
    }
    if (f + 1 < frames || last_gap)
      bytes += std::string(static_cast<std::size_t>(gap), '!');
  }
  return bytes;
}

template <class T>
void round_trips() {
  const Scratch scratch;
  const Index frames = 5, height = 3, width = 4;
  std::vector<double> expected(static_cast<std::size_t>(frames * height * width));
  for (std::size_t i = 0; i < expected.size(); ++i)
    expected[i] = static_cast<double>(i + 3);
  for (const Index offset : {0, 1, 512})
    for (const Index gap : {0, 7})
      for (const bool big : {false, true})
        for (const bool last_gap : {false, true}) {
          testing::write_bytes(scratch / "a.raw",
                               content<T>(frames, height * width, offset, gap, big, last_gap));
          auto options = raw(height, width, frames::pixel_type_of<T>());
          options.raw_offset = offset;
          options.raw_gap = gap;
          options.raw_big_endian = big;
          for (const Index stated : {Index{0}, frames}) {
            options.raw_frames = stated;
            const auto source = open_series(scratch / "a.raw", options);
            EXPECT_EQ(source->info().frames, frames);
            EXPECT_EQ(source->info().format, "raw");
            EXPECT_EQ(all_values(*source), expected) << offset << gap << big << last_gap;
            std::vector<T> two(static_cast<std::size_t>(2 * height * width));
            source->read(3, 2, reinterpret_cast<std::byte*>(two.data()));
            EXPECT_EQ(static_cast<double>(two[0]), 3.0 * 12 + 3);
          }
        }
}

TEST(Raw, OffsetGapAndByteOrderOfAllSizes) {
  round_trips<std::uint8_t>();
  round_trips<std::uint16_t>();
  round_trips<std::int32_t>();
  round_trips<std::uint64_t>();
  round_trips<float>();
  round_trips<double>();
}

TEST(Raw, SizesThatDoNotMatchAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.raw";
  const auto error = [&](const OpenOptions& options) {
    return message_of<FormatError>([&] { static_cast<void>(open_series(path, options)); });
  };
  const auto good = raw(3, 4, frames::PixelType::u16); // 24 bytes a frame
  testing::write_bytes(path, std::string(50, 'x'));
  EXPECT_EQ(error(good),
            path + ": 50 bytes, expected 48 for 2 frames of 3 × 4 uint16 after 0 bytes");
  auto options = good;
  options.raw_offset = 2;
  EXPECT_EQ(open_series(path, options)->info().frames, 2);
  options.raw_frames = 1;
  EXPECT_EQ(error(options),
            path + ": 50 bytes, expected 26 for 1 frames of 3 × 4 uint16 after 2 bytes");
  options.raw_frames = 3;
  EXPECT_EQ(error(options),
            path + ": 50 bytes, expected 74 for 3 frames of 3 × 4 uint16 after 2 bytes");
  options = good;
  options.raw_offset = 100;
  EXPECT_EQ(error(options),
            path + ": 50 bytes, expected at least 124 for one frame of 3 × 4 uint16");
  testing::write_bytes(path, "");
  EXPECT_EQ(error(good), path + ": 0 bytes, expected at least 24 for one frame of 3 × 4 uint16");
  // numbers whose product overflows
  options = good;
  options.raw_frames = Index{1} << 48;
  options.raw_gap = Index{1} << 48;
  EXPECT_EQ(error(options),
            path + ": 0 bytes, expected 281474976710656 frames of 281474976710680 bytes");
}

TEST(Raw, NonsenseIsNamed) {
  const Scratch scratch;
  testing::write_bytes(scratch / "a.raw", std::string(48, 'x'));
  const auto error = [&](const OpenOptions& options) {
    return message_of<OptionError>(
        [&] { static_cast<void>(open_series(scratch / "a.raw", options)); });
  };
  OpenOptions options;
  options.raw_height = 3;
  EXPECT_EQ(error(options), "a raw file needs its height, width and pixel type, all three");
  options.raw_height = -3;
  EXPECT_EQ(error(options), "raw_height = -3: must not be negative");
  options.raw_height = INT64_MAX;
  EXPECT_EQ(error(options), "raw_height = 9223372036854775807: must be at most 2^48");
  EXPECT_EQ(error(raw(1 << 30, 1 << 30, frames::PixelType::u8)),
            "raw frames of 1073741824 × 1073741824 pixels: more than 2^40");
}

} // namespace
} // namespace vitrum::io
