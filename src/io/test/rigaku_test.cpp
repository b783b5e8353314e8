// Rigaku and UFXC: words without a header.
#include <filesystem>

#include "event_writers.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::random_counts;
using testing::rigaku_word;
using testing::Scratch;

TEST(Rigaku, EventsAreTheFramesInEitherOrderAndNumbering) {
  const Scratch scratch;
  const auto counts = random_counts(23, 6, 8, 90, 4095, 1);
  for (const bool column_major : {false, true})
    for (const Index first_frame : {0, 1}) {
      testing::write_bytes(scratch / "a.bin",
                           testing::rigaku_bytes(counts, 0, 0, 6, 8, column_major, first_frame, 0));
      OpenOptions options;
      options.format = "rigaku-500k";
      options.raw_height = 6;
      options.raw_width = 8;
      options.rigaku_column_major = column_major;
      options.rigaku_first_frame = first_frame;
      const auto source = open_series(scratch / "a.bin", options);
      EXPECT_TRUE(source->sparse());
      EXPECT_EQ(source->info().type, frames::PixelType::u16);
      EXPECT_EQ(source->info().problems, std::vector<std::string>{});
      testing::expect_series(*source, counts);
    }
}

TEST(Rigaku, IsFoundBySuffixAndContentAtItsFullSize) {
  const Scratch scratch;
  auto counts = random_counts(3, 512, 1024, 500, 4095, 2);
  counts.value[512 * 1024 - 1] = 4095; // all 12 bits in the last pixel
  const auto bytes = testing::rigaku_bytes(counts, 0, 0, 512, 1024, false, 0, 0);
  testing::write_bytes(scratch / "a.bin", bytes);
  const auto source = open_series(scratch / "a.bin");
  EXPECT_EQ(source->info().format, "rigaku-500k");
  testing::expect_series(*source, counts);
  EXPECT_EQ(open_series(scratch / "a")->info().frames, 3); // by its stem
  testing::write_bytes(scratch / "a.dat", bytes);
  EXPECT_NE(message_of([&] {
              static_cast<void>(open_series(scratch / "a.dat"));
            }).find("content of no known format"),
            std::string::npos);
}

/// A module of the 3M alone numbers its pixels from 2^20.
TEST(Rigaku, ModuleOffsetIsTakenOff) {
  const Scratch scratch;
  const auto counts = random_counts(4, 512, 1024, 60, 7, 3);
  testing::write_bytes(scratch / "a.bin.003",
                       testing::rigaku_bytes(counts, 0, 0, 512, 1024, false, 0, Index{1} << 20));
  OpenOptions options;
  options.format = "rigaku-500k";
  testing::expect_series(*open_series(scratch / "a.bin.003", options), counts);
  // by content it is one of six
  EXPECT_EQ(message_of([&] { static_cast<void>(open_series(scratch / "a.bin.003")); }),
            (scratch / "a.bin") + ": the file " + (scratch / "a.bin.000") +
                " is missing, expected six files, .000 to .005");
}

TEST(Rigaku, SixModulesMakeOneFrame) {
  const Scratch scratch;
  auto counts = random_counts(2, 1676, 2100, 3000, 4095, 4);
  Index gap_pixels = 0;
  for (Index p = 0; p < counts.pixels(); ++p) {
    const Index y = p / 2100;
    const Index x = p % 2100;
    const bool gap = (y >= 512 && y < 582) || (y >= 1094 && y < 1164) || (x >= 1024 && x < 1076);
    gap_pixels += gap;
    for (Index f = 0; gap && f < 2; ++f)
      counts.value[static_cast<std::size_t>(f * counts.pixels() + p)] = 0;
  }
  for (const bool column_major : {false, true}) {
    testing::write_rigaku_3m(
        scratch / "a.bin", counts, column_major, 1, column_major ? 0 : Index{1} << 20);
    OpenOptions options;
    options.rigaku_column_major = column_major;
    options.rigaku_first_frame = 1;
    for (const char* name : {"a.bin.000", "a.bin.004", "a.bin", "a"}) {
      const auto source = open_series(scratch / name, options);
      const auto& info = source->info();
      EXPECT_EQ(info.format, "rigaku-3m");
      EXPECT_EQ(info.path, scratch / "a.bin");
      frames::EventList events;
      source->read_events(0, 2, {}, events);
      frames::validate(events, info.pixels());
      Index wrong = 0;
      Index seen = 0;
      for (Index f = 0; f < 2; ++f)
        for (Index i = events.frame_begin[static_cast<std::size_t>(f)];
             i < events.frame_begin[static_cast<std::size_t>(f) + 1];
             ++i, ++seen)
          wrong += counts.at(f, events.pixel[static_cast<std::size_t>(i)]) !=
                   events.count[static_cast<std::size_t>(i)];
      EXPECT_EQ(wrong, 0);
      EXPECT_EQ(seen, std::count_if(counts.value.begin(), counts.value.end(), [](auto n) {
                  return n > 0;
                }));
      EXPECT_EQ(std::count(info.bad_pixels.begin(), info.bad_pixels.end(), 1), gap_pixels);
      EXPECT_EQ(info.bad_pixels[550 * 2100], 1);
      EXPECT_EQ(info.bad_pixels[581 * 2100 + 5], 1);
      EXPECT_EQ(info.bad_pixels[582 * 2100 + 5], 0);
    }
  }
}

TEST(Rigaku, EmptyFramesAtTheEndAreBroughtBackByTheirNumber) {
  const Scratch scratch;
  testing::write_bytes(scratch / "a.bin", rigaku_word(2, 5, 1) + rigaku_word(4, 9, 3));
  OpenOptions options;
  EXPECT_EQ(open_series(scratch / "a.bin")->info().frames, 5);
  options.format = "rigaku-500k";
  options.raw_frames = 100;
  const auto source = open_series(scratch / "a.bin", options);
  EXPECT_EQ(source->info().frames, 100);
  frames::EventList events;
  source->read_events(3, 97, {}, events);
  EXPECT_EQ(events.frames(), 97);
  EXPECT_EQ(events.pixel, std::vector<std::uint32_t>{9});
  options.raw_frames = 4;
  EXPECT_EQ(message_of([&] { static_cast<void>(open_series(scratch / "a.bin", options)); }),
            (scratch / "a.bin") + ": 5 frames, expected the stated 4 at most");
}

/// One word in many that is damaged does not make another format of it.
TEST(Rigaku, DamagedFirstWordsAreNamedAsSuch) {
  const Scratch scratch;
  const auto counts = random_counts(3, 512, 1024, 500, 4095, 5);
  const auto error = [&](std::size_t place, const std::string& word) {
    auto bytes = testing::rigaku_bytes(counts, 0, 0, 512, 1024, false, 0, 0);
    std::copy(word.begin(), word.end(), bytes.begin() + static_cast<Index>(8 * place));
    testing::write_bytes(scratch / "a.bin", bytes);
    return message_of([&] { static_cast<void>(open_series(scratch / "a.bin")); });
  };
  EXPECT_EQ(error(0, rigaku_word(99999, 5, 1)),
            (scratch / "a.bin") +
                ":byte 8: frame 0 after frame 99999, expected frames in ascending order");
  EXPECT_EQ(error(4, rigaku_word(0, 700000, 1)),
            (scratch / "a.bin") +
                ":byte 32: pixel 700000 in frame 0, expected pixels below 524288");
}

TEST(Rigaku, BrokenFilesAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.bin";
  OpenOptions options;
  options.format = "rigaku-500k";
  const auto error = [&](const std::string& bytes) {
    testing::write_bytes(path, bytes);
    return message_of([&] {
      const auto source = open_series(path, options);
      frames::EventList events;
      source->read_events(0, source->info().frames, {}, events);
    });
  };
  EXPECT_EQ(error(""), path + ": an empty file, expected words of 8 bytes, one for each event");
  EXPECT_EQ(error(rigaku_word(0, 1, 1) + "12345"),
            path + ":byte 8: 13 bytes, the file is cut within a word, expected a multiple of 8");
  EXPECT_EQ(error(rigaku_word(0, 1, 1) + rigaku_word(7, 1, 1) + rigaku_word(6, 1, 1) +
                  rigaku_word(8, 1, 1)),
            path + ":byte 16: frame 6 after frame 7, expected frames in ascending order");
  EXPECT_EQ(error(rigaku_word(9, 1, 1) + rigaku_word(3, 1, 1)),
            path + ":byte 8: frame 3 after frame 9, expected frames in ascending order");
  EXPECT_EQ(error(rigaku_word(0, 1, 1) + rigaku_word(2, 524288, 1)),
            path + ":byte 8: pixel 524288 in frame 2, expected pixels below 524288");
  EXPECT_EQ(error(rigaku_word(0, 3, 1) + rigaku_word(1, 5, 1) + rigaku_word(1, 2, 1) +
                  rigaku_word(1, 5, 2)),
            path + ":frame 1: two counts of pixel 5 (y = 0, x = 5), expected one at most");
  options.rigaku_first_frame = 1;
  EXPECT_EQ(error(rigaku_word(0, 1, 1)), path + ":byte 0: frame 0, expected frames from 1 on");
  EXPECT_EQ(error(rigaku_word(0, 1, 1) + rigaku_word(4, 1, 1)),
            path + ":byte 0: frame 0, expected frames from 1 on");
  options.rigaku_first_frame = 2;
  EXPECT_EQ(error(rigaku_word(0, 1, 1)), "rigaku_first_frame = 2: must be 0 or 1");
}

TEST(Rigaku, NumberingFromOneIsSuspected) {
  const Scratch scratch;
  testing::write_bytes(scratch / "a.bin", rigaku_word(1, 5, 1) + rigaku_word(2, 9, 3));
  EXPECT_EQ(open_series(scratch / "a.bin")->info().problems,
            std::vector<std::string>{
                "frame 0 holds no event, frame 1 does: the file may count its frames from 1"});
}

TEST(Rigaku, MetadataBesideItAreRead) {
  const Scratch scratch;
  testing::write_bytes(scratch / "a.bin", rigaku_word(0, 5, 1) + rigaku_word(2, 9, 3));
  {
    const h5::Lock lock;
    testing::H5Writer file(scratch / "a_metadata.hdf");
    file.group("/entry/schema_version");
    file.scalar("/entry/instrument/detector_1/frame_time", 2e-5);
    file.scalar("/entry/instrument/detector_1/distance", 12.5);
    file.scalar("/entry/instrument/detector_1/x_pixel_size", 7.6e-5);
    file.scalar("/entry/instrument/incident_beam/incident_energy", 10.0);
  }
  const auto source = open_series(scratch / "a.bin");
  EXPECT_DOUBLE_EQ(source->info().frame_time_s, 2e-5);
  EXPECT_DOUBLE_EQ(source->info().geometry.distance_m, 12.5);
  EXPECT_NEAR(source->info().geometry.wavelength_angstrom, 1.23984198, 1e-8);
}

TEST(Ufxc, CounterWrapsAndStartsAnywhere) {
  const Scratch scratch;
  // longer than the counter; its last frames alone hold many events
  auto counts = random_counts(2100, 4, 5, 3000, 3, 5);
  for (Index p = 0; p < 20; ++p) // the first frame is the first word's
    counts.value[static_cast<std::size_t>(p)] = 1;
  OpenOptions options;
  options.format = "ufxc";
  options.raw_height = 4;
  options.raw_width = 5;
  for (const Index start : {0, 1, 2000}) {
    testing::write_bytes(scratch / "a.bin", testing::ufxc_bytes(counts, start));
    testing::expect_series(*open_series(scratch / "a.bin", options), counts);
  }
  const auto full = random_counts(3, 256, 128, 200, 3, 6);
  testing::write_bytes(scratch / "b.ufxc", testing::ufxc_bytes(full, 7));
  const auto source = open_series(scratch / "b.ufxc");
  EXPECT_EQ(source->info().format, "ufxc");
  EXPECT_EQ(source->info().type, frames::PixelType::u8);
  testing::expect_series(*source, full);
}

TEST(Ufxc, BrokenFilesAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.bin";
  OpenOptions options;
  options.format = "ufxc";
  const auto error = [&](const std::vector<std::uint32_t>& frames, const std::string& tail = "") {
    std::string bytes;
    for (const std::uint32_t f : frames)
      testing::put<std::uint32_t>(bytes, f << 21 | 1U << 15 | 20000U);
    testing::write_bytes(path, bytes + tail);
    return message_of([&] {
      const auto source = open_series(path, options);
      frames::EventList events;
      source->read_events(0, source->info().frames, {}, events);
    });
  };
  EXPECT_EQ(error({}), path + ": an empty file, expected words of 4 bytes, one for each event");
  EXPECT_EQ(error({0}, "ab"),
            path + ":byte 4: 6 bytes, the file is cut within a word, expected a multiple of 4");
  EXPECT_EQ(error({5, 6, 4}),
            path + ":byte 8: frame 4 after frame 6 of a counter that wraps at 2048, expected "
                   "ascending frames, less than 1024 apart");
  options.raw_height = 100;
  options.raw_width = 100;
  EXPECT_EQ(error({0, 1}), path + ":byte 0: pixel 20000, expected pixels below 10000");
}

} // namespace
} // namespace vitrum::io
