#include "vitrum/io/frame_writer.hpp"

#include <csignal>

#include <sys/resource.h>

#include "support.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

frames::SeriesInfo small_info(frames::PixelType type) {
  frames::SeriesInfo info;
  info.height = 21;
  info.width = 34;
  info.type = type;
  info.frame_time_s = 0.01;
  info.exposure_s = 0.009;
  info.geometry = {1.2, 5, 75e-6, 76e-6, 3.5, -4};
  info.bad_pixels.assign(21 * 34, 0);
  info.bad_pixels[9] = 1;
  info.invalid_value = 255;
  return info;
}

std::vector<std::byte> some_frames(Index bytes) {
  std::vector<std::byte> out(static_cast<std::size_t>(bytes));
  Random random(8);
  for (auto& b : out)
    b = static_cast<std::byte>(random.below(3));
  return out;
}

TEST(FrameWriter, AllTypesAndCompressionsReadBack) {
  using enum frames::PixelType;
  const Scratch scratch;
  for (const auto type : {u8, u16, u32, u64, i8, i16, i32, i64, f32, f64})
    for (const auto compression : {FrameCompression::none,
                                   FrameCompression::bitshuffle_lz4,
                                   FrameCompression::bitshuffle_zstd})
      for (const std::string name : {"a.h5", "a.npy"}) {
        const auto info = small_info(type);
        const auto frames = some_frames(7 * info.frame_bytes());
        FrameWriterOptions options;
        options.overwrite = true;
        options.compression = compression;
        const auto writer = make_frame_writer(scratch / name, info, options);
        writer->append(0, 3, frames.data());
        writer->append(3, 4, frames.data() + 3 * info.frame_bytes());
        EXPECT_EQ(writer->frames_written(), 7);
        writer->close();
        const auto source = open_series(scratch / name);
        ASSERT_EQ(source->info().frames, 7);
        EXPECT_EQ(source->info().type, type);
        std::vector<std::byte> back(frames.size());
        source->read(0, 7, back.data());
        EXPECT_EQ(back, frames) << name << static_cast<int>(type);
        if (name == "a.h5") {
          EXPECT_EQ(source->info().frame_time_s, info.frame_time_s);
          EXPECT_EQ(source->info().exposure_s, info.exposure_s);
          EXPECT_EQ(source->info().geometry.beam_center_y_px, -4);
          EXPECT_EQ(source->info().geometry.pixel_size_y_m, 76e-6);
          EXPECT_EQ(source->info().geometry.wavelength_angstrom, 1.2);
          EXPECT_EQ(source->info().bad_pixels, info.bad_pixels);
          EXPECT_EQ(source->info().invalid_value, 255);
        }
      }
}

TEST(FrameWriter, TimesAndFurtherGroupsAreKept) {
  const Scratch scratch;
  auto info = small_info(frames::PixelType::u16);
  info.timestamps_s = {0, 0.1, 0.3};
  FrameWriterOptions options;
  options.extra.set("entry/truth/tau_s", make_scalar(4.5, "s"));
  const auto frames = some_frames(3 * info.frame_bytes());
  const auto writer = make_frame_writer(scratch / "a.h5", info, options);
  writer->append(0, 3, frames.data());
  writer->close();
  EXPECT_EQ(open_series(scratch / "a.h5")->info().timestamps_s, info.timestamps_s);
  EXPECT_EQ(read_tree(scratch / "a.h5").number("entry/truth/tau_s"), 4.5);
}

TEST(FrameWriter, NothingIsLeftWithoutClose) {
  const Scratch scratch;
  const auto info = small_info(frames::PixelType::u16);
  const auto frames = some_frames(info.frame_bytes());
  for (const std::string name : {"a.h5", "a.npy"}) {
    {
      const auto writer = make_frame_writer(scratch / name, info);
      writer->append(0, 1, frames.data());
      EXPECT_EQ(message_of<OptionError>([&] { writer->append(0, 1, frames.data()); }),
                "frames 0 to 1 are appended after 1 frames");
    }
    EXPECT_TRUE(scratch.names().empty()) << name;
    const auto empty = make_frame_writer(scratch / name, info);
    EXPECT_EQ(message_of<DataError>([&] { empty->close(); }),
              (scratch / name) + ": no frame was written");
  }
  EXPECT_EQ(message_of<OptionError>(
                [&] { static_cast<void>(make_frame_writer(scratch / "a.tif", info)); }),
            (scratch / "a.tif") + ": frames are written as .h5, .hdf5, .nxs or .npy");
}

/// Files of this process may not grow beyond `bytes`, as on a full disk.
class FileLimit {
public:
  explicit FileLimit(rlim_t bytes) {
    previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    rlimit limit{bytes, previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    std::signal(SIGXFSZ, previous_handler_);
  }

private:
  rlimit previous_{};
  void (*previous_handler_)(int) = nullptr;
};

TEST(DiskFull, NothingIsLeftOfATree) {
  const Scratch scratch;
  Tree tree;
  std::vector<double> values(200'000);
  Random random(1);
  for (double& v : values)
    v = random.uniform();
  tree.set("a", make_array(values));
  tree.set("b", make_array(std::move(values)));
  for (const rlim_t limit : {rlim_t{100}, rlim_t{5000}, rlim_t{300'000}, rlim_t{2'000'000}}) {
    std::string message;
    {
      const FileLimit full(limit);
      message = message_of<FileError>([&] { write_tree(scratch / "out.h5", tree); });
    }
    EXPECT_EQ(message, (scratch / "out.h5") + ": cannot be written (File too large)");
    EXPECT_TRUE(scratch.names().empty()) << limit << " " << message;
  }
  write_tree(scratch / "out.h5", tree); // the library is usable afterwards
  EXPECT_EQ(read_tree(scratch / "out.h5").numbers("b").size(), 200'000U);
}

TEST(DiskFull, NothingIsLeftOfFrames) {
  const Scratch scratch;
  const auto info = small_info(frames::PixelType::u16);
  const auto frames = some_frames(40 * info.frame_bytes());
  for (const std::string name : {"a.h5", "a.npy"}) {
    std::string message;
    {
      const FileLimit full(8000);
      message = message_of<FileError>([&] {
        const auto writer = make_frame_writer(scratch / name, info);
        for (Index i = 0; i < 40; ++i)
          writer->append(i, 1, frames.data() + i * info.frame_bytes());
        writer->close();
      });
    }
    EXPECT_EQ(message, (scratch / name) + ": cannot be written (File too large)");
    EXPECT_TRUE(scratch.names().empty());
  }
}

} // namespace
} // namespace vitrum::io
