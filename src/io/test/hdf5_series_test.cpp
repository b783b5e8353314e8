#include <cmath>
#include <numeric>

#include <lz4.h>
#include <zstd.h>

#include "../bytes.hpp"
#include "hdf5_support.hpp"
#include "support.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::all_values;
using testing::chunked;
using testing::counting;
using testing::doubles;
using testing::H5Writer;
using testing::message_of;
using testing::Scratch;
using testing::with_filter;

template <class T>
class Hdf5Types : public ::testing::Test {};
using Types = ::testing::Types<std::uint8_t,
                               std::uint16_t,
                               std::uint32_t,
                               std::uint64_t,
                               std::int8_t,
                               std::int16_t,
                               std::int32_t,
                               std::int64_t,
                               float,
                               double>;
TYPED_TEST_SUITE(Hdf5Types, Types);

TYPED_TEST(Hdf5Types, AllLayoutsGiveTheSameFrames) {
  const Scratch scratch;
  const h5::Lock lock;
  const Index frames = 7, height = 13, width = 18;
  auto values = counting<TypeParam>(frames * height * width);
  for (auto& v : values)
    v = static_cast<TypeParam>(static_cast<int>(v) % 100);
  const std::vector<double> expected(values.begin(), values.end());
  const std::vector<hsize_t> dims{7, 13, 18};
  {
    H5Writer file(scratch / "a.h5");
    file.dataset("/contiguous", dims, values);
    file.dataset("/frame", dims, values, chunked({1, 13, 18}, true, 1).get());
    file.dataset("/slabs", dims, values, chunked({3, 13, 18}, true, 4).get());
    file.dataset("/tiles", dims, values, chunked({2, 5, 8}, false, 1).get());
    file.dataset("/plain_tiles", dims, values, chunked({1, 13, 7}).get());
  }
  for (const std::string name : {"contiguous", "frame", "slabs", "tiles", "plain_tiles"})
    for (const bool direct : {true, false}) {
      OpenOptions options;
      options.decode_chunks = direct;
      const auto source = open_series((scratch / "a.h5") + "::/" + name, options);
      EXPECT_EQ(source->info().type, frames::pixel_type_of<TypeParam>());
      EXPECT_EQ(all_values(*source), expected) << name << direct;
      // any range is a part of the whole
      for (Index first = 0; first < frames; ++first)
        for (Index count = 1; first + count <= frames; ++count) {
          std::vector<TypeParam> part(static_cast<std::size_t>(count * height * width));
          source->read(first, count, reinterpret_cast<std::byte*>(part.data()));
          EXPECT_TRUE(std::equal(part.begin(), part.end(), values.begin() + first * height * width))
              << name << first << " " << count;
        }
    }
}

TEST(Hdf5Scans, FramesFollowTheLeadingDimensions) {
  const Scratch scratch;
  const h5::Lock lock;
  const std::vector<hsize_t> dims{3, 2, 4, 5, 6};
  const Index frames = 24, pixels = 30;
  const auto values = counting<std::uint16_t>(frames * pixels);
  {
    H5Writer file(scratch / "a.h5");
    file.dataset("/contiguous", dims, values);
    file.dataset("/frame", dims, values, chunked({1, 1, 1, 5, 6}, true, 1).get());
    file.dataset("/row", dims, values, chunked({1, 1, 2, 5, 6}, true, 1).get());
    file.dataset("/cut_row", dims, values, chunked({1, 1, 3, 5, 6}).get());
    file.dataset("/block", dims, values, chunked({2, 2, 2, 3, 4}, true, 1).get());
    file.dataset("/four", {1, 6, 4, 5, 6}, values);
  }
  for (const std::string name : {"contiguous", "frame", "row", "cut_row", "block", "four"})
    for (const bool direct : {true, false}) {
      OpenOptions options;
      options.decode_chunks = direct;
      const auto source = open_series((scratch / "a.h5") + "::/" + name, options);
      EXPECT_EQ(source->info().frames, frames);
      EXPECT_EQ(source->info().leading,
                name == "four" ? (std::vector<Index>{6, 4}) : (std::vector<Index>{3, 2, 4}));
      for (Index first = 0; first < frames; ++first)
        for (Index count = 1; first + count <= frames; ++count) {
          std::vector<std::uint16_t> part(static_cast<std::size_t>(count * pixels));
          source->read(first, count, reinterpret_cast<std::byte*>(part.data()));
          EXPECT_TRUE(std::equal(part.begin(), part.end(), values.begin() + first * pixels))
              << name << first << " " << count;
        }
    }
}

/// Writes one chunk per frame, packed by `pack`.
template <class Pack>
void write_packed(const std::string& path,
                  H5Z_filter_t id,
                  const std::vector<unsigned>& filter_values,
                  const std::vector<std::uint16_t>& values,
                  Index frames,
                  Index height,
                  Index width,
                  Pack&& pack) {
  const h5::Lock lock;
  H5Writer file(path);
  const auto h = static_cast<hsize_t>(height);
  const auto w = static_cast<hsize_t>(width);
  const auto set = file.dataset("/entry/data/data",
                                {static_cast<hsize_t>(frames), h, w},
                                std::vector<std::uint16_t>{},
                                with_filter(chunked({1, h, w}), id, filter_values).get());
  for (Index f = 0; f < frames; ++f) {
    const auto frame = std::as_bytes(std::span(values).subspan(
        static_cast<std::size_t>(f * height * width), static_cast<std::size_t>(height * width)));
    const std::vector<std::byte> packed = pack(frame);
    const hsize_t offset[] = {static_cast<hsize_t>(f), 0, 0};
    ASSERT_GE(H5Dwrite_chunk(set.get(), H5P_DEFAULT, 0, offset, packed.size(), packed.data()), 0);
  }
}

std::vector<std::byte> pack_lz4(std::span<const std::byte> in) {
  std::vector<std::byte> out(
      static_cast<std::size_t>(16 + LZ4_compressBound(static_cast<int>(in.size()))));
  store_big<std::uint64_t>(in.size(), out.data());
  store_big<std::uint32_t>(static_cast<std::uint32_t>(in.size()), out.data() + 8);
  const int n = LZ4_compress_default(reinterpret_cast<const char*>(in.data()),
                                     reinterpret_cast<char*>(out.data() + 16),
                                     static_cast<int>(in.size()),
                                     static_cast<int>(out.size() - 16));
  store_big(static_cast<std::uint32_t>(n), out.data() + 12);
  out.resize(static_cast<std::size_t>(16 + n));
  return out;
}

TEST(Hdf5Series, FiltersNeedNoPlugin) {
  const Scratch scratch;
  const Index frames = 5, height = 33, width = 41;
  const auto values = counting<std::uint16_t>(frames * height * width);
  struct Case {
    const char* name;
    H5Z_filter_t id;
    std::vector<unsigned> values;
    std::function<std::vector<std::byte>(std::span<const std::byte>)> pack;
  };
  const std::vector<Case> cases{
      {"bitshuffle",
       filter_bitshuffle,
       {0, 4, 2, 0, 0},
       [](auto in) { return encode_bitshuffle(in, 2, 0, Packing::none); }},
      {"bslz4",
       filter_bitshuffle,
       {0, 4, 2, 0, 2},
       [](auto in) { return encode_bitshuffle(in, 2, 0, Packing::lz4); }},
      {"bszstd",
       filter_bitshuffle,
       {0, 4, 2, 0, 3, 1},
       [](auto in) { return encode_bitshuffle(in, 2, 0, Packing::zstd); }},
      {"lz4", filter_lz4, {0}, [](auto in) { return pack_lz4(in); }},
      {"zstd",
       filter_zstd,
       {3},
       [](auto in) {
         std::vector<std::byte> out(ZSTD_compressBound(in.size()));
         out.resize(ZSTD_compress(out.data(), out.size(), in.data(), in.size(), 1));
         return out;
       }},
  };
  for (const auto& c : cases) {
    const std::string path = scratch / (std::string(c.name) + ".h5");
    write_packed(path, c.id, c.values, values, frames, height, width, c.pack);
    for (const bool direct : {true, false}) {
      OpenOptions options;
      options.decode_chunks = direct;
      const auto source = open_series(path, options);
      EXPECT_EQ(all_values(*source), doubles(frames * height * width)) << c.name << direct;
    }
  }
}

TEST(Hdf5Series, ThreadsDoNotChangeTheFrames) {
  const Scratch scratch;
  const Index frames = 40, height = 64, width = 64;
  write_packed(scratch / "a.h5",
               filter_bitshuffle,
               {0, 4, 2, 0, 2},
               counting<std::uint16_t>(frames * height * width),
               frames,
               height,
               width,
               [](auto in) { return encode_bitshuffle(in, 2, 0, Packing::lz4); });
  for (const Index threads : {1, 2, 5}) {
    set_thread_count(threads);
    EXPECT_EQ(all_values(*open_series(scratch / "a.h5")), doubles(frames * height * width));
  }
  set_thread_count(0);
}

TEST(Hdf5Series, DamagedChunksAreNamedByFrame) {
  const Scratch scratch;
  const Index frames = 4, height = 16, width = 16;
  Index n = 0;
  write_packed(scratch / "a.h5",
               filter_bitshuffle,
               {0, 4, 2, 0, 2},
               counting<std::uint16_t>(frames * height * width),
               frames,
               height,
               width,
               [&](auto in) {
                 auto out = encode_bitshuffle(in, 2, 0, Packing::lz4);
                 if (n++ == 2)
                   out.resize(out.size() - 3);
                 return out;
               });
  const auto source = open_series(scratch / "a.h5");
  std::vector<std::byte> out(static_cast<std::size_t>(source->info().frame_bytes() * frames));
  const std::string message = message_of<FormatError>([&] { source->read(0, frames, out.data()); });
  EXPECT_TRUE(message.starts_with((scratch / "a.h5") +
                                  ":/entry/data/data: frame 2: block at byte 12 states "))
      << message;
  source->read(0, 2, out.data()); // the reader is usable afterwards
  OpenOptions library;
  library.decode_chunks = false;
  const auto slow = open_series(scratch / "a.h5", library);
  EXPECT_EQ(message_of<FormatError>([&] { slow->read(0, frames, out.data()); }), message);
}

TEST(Hdf5Series, ShortChunksWithoutTheirFilterAreRefused) {
  const Scratch scratch; // found by the fuzzer: the HDF5 library reads beyond such a chunk
  {
    const h5::Lock lock;
    H5Writer file(scratch / "a.h5");
    const auto set =
        file.dataset("/data",
                     {1, 8, 8},
                     std::vector<std::uint16_t>{},
                     with_filter(chunked({1, 8, 8}), filter_bitshuffle, {0, 4, 2, 0, 2}).get());
    const hsize_t offset[] = {0, 0, 0};
    const std::vector<std::byte> bytes(20);
    ASSERT_GE(H5Dwrite_chunk(set.get(), H5P_DEFAULT, 1, offset, bytes.size(), bytes.data()), 0);
  }
  std::vector<std::byte> out(128);
  OpenOptions options;
  EXPECT_EQ(message_of<FormatError>(
                [&] { open_series(scratch / "a.h5", options)->read(0, 1, out.data()); }),
            (scratch / "a.h5") + ":/data: frame 0: 20 bytes, expected 128");
  options.decode_chunks = false;
  EXPECT_EQ(message_of<FormatError>(
                [&] { open_series(scratch / "a.h5", options)->read(0, 1, out.data()); }),
            (scratch / "a.h5") + ":/data: frame 0: 20 bytes, expected 128");
}

TEST(Hdf5Series, ShortChunksBesideAnUnknownPackingAreRefused) {
  const Scratch scratch; // bitshuffle with packing 1, which nobody knows, skipped for this chunk
  {
    const h5::Lock lock;
    H5Writer file(scratch / "a.h5");
    const auto set =
        file.dataset("/data",
                     {1, 8, 8},
                     std::vector<std::uint16_t>{},
                     with_filter(chunked({1, 8, 8}), filter_bitshuffle, {0, 4, 2, 0, 1}).get());
    const hsize_t offset[] = {0, 0, 0};
    const std::vector<std::byte> bytes(20);
    ASSERT_GE(H5Dwrite_chunk(set.get(), H5P_DEFAULT, 1, offset, bytes.size(), bytes.data()), 0);
  }
  std::vector<std::byte> out(128);
  EXPECT_EQ(message_of<FormatError>([&] { open_series(scratch / "a.h5")->read(0, 1, out.data()); }),
            (scratch / "a.h5") + ":/data: frame 0: 20 bytes without a filter, expected 128");
}

TEST(Hdf5Series, UnwrittenChunksHoldTheFillValue) {
  const Scratch scratch;
  {
    const h5::Lock lock;
    H5Writer file(scratch / "a.h5");
    auto creation = chunked({1, 4, 4}, false, 1);
    const std::uint16_t fill = 7;
    H5Pset_fill_value(creation.get(), H5T_NATIVE_UINT16, &fill);
    file.dataset("/entry/data/data", {3, 4, 4}, std::vector<std::uint16_t>{}, creation.get());
  }
  EXPECT_EQ(all_values(*open_series(scratch / "a.h5")), std::vector<double>(48, 7));
}

TEST(Hdf5Series, DefaultPlotBlissAndLargestAreFound) {
  const Scratch scratch;
  const h5::Lock lock;
  {
    H5Writer file(scratch / "nx.h5");
    file.dataset("/entry/scan/counts", {2, 3, 4}, counting<std::uint8_t>(24));
    file.dataset("/entry/scan/other", {2, 3, 4}, counting<std::uint8_t>(24, 5));
    file.attribute("/", "default", "entry");
    file.attribute("/entry", "default", "scan");
    file.attribute("/entry/scan", "signal", "counts");
  }
  EXPECT_EQ(open_series(scratch / "nx.h5")->info().path,
            (scratch / "nx.h5") + "::/entry/scan/counts");
  {
    H5Writer file(scratch / "bliss.h5");
    file.dataset("/2.1/measurement/eiger4m", {2, 30, 40}, counting<std::uint16_t>(2400));
    file.dataset("/2.1/measurement/mca", {2, 3, 4}, counting<std::uint16_t>(24));
    file.dataset("/2.1/measurement/epoch", {2}, counting<double>(2));
  }
  const auto bliss = open_series(scratch / "bliss.h5");
  EXPECT_EQ(bliss->info().path, (scratch / "bliss.h5") + "::/2.1/measurement/eiger4m");
  EXPECT_EQ(bliss->info().metadata.back(),
            (std::pair<std::string, std::string>{"not taken", "/2.1/measurement/mca"}));
  {
    H5Writer file(scratch / "two.h5");
    file.dataset("/a", {2, 3, 4}, counting<std::uint16_t>(24));
    file.dataset("/b", {3, 3, 4}, counting<std::uint16_t>(36));
  }
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(open_series(scratch / "two.h5")); }),
            (scratch / "two.h5") +
                ": 2 datasets that may hold the frames, expected the name of one as " +
                (scratch / "two.h5") + "::/name: /b 3-D [3, 3, 4], /a 3-D [2, 3, 4]");
  {
    H5Writer file(scratch / "image.h5");
    file.dataset("/image", {3, 4}, counting<float>(12));
  }
  EXPECT_EQ(open_series(scratch / "image.h5")->info().frames, 1);
}

TEST(Hdf5Series, MetadataOfNeighbourAndOddUnits) {
  const Scratch scratch;
  const h5::Lock lock;
  {
    H5Writer file(scratch / "data.h5");
    file.dataset("/entry/data/data", {2, 3, 4}, counting<std::uint16_t>(24));
  }
  {
    H5Writer file(scratch / "scan_metadata.hdf");
    file.group("/entry/schema_version");
    const std::string d = "/entry/instrument/detector_1/";
    file.scalar(d + "frame_time", 1e-3);
    file.scalar(d + "x_pixel_size", 75.0); // no unit, and no metres
    file.scalar(d + "distance", 11.6);
    file.scalar(d + "beam_center_x", 12.5);
    file.scalar("/entry/instrument/incident_beam/incident_energy", 12.398419843320026);
  }
  const auto source = open_series(scratch / "data.h5");
  const auto& info = source->info();
  EXPECT_EQ(info.frame_time_s, 1e-3);
  EXPECT_EQ(info.geometry.distance_m, 11.6);
  EXPECT_EQ(info.geometry.beam_center_x_px, 12.5);
  EXPECT_NEAR(
      info.geometry.wavelength_angstrom, 1.0, 1e-9); // hc = 12.39842 keV Å to its known digits
  EXPECT_TRUE(std::isnan(info.geometry.pixel_size_x_m));
  EXPECT_EQ(info.problems,
            std::vector<std::string>{"/entry/instrument/detector_1/x_pixel_size = 75 is not used: "
                                     "it has no unit and cannot be in metres"});
}

TEST(Hdf5Series, BadInputIsNamed) {
  const Scratch scratch;
  const h5::Lock lock;
  const std::string path = scratch / "a.h5";
  {
    H5Writer file(path);
    file.dataset("/line", {5}, counting<float>(5));
    file.dataset("/entry/data/data", {2, 3, 4}, counting<std::uint16_t>(24));
    file.dataset("/none", {0, 3, 4}, std::vector<float>{});
    file.dataset("/deep", {2, 2, 2, 2, 3, 4}, counting<float>(192));
    file.text("/words", "hello");
    const h5::Handle complex(H5Tcreate(H5T_COMPOUND, 8));
    H5Tinsert(complex.get(), "r", 0, H5T_NATIVE_FLOAT);
    H5Tinsert(complex.get(), "i", 4, H5T_NATIVE_FLOAT);
    file.dataset("/complex", {2, 3, 4}, std::vector<float>{}, H5P_DEFAULT, complex.get());
    file.dataset("/blosc",
                 {2, 3, 4},
                 std::vector<float>{},
                 with_filter(chunked({1, 3, 4}), 305, {1, 2}).get());
    file.group("/empty");
  }
  const auto error = [&](const std::string& inside) {
    const auto message =
        message_of<FormatError>([&] { static_cast<void>(open_series(path + "::" + inside)); });
    EXPECT_TRUE(message.starts_with(path + ":")) << message;
    return message.substr(path.size() + 1);
  };
  const std::string dimensions =
      "[y, x], [frame, y, x] or a scan [..., y, x] of at most 5 dimensions";
  EXPECT_EQ(error("/line"), "/line: 1-D [5] float32, expected " + dimensions);
  EXPECT_EQ(error("/deep"), "/deep: 6-D [2, 2, 2, 2, 3, 4] float32, expected " + dimensions);
  EXPECT_EQ(error("/none"),
            "/none: 3-D [0, 3, 4] float32, expected at least one frame and one pixel");
  EXPECT_EQ(error("/words"), "/words: text, expected " + dimensions);
  EXPECT_EQ(error("/complex"),
            "/complex: complex or compound values, expected integer or floating-point pixels");
  EXPECT_EQ(error("/entry/data/dta"),
            "/entry/data/dta: no such dataset, expected one of: /entry/data/data");
  EXPECT_EQ(error("/empty"),
            "/empty: a group without data_000001, data or a default signal, expected a dataset or "
            "such a group");
}

TEST(Hdf5Series, FilesWithoutFramesListWhatTheyHold) {
  const Scratch scratch;
  const h5::Lock lock;
  const std::string path = scratch / "a.h5";
  {
    H5Writer file(path);
    file.group("/empty");
  }
  const auto error = [&] {
    return message_of<FormatError>([&] { static_cast<void>(open_series(path)); });
  };
  EXPECT_EQ(error(), path + ": no datasets, expected frames [frame, y, x]");
  {
    H5Writer file(path);
    file.dataset("/entry/g2", {5}, counting<float>(5));
    file.text("/entry/title", "hello");
    file.scalar("/entry/time", 2.0);
  }
  EXPECT_EQ(error(),
            path + ": 3 datasets, none of numbers with two or three dimensions: /entry/g2 (1-D [5] "
                   "float32), /entry/time (a scalar float64), /entry/title (text), expected frames "
                   "[frame, y, x]");
  {
    H5Writer file(path);
    for (int i = 1; i <= 9; ++i)
      file.dataset("/list" + std::to_string(i), {2}, counting<std::uint8_t>(2));
  }
  const auto message = error();
  EXPECT_NE(message.find("/list8 (1-D [2] uint8), …, expected frames"), std::string::npos)
      << message;
  EXPECT_EQ(message.find("/list9"), std::string::npos) << message;
}

TEST(Hdf5Series, UnreadableFilterIsNamed) {
  const Scratch scratch;
  const h5::Lock lock;
  const std::string path = scratch / "a.h5";
  {
    H5Writer file(path);
    file.dataset("/entry/data/data",
                 {2, 3, 4},
                 std::vector<float>{},
                 with_filter(chunked({1, 3, 4}), filter_lz4, {0}).get());
  }
  // the number of the filter becomes one that nobody knows: 32004 = 7d04, 31999 = 7cff
  std::string bytes = testing::read_bytes(path);
  const auto at = bytes.find(std::string("\x04\x7d", 2));
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 2, "\xff\x7c");
  testing::write_bytes(path, bytes);
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(open_series(path)); }),
            path + ":/entry/data/data: filter 31999 (lz4), expected bitshuffle, lz4, zstd, lzf, "
                   "gzip, shuffle or an "
                   "installed plug-in");
}

TEST(Hdf5Series, BrokenFilesAreNamed) {
  const Scratch scratch;
  {
    const h5::Lock lock;
    H5Writer file(scratch / "whole.h5");
    file.dataset("/entry/data/data", {4, 6, 5}, counting<std::uint16_t>(120));
  }
  const std::string bytes = testing::read_bytes(scratch / "whole.h5");
  testing::write_bytes(scratch / "cut.h5", bytes.substr(0, bytes.size() / 2));
  const auto message =
      message_of<FormatError>([&] { static_cast<void>(open_series(scratch / "cut.h5")); });
  EXPECT_TRUE(
      message.starts_with((scratch / "cut.h5") + ": unreadable HDF5 (truncated file: eof = "))
      << message;
  testing::write_bytes(scratch / "empty.h5", "");
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(open_series(scratch / "empty.h5")); }),
            (scratch / "empty.h5") + ": an empty file, expected frames");
  testing::write_bytes(scratch / "text.h5", "hello");
  EXPECT_EQ(
      message_of<FormatError>([&] { static_cast<void>(open_series(scratch / "text.h5")); }),
      (scratch / "text.h5") +
          ": content of no known format, expected one of those that 'vitrum formats' lists; a raw "
          "file needs its height, width and pixel type");
  EXPECT_EQ(message_of<FileError>([&] { static_cast<void>(open_series(scratch / "gone.h5")); }),
            (scratch / "gone.h5") + ": cannot be opened (No such file or directory)");
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(open_series(scratch.folder())); }),
            scratch.folder() + ": a folder without frames, expected a folder of TIFF or DM files");
}

} // namespace
} // namespace vitrum::io
