// TIFF stacks and folders of TIFF files: order, shapes, and broken files by message.
#include <filesystem>

#include <tiffio.h>
#include <unistd.h>

#include "support.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::io {
namespace {

using testing::all_values;
using testing::message_of;
using testing::Scratch;

template <class T>
void write_image(const std::string& path, Index height, Index width, T value) {
  write_tiff(path,
             make_array(std::vector<Index>{height, width},
                        std::vector<T>(static_cast<std::size_t>(height * width), value),
                        ""),
             true);
}

TEST(TiffFolder, NumericOrderOfNames) {
  const Scratch scratch;
  // as text, frame_10 stands before frame_2
  for (const int i : {10, 2, 1, 100, 9})
    write_image<std::uint16_t>(
        scratch / ("frame_" + std::to_string(i) + ".tif"), 2, 3, static_cast<std::uint16_t>(i));
  write_image<std::uint16_t>(scratch / "frame_0011.TIFF", 2, 3, 11);
  // not images: passed over, whatever they hold
  testing::write_bytes(scratch / "notes.txt", "frame 3 was lost");
  testing::write_bytes(scratch / "._frame_3.tif", "what a Mac leaves behind");
  std::filesystem::create_directory(scratch / "frame_4.tif");
  const auto source = open_series(scratch.folder());
  const auto& info = source->info();
  EXPECT_EQ(info.format, "tiff-folder");
  EXPECT_EQ(info.frames, 6);
  const auto values = all_values(*source);
  std::vector<double> first;
  for (std::size_t f = 0; f < 6; ++f)
    first.push_back(values[6 * f]);
  EXPECT_EQ(first, (std::vector<double>{1, 2, 9, 10, 11, 100}));
  std::vector<std::uint16_t> two(12); // over the border of files, and backwards
  source->read(3, 2, reinterpret_cast<std::byte*>(two.data()));
  EXPECT_EQ(two[0], 10);
  EXPECT_EQ(two[6], 11);
  source->read(0, 1, reinterpret_cast<std::byte*>(two.data()));
  EXPECT_EQ(two[0], 1);
  const std::pair<std::string, std::string> files("files", "6, from frame_1.tif to frame_100.tif");
  EXPECT_EQ(std::count(info.metadata.begin(), info.metadata.end(), files), 1);
}

TEST(TiffFolder, OtherShapesAndTypesAreNamed) {
  const Scratch scratch;
  write_image<std::uint16_t>(scratch / "a1.tif", 2, 3, 1);
  write_image<std::uint16_t>(scratch / "a2.tif", 2, 4, 1);
  const auto error = [&] {
    return message_of<FormatError>([&] { static_cast<void>(open_series(scratch.folder())); });
  };
  EXPECT_EQ(error(),
            (scratch / "a2.tif") +
                ": 2 × 4 pixels of uint16, expected 2 × 3 of uint16 as in a1.tif");
  write_image<float>(scratch / "a2.tif", 2, 3, 1);
  EXPECT_EQ(error(),
            (scratch / "a2.tif") +
                ": 2 × 3 pixels of float32, expected 2 × 3 of uint16 as in a1.tif");
  testing::write_bytes(scratch / "a2.tif", "hello, this is no image");
  EXPECT_EQ(error(),
            (scratch / "a2.tif") + ": unreadable TIFF (Not a TIFF or MDI file, bad magic number "
                                   "25960 (0x6568)), expected a TIFF file");
  // a file that changes after it was looked at
  write_image<std::uint16_t>(scratch / "a2.tif", 2, 3, 1);
  const auto source = open_series(scratch.folder());
  write_image<std::uint16_t>(scratch / "a1.tif", 3, 3, 1);
  std::vector<std::byte> out(18);
  EXPECT_EQ(message_of<FormatError>([&] { source->read(0, 1, out.data()); }),
            (scratch / "a1.tif") +
                ": 3 × 3 pixels of uint16, expected 2 × 3 of uint16 as in a1.tif");
}

/// One page with the tags that `more` sets.
template <class More>
void write_odd(const std::string& path, int bits, More&& more, int pages = 1, int height = 4) {
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  const std::vector<char> row(4096, 1);
  for (int page = 0; page < pages; ++page) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 8);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page + 1 < pages || pages == 1 ? height : height + 1);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    more(tiff);
    for (int y = 0; y < height + (pages > 1 && page + 1 == pages ? 1 : 0); ++y)
      TIFFWriteScanline(tiff, const_cast<char*>(row.data()), static_cast<std::uint32_t>(y), 0);
    TIFFWriteDirectory(tiff);
  }
  TIFFClose(tiff);
}

TEST(Tiff, UnusableImagesAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.tif";
  const auto error = [&] {
    return message_of<FormatError>([&] { static_cast<void>(open_series(path)); });
  };
  const auto plain = [](TIFF*) {};
  write_odd(path, 12, plain);
  EXPECT_EQ(error(),
            path + ":page 0: 4 × 8 pixels of 1 × 12 bits, expected grey images of 8 to 64 bits");
  write_odd(path, 1, plain);
  EXPECT_EQ(error(),
            path + ":page 0: 4 × 8 pixels of 1 × 1 bits, expected grey images of 8 to 64 bits");
  write_odd(
      path, 64, [](TIFF* t) { TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_COMPLEXIEEEFP); });
  EXPECT_EQ(error(),
            path + ":page 0: 4 × 8 pixels of 1 × 64 bits, expected grey images of 8 to 64 bits");
  write_odd(path, 8, [](TIFF* t) {
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, 3);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  });
  EXPECT_EQ(error(),
            path + ":page 0: 4 × 8 pixels of 3 × 8 bits, expected grey images of 8 to 64 bits");
  write_odd(path, 16, plain, 3);
  EXPECT_EQ(error(),
            path + ":page 2: 5 × 8 pixels of 1 × 16 bits, expected 4 × 8 pixels of 1 × 16 bits as "
                   "on page 0");
}

TEST(Tiff, TruncatedFilesAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.tif";
  // libtiff puts the pixels in front of the directory; a cut loses the directory
  write_image<std::uint16_t>(path, 40, 50, 3);
  const std::string bytes = testing::read_bytes(path);
  testing::write_bytes(path, bytes.substr(0, bytes.size() / 2));
  auto message = message_of<FormatError>([&] { static_cast<void>(open_series(path)); });
  EXPECT_TRUE(message.starts_with(path + ": unreadable TIFF (")) << message;
  EXPECT_TRUE(message.ends_with("), expected a TIFF file")) << message;
  // pixels behind the end of the file: the offset of the strip (tag 273) is moved there
  std::string moved = bytes;
  const auto tag = moved.find(std::string("\x11\x01", 2), 8 + 4000);
  ASSERT_NE(tag, std::string::npos);
  moved.replace(tag + 8, 4, std::string("\x00\x00\x10\x00", 4));
  testing::write_bytes(path, moved);
  const auto source = open_series(path);
  std::vector<std::byte> out(4000);
  message = message_of<FormatError>([&] { source->read(0, 1, out.data()); });
  EXPECT_TRUE(message.starts_with(path + ":page 0: rows from 0 cannot be read (")) << message;
}

TEST(Files, WithoutPermissionAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.tif";
  write_image<std::uint16_t>(path, 2, 3, 1);
  std::filesystem::permissions(path, std::filesystem::perms::none);
  if (::access(path.c_str(), R_OK) == 0)
    GTEST_SKIP() << "this user may read everything";
  EXPECT_EQ(message_of<FileError>([&] { static_cast<void>(open_series(path)); }),
            path + ": cannot be opened (Permission denied)");
  EXPECT_EQ(message_of<FileError>([&] { static_cast<void>(open_series(scratch.folder())); }),
            path + ": cannot be opened (Permission denied)");
}

} // namespace
} // namespace vitrum::io
