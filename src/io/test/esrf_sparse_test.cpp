// Sparse HDF5 of ESRF ID10.
#include <filesystem>

#include "event_writers.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::random_counts;
using testing::Scratch;

TEST(EsrfSparse, OneFileAndSeveral) {
  const Scratch scratch;
  const auto counts = random_counts(29, 6, 7, 200, 250, 1);
  for (const bool packed : {false, true}) {
    testing::write_esrf<std::uint8_t>(scratch / "one.h5", counts, 0, 29, true, packed);
    const auto one = open_series(scratch / "one.h5");
    EXPECT_EQ(one->info().format, "esrf-sparse");
    EXPECT_EQ(one->info().type, frames::PixelType::u8);
    EXPECT_TRUE(one->sparse());
    testing::expect_series(*one, counts);
    testing::write_esrf<std::uint8_t>(scratch / "part_00000.h5", counts, 0, 10, true, packed);
    testing::write_esrf<std::uint8_t>(scratch / "part_00001.h5", counts, 10, 20, true, packed);
    testing::write_esrf<std::uint8_t>(scratch / "part_00002.h5", counts, 20, 29, true, packed);
    for (const char* name : {"part_00000.h5", "part_00002.h5"})
      testing::expect_series(*open_series(scratch / name), counts);
  }
  std::filesystem::remove(scratch / "part_00001.h5");
  EXPECT_EQ(message_of([&] { static_cast<void>(open_series(scratch / "part_00000.h5")); }),
            (scratch / "part_00000.h5") + ": the data file " + (scratch / "part_00001.h5") +
                " is missing, expected files " + (scratch / "part_00000.h5") + " to " +
                (scratch / "part_00002.h5") + " of the series");
}

TEST(EsrfSparse, ShapeIsTheDetectorsOrStated) {
  const Scratch scratch;
  const auto counts = random_counts(3, 2162, 2068, 40, 60000, 2);
  const std::string name = "eiger4m_v2_sparse_frame_0_00000.h5";
  testing::write_esrf<std::int32_t>(scratch / name, counts, 0, 3, false, false);
  const auto source = open_series(scratch / name);
  EXPECT_EQ(source->info().type, frames::PixelType::u32);
  EXPECT_EQ(source->info().height, 2162);
  EXPECT_EQ(source->info().width, 2068);
  const auto small = random_counts(3, 4, 6, 10, 9, 3);
  testing::write_esrf<std::int32_t>(scratch / "a.h5", small, 0, 3, false, false);
  EXPECT_EQ(message_of([&] { static_cast<void>(open_series(scratch / "a.h5")); }),
            (scratch / "a.h5") + ":/entry_0000/measurement/data: no mask that tells the shape of "
                                 "the frames, expected a stated height and width");
  OpenOptions options;
  options.format = "esrf-sparse";
  options.raw_height = 4;
  options.raw_width = 6;
  testing::expect_series(*open_series(scratch / "a.h5", options), small);
}

/// Writes the three lists as given and returns what reading them says.
std::string error_of(const std::string& path,
                     const std::vector<std::int64_t>& begin,
                     const std::vector<std::int32_t>& index,
                     const std::vector<std::int32_t>& intensity) {
  {
    const h5::Lock lock;
    testing::H5Writer file(path);
    const std::string group = "/entry_0000/measurement/data/";
    file.dataset(group + "frame_ptr", {begin.size()}, begin);
    file.dataset(group + "index", {index.size()}, index);
    file.dataset(group + "intensity", {intensity.size()}, intensity);
    file.dataset(group + "mask", {2, 3}, std::vector<std::uint8_t>(6));
  }
  return message_of([&] {
    const auto source = open_series(path);
    frames::EventList events;
    source->read_events(0, source->info().frames, {}, events);
  });
}

TEST(EsrfSparse, BrokenFilesAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.h5";
  const std::string group = path + ":/entry_0000/measurement/data";
  EXPECT_EQ(error_of(path, {0}, {}, {}), group + "/frame_ptr: no frames, expected at least one");
  EXPECT_EQ(error_of(path, {0, 2}, {1, 2}, {1}),
            group + ": 2 values of index and 1 of intensity, expected as many");
  EXPECT_EQ(error_of(path, {0, 2, 1, 3}, {1, 2, 3}, {1, 1, 1}),
            group + "/frame_ptr[2]: 1, expected values that ascend from 0 to 3");
  EXPECT_EQ(error_of(path, {1, 3}, {1, 2, 3}, {1, 1, 1}),
            group + "/frame_ptr[0]: 1, expected values that ascend from 0 to 3");
  EXPECT_EQ(error_of(path, {0, 4}, {1, 2, 3}, {1, 1, 1}),
            group + "/frame_ptr[1]: 4, expected values that ascend from 0 to 3");
  EXPECT_EQ(error_of(path, {0, 2}, {1, 2, 3}, {1, 1, 1}),
            group + "/frame_ptr: 2 events in 1 frames, expected the 3 of index");
  EXPECT_EQ(error_of(path, {0, 1, 3}, {1, 2, 6}, {1, 1, 1}),
            group + "/index: frame 1: pixel 6, expected pixels from 0 to 5");
  EXPECT_EQ(error_of(path, {0, 1, 3}, {1, -2, 3}, {1, 1, 1}),
            group + "/index: frame 1: pixel -2, expected pixels from 0 to 5");
  EXPECT_EQ(error_of(path, {0, 1, 3}, {1, 2, 3}, {1, 1, -1}),
            group + "/intensity: frame 1: -1 counts in pixel 3, expected 0 to 4294967295");
  EXPECT_EQ(error_of(path, {0, 1, 3}, {1, 2, 2}, {1, 1, 1}),
            path + "::/entry_0000/measurement/data:frame 1: two counts of pixel 2 (y = 0, x = 2), "
                   "expected one at most");
}

} // namespace
} // namespace vitrum::io
