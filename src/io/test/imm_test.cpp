// IMM of APS 8-ID and the compressed files of CHX: frames of a stated number of events.
#include "event_writers.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::put_at;
using testing::random_counts;
using testing::Scratch;

TEST(Imm, SparseAndDenseAreTheFrames) {
  const Scratch scratch;
  const auto counts = random_counts(17, 5, 9, 70, 32767, 1);
  for (const bool sparse : {true, false})
    for (const char* name : {"a.imm", "a.dat"}) { // the version in the header is enough
      testing::write_bytes(scratch / name, testing::imm_bytes(counts, sparse));
      const auto source = open_series(scratch / name);
      EXPECT_EQ(source->info().format, "imm");
      EXPECT_EQ(source->sparse(), sparse);
      EXPECT_EQ(source->info().type, frames::PixelType::u16);
      EXPECT_DOUBLE_EQ(source->info().exposure_s, 0.25);
      EXPECT_EQ(source->info().problems, std::vector<std::string>{});
      testing::expect_series(*source, counts);
    }
}

TEST(Imm, BrokenFilesAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.imm";
  OpenOptions options;
  options.format = "imm";
  const auto error = [&](const std::string& bytes) {
    testing::write_bytes(path, bytes);
    return message_of([&] {
      const auto source = open_series(path, options);
      frames::EventList events;
      source->read_events(0, source->info().frames, {}, events);
    });
  };
  const auto counts = random_counts(3, 4, 5, 20, 9, 2);
  const auto good = testing::imm_bytes(counts, true);
  const auto dense = testing::imm_bytes(counts, false);
  const auto frame_1 = good.find(testing::imm_header(counts, 1, true, 0).substr(0, 140), 1);
  ASSERT_NE(frame_1, std::string::npos);
  const std::string place = path + ":frame 1 at byte " + std::to_string(frame_1);
  EXPECT_EQ(error(""), path + ": an empty file, expected a header of 1024 bytes before each frame");
  EXPECT_EQ(error(good.substr(0, frame_1 + 100)),
            place + ": the end of the file at byte " + std::to_string(frame_1 + 100) +
                ", expected a header of 1024 bytes");
  EXPECT_EQ(error(dense.substr(0, dense.size() - 1)),
            path + ":frame 2 at byte 2128: the end of the file at byte 3191, expected 40 bytes of "
                   "frame 2");
  auto bad = good;
  put_at<std::int32_t>(bad, frame_1 + 4, 5);
  EXPECT_EQ(error(bad), place + ": compression 5, expected a header of the IMM format");
  bad = good;
  put_at<std::int32_t>(bad, frame_1 + 108, 5);
  put_at<std::int32_t>(bad, frame_1 + 112, 4);
  EXPECT_EQ(error(bad), place + ": 5 × 4 pixels, compression 6, expected 4 × 5, 6 as in frame 0");
  bad = good;
  put_at<std::uint32_t>(bad, frame_1 + 152, 21);
  EXPECT_EQ(error(bad),
            place + ": 21 values in a frame of 4 × 5 pixels, expected a header of the IMM format");
  bad = dense;
  put_at<std::int32_t>(bad, 116, 4);
  EXPECT_EQ(error(bad),
            path + ":frame 0 at byte 0: 4 bytes per pixel, expected a header of the IMM format");
  bad = good;
  put_at<std::int32_t>(bad, frame_1 + 160, 7);
  EXPECT_EQ(error(bad).substr(0, path.size() + 8), path + ":frame 2");
  EXPECT_NE(error(bad).find("buffer number 3 after 7, expected ascending numbers"),
            std::string::npos);
  bad = good;
  put_at<std::int32_t>(bad, frame_1 + 1024, 20);
  EXPECT_EQ(error(bad), path + ":frame 1: pixel 20 in event 0, expected pixels from 0 to 19");
  bad = good;
  put_at<std::int32_t>(bad, frame_1 + 1024, -1);
  EXPECT_EQ(error(bad), path + ":frame 1: pixel -1 in event 0, expected pixels from 0 to 19");
  bad = good; // the same pixel twice
  std::memcpy(bad.data() + frame_1 + 1024, bad.data() + frame_1 + 1028, 4);
  EXPECT_NE(error(bad).find("frame 1: two counts of pixel"), std::string::npos) << error(bad);
}

TEST(Imm, NegativeCountsAreRefused) {
  const Scratch scratch;
  testing::Counts counts{1, 2, 2, {0, 3, 0, 0}};
  auto bytes = testing::imm_bytes(counts, true);
  put_at<std::int16_t>(bytes, 1028, -5);
  testing::write_bytes(scratch / "a.imm", bytes);
  const auto source = open_series(scratch / "a.imm");
  frames::EventList events;
  EXPECT_EQ(message_of([&] { source->read_events(0, 1, {}, events); }),
            (scratch / "a.imm") + ":frame 0: -5 counts in pixel 1, expected no negative counts");
}

TEST(Imm, LostFramesAndClocksThatStandAreNamed) {
  const Scratch scratch;
  const auto counts = random_counts(4, 3, 3, 12, 9, 3);
  auto bytes = testing::imm_bytes(counts, false);
  const std::size_t step = 1024 + 18;
  put_at<std::int32_t>(bytes, 3 * step + 160, 14);
  put_at<double>(bytes, 2 * step + 128, 0.5);
  testing::write_bytes(scratch / "a.imm", bytes);
  EXPECT_EQ(open_series(scratch / "a.imm")->info().problems,
            (std::vector<std::string>{
                "10 frames are missing by their buffer numbers: times behind them are too early",
                "the times in the headers do not grow: 0.5 in frame 2 after 0.5"}));
}

TEST(Comp, AllValueTypes) {
  const Scratch scratch;
  const auto counts = random_counts(13, 7, 4, 60, 60000, 4);
  testing::write_bytes(scratch / "a.cmp", testing::comp_bytes<std::uint16_t>(counts));
  auto source = open_series(scratch / "a.cmp");
  EXPECT_EQ(source->info().format, "comp");
  EXPECT_TRUE(source->sparse());
  EXPECT_EQ(source->info().type, frames::PixelType::u16);
  EXPECT_EQ(source->info().invalid_value, 65535.0);
  testing::expect_series(*source, counts);

  const auto large = random_counts(13, 7, 4, 60, 4000000000U, 5);
  testing::write_bytes(scratch / "a.cmp", testing::comp_bytes<std::uint32_t>(large));
  source = open_series(scratch / "a.cmp");
  EXPECT_EQ(source->info().type, frames::PixelType::u32);
  testing::expect_series(*source, large);

  testing::write_bytes(scratch / "a.cmp", testing::comp_bytes<double>(counts, 0.25));
  source = open_series(scratch / "a.cmp");
  EXPECT_FALSE(source->sparse());
  EXPECT_EQ(source->info().type, frames::PixelType::f64);
  std::vector<double> quarter(counts.value.begin(), counts.value.end());
  for (double& v : quarter)
    v *= 0.25;
  EXPECT_EQ(testing::all_values(*source), quarter);
}

TEST(Comp, HeaderGivesTimesAndGeometry) {
  const Scratch scratch;
  testing::write_bytes(scratch / "a.cmp",
                       testing::comp_bytes<std::uint16_t>(random_counts(2, 3, 5, 4, 2, 6)));
  const auto source = open_series(scratch / "a.cmp");
  const auto& info = source->info();
  EXPECT_EQ(info.height, 3);
  EXPECT_EQ(info.width, 5);
  EXPECT_DOUBLE_EQ(info.frame_time_s, 0.002);
  EXPECT_DOUBLE_EQ(info.exposure_s, 0.001997);
  EXPECT_DOUBLE_EQ(info.geometry.beam_center_x_px, 1143);
  EXPECT_DOUBLE_EQ(info.geometry.beam_center_y_px, 1229);
  EXPECT_DOUBLE_EQ(info.geometry.distance_m, 16.23555); // written in mm
  EXPECT_DOUBLE_EQ(info.geometry.wavelength_angstrom, 1.2851);
  EXPECT_DOUBLE_EQ(info.geometry.pixel_size_x_m, 7.5e-5);
  EXPECT_DOUBLE_EQ(info.geometry.pixel_size_y_m, 7.5e-5); // written in um
}

TEST(Comp, BrokenFilesAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.cmp";
  OpenOptions options;
  options.format = "comp";
  const auto error = [&](const std::string& bytes) {
    testing::write_bytes(path, bytes);
    return message_of([&] {
      const auto source = open_series(path, options);
      frames::EventList events;
      source->read_events(0, source->info().frames, {}, events);
    });
  };
  const testing::Counts counts{2, 1, 4, {1, 0, 2, 0, 0, 0, 0, 3}};
  const auto good = testing::comp_bytes<std::uint16_t>(counts); // frames at 1024 and 1040
  ASSERT_EQ(good.size(), 1050U);
  EXPECT_EQ(error("x"), path + ": 1 bytes, expected a header of 1024 bytes");
  EXPECT_EQ(error(std::string(1024, 'x')),
            path + ":byte 0: other bytes, expected Version-COMP0001");
  EXPECT_EQ(error(good.substr(0, 1024)), path + ": no frames, expected at least one");
  EXPECT_EQ(error(good.substr(0, 1049)),
            path + ":frame 1 at byte 1040: the end of the file at byte 1049, expected 1 events in "
                   "6 bytes");
  EXPECT_EQ(error(good.substr(0, 1042)),
            path + ":frame 1 at byte 1040: the end of the file at byte 1042, expected its number "
                   "of events");
  auto bad = good;
  put_at<std::uint32_t>(bad, 80, 3);
  EXPECT_EQ(error(bad), path + ":byte 80: values of 3 bytes, expected 2, 4 or 8");
  bad = good;
  put_at<std::uint32_t>(bad, 84, 0);
  EXPECT_EQ(error(bad),
            path + ":byte 84: frames of 1 × 0 pixels, expected at least one pixel, at most 2^31");
  bad = good;
  put_at<std::uint32_t>(bad, 1024, 5);
  EXPECT_EQ(error(bad),
            path + ":frame 0 at byte 1024: 5 events, expected at most one for each of 4 pixels");
  bad = good;
  put_at<std::int32_t>(bad, 1044, 4);
  EXPECT_EQ(error(bad), path + ":frame 1: pixel 4 in event 0, expected pixels from 0 to 3");
  bad = good;
  put_at<std::int32_t>(bad, 1028, 2);
  EXPECT_EQ(error(bad),
            path + ":frame 0: two counts of pixel 2 (y = 0, x = 2), expected one at most");
}

} // namespace
} // namespace vitrum::io
