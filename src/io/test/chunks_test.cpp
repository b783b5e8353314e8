// Chunked datasets of any rank: decoded here as the HDF5 library decodes them, and refused when a
// chunk is shorter than it must be (the library would read beyond its end).
#include "../hdf5_chunks.hpp"

#include <zlib.h>

#include "hdf5_support.hpp"
#include "support.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/io/aps_result.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/tables.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::io {
namespace {

using testing::chunked;
using testing::counting;
using testing::H5Writer;
using testing::message_of;
using testing::Scratch;

h5::Handle with_checksum(h5::Handle creation) {
  H5Pset_fletcher32(creation.get());
  return creation;
}

/// The obvious twin: the library reads, in its own way.
std::vector<double> by_library(const h5::Dataset& dataset) {
  std::vector<double> values(static_cast<std::size_t>(dataset.size()));
  EXPECT_GE(
      H5Dread(dataset.id.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
      0);
  return values;
}

TEST(Chunks, EqualTheLibraryForAnyRankTypeAndFilter) {
  const Scratch scratch;
  const h5::Lock lock;
  Random random(4);
  struct Shape {
    std::vector<hsize_t> dims, chunk;
  };
  const std::vector<Shape> shapes{{{7}, {7}},
                                  {{1000}, {33}},
                                  {{13, 18}, {5, 7}},
                                  {{13, 18}, {13, 18}},
                                  {{3, 13, 18}, {2, 13, 5}},
                                  {{2, 3, 4, 5}, {1, 2, 3, 4}},
                                  {{1, 1, 1, 1, 6}, {1, 1, 1, 1, 4}}};
  const std::vector<hid_t> types{
      H5T_STD_U8LE, H5T_STD_I16BE, H5T_STD_U32LE, H5T_STD_I64BE, H5T_IEEE_F32LE, H5T_IEEE_F64BE};
  int read = 0;
  for (const Shape& shape : shapes)
    for (const hid_t type : types)
      for (const int kind : {0, 1, 2, 3}) {
        SCOPED_TRACE(kind);
        H5Writer file(scratch / "a.h5");
        auto creation = chunked(shape.chunk, (kind & 1) != 0, kind == 3 ? 0 : 3);
        if (kind >= 2)
          creation = with_checksum(std::move(creation));
        Index size = 1;
        for (const hsize_t n : shape.dims)
          size *= static_cast<Index>(n);
        std::vector<double> values(static_cast<std::size_t>(size));
        for (double& v : values)
          v = static_cast<double>(random.below(200));
        file.dataset("/a", shape.dims, values, creation.get(), type);
        const auto dataset = h5::open_dataset(file.id(), scratch / "a.h5", "/a");
        ASSERT_TRUE(h5::read_decoded(dataset)); // not the library against itself
        const auto expected = by_library(dataset);
        EXPECT_EQ(expected, values);
        EXPECT_EQ(h5::read_doubles(dataset), expected);
        EXPECT_EQ(h5::read_as<std::int32_t>(dataset),
                  std::vector<std::int32_t>(expected.begin(), expected.end()));
        ++read;
      }
  EXPECT_EQ(read, 7 * 6 * 4);
}

TEST(Chunks, UnwrittenOnesHoldTheFillValue) {
  const Scratch scratch;
  const h5::Lock lock;
  H5Writer file(scratch / "a.h5");
  const auto creation = chunked({2, 3}, true, 1);
  const float fill = 7;
  H5Pset_fill_value(creation.get(), H5T_NATIVE_FLOAT, &fill);
  file.dataset("/a", {5, 5}, std::vector<float>{}, creation.get());
  const auto dataset = h5::open_dataset(file.id(), scratch / "a.h5", "/a");
  EXPECT_EQ(h5::read_doubles(dataset), std::vector<double>(25, 7));
  EXPECT_EQ(by_library(dataset), std::vector<double>(25, 7));
}

TEST(Chunks, ChecksumsAreChecked) {
  const Scratch scratch;
  for (const hsize_t width : {1, 2, 3, 100, 4096, 70'001}) { // odd numbers of bytes too
    {
      const h5::Lock lock;
      H5Writer file(scratch / "a.h5");
      file.dataset("/a",
                   {width},
                   std::vector<std::uint8_t>(width, 255),
                   with_checksum(chunked({width})).get());
    }
    EXPECT_EQ(std::get<std::vector<std::uint8_t>>(read_array((scratch / "a.h5") + "::/a").values),
              std::vector<std::uint8_t>(width, 255));
  }
  std::string bytes = testing::read_bytes(scratch / "a.h5");
  bytes[bytes.find("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") +
        40000] = 3;
  testing::write_bytes(scratch / "a.h5", bytes);
  const auto message =
      message_of<FormatError>([&] { static_cast<void>(read_array((scratch / "a.h5") + "::/a")); });
  EXPECT_TRUE(message.starts_with((scratch / "a.h5") + ":/a: chunk at [0]: checksum ")) << message;
}

/// One chunk that inflates to `given` bytes where `wanted` are due.
template <class T>
void write_short(const std::string& path,
                 const std::string& name,
                 const std::vector<hsize_t>& dims,
                 std::size_t given) {
  const h5::Lock lock;
  H5Writer file(path);
  const auto set = file.dataset(name, dims, std::vector<T>{}, chunked(dims, false, 1).get());
  const std::vector<Bytef> plain(given, 1);
  std::vector<Bytef> packed(compressBound(given));
  uLongf size = packed.size();
  compress(packed.data(), &size, plain.data(), plain.size());
  const std::vector<hsize_t> at(dims.size(), 0);
  ASSERT_GE(H5Dwrite_chunk(set.get(), H5P_DEFAULT, 0, at.data(), size, packed.data()), 0);
}

TEST(Chunks, ShortGzipChunksAreRefusedEverywhere) {
  const Scratch scratch;
  const std::string path = scratch / "a.h5";
  const auto refused = [&](auto&& read, const std::string& expected) {
    EXPECT_EQ(message_of<FormatError>(read), path + ":" + expected);
  };
  write_short<float>(path, "/a", {40, 50}, 100);
  refused([&] { static_cast<void>(read_tree(path)); },
          "/a: chunk at [0, 0]: deflate gives 100 bytes (ends early), expected 8000");
  refused([&] { static_cast<void>(read_matrix(path + "::/a")); },
          "/a: frame 0: deflate gives 100 bytes (ends early), expected 8000");
  write_short<std::uint8_t>(path, "/mask", {40, 50}, 100);
  refused([&] { static_cast<void>(read_mask(path)); },
          "/mask: frame 0: deflate gives 100 bytes (ends early), expected 2000");
  write_short<std::uint16_t>(path, "/qmap/dynamic_roi_map", {40, 50}, 100);
  refused([&] { static_cast<void>(read_label_maps(path)); },
          "/qmap/dynamic_roi_map: chunk at [0, 0]: deflate gives 100 bytes (ends early), expected "
          "4000");
  write_short<std::uint16_t>(path, "/entry/data/data", {1, 40, 50}, 100);
  std::vector<std::byte> out(4000);
  for (const bool direct : {true, false}) {
    OpenOptions options;
    options.decode_chunks = direct;
    refused([&] { open_series(path, options)->read(0, 1, out.data()); },
            "/entry/data/data: frame 0: deflate gives 100 bytes (ends early), expected 4000");
  }
  // what inflates to more is no better
  write_short<float>(path, "/a", {40, 50}, 9000);
  const auto message = message_of<FormatError>([&] { static_cast<void>(read_tree(path)); });
  EXPECT_TRUE(message.starts_with(path + ":/a: chunk at [0, 0]: deflate gives 0 bytes ("))
      << message;
}

TEST(Chunks, ShortTextChunksAreRefused) {
  const Scratch scratch;
  const std::string path = scratch / "a.h5";
  {
    const h5::Lock lock;
    H5Writer file(path);
    const h5::Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), 64);
    const auto set = file.dataset(
        "/words", {100}, std::vector<char>{}, chunked({100}, false, 1).get(), type.get());
    const std::vector<Bytef> plain(70, 'x');
    std::vector<Bytef> packed(compressBound(70));
    uLongf size = packed.size();
    compress(packed.data(), &size, plain.data(), plain.size());
    const hsize_t at[] = {0};
    ASSERT_GE(H5Dwrite_chunk(set.get(), H5P_DEFAULT, 0, at, size, packed.data()), 0);
  }
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(read_tree(path)); }),
            path + ":/words: chunk at [0]: deflate gives 70 bytes (ends early), expected 6400");
}

} // namespace
} // namespace vitrum::io
