// Zarr hierarchies, MATLAB arrays and what HDF5 files of electron microscopes say of their axes.
#include <cstring>
#include <filesystem>
#include <numeric>

#include <zlib.h>

#include "support.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::Scratch;

void write(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  testing::write_bytes(path, bytes);
}

std::string header(const std::string& shape,
                   const std::string& chunks,
                   const std::string& more = R"("compressor": null, "fill_value": 7)") {
  return R"({"zarr_format": 2, "dtype": "<u2", "order": "C", "filters": null, "shape": )" + shape +
         R"(, "chunks": )" + chunks + ", " + more + "}";
}

std::string raw(const std::vector<std::uint16_t>& values) {
  return {reinterpret_cast<const char*>(values.data()), 2 * values.size()};
}

std::string message_of(const std::string& path) {
  try {
    const auto source = open_series(path);
    (void)testing::all_values(*source);
  } catch (const Error& error) {
    const std::string text = error.what();
    return text.substr(text.find(':'));
  }
  return "";
}

TEST(EmContainers, ZarrChunksThatDoNotFitAndAreMissing) {
  // 4-D scan of 2 × 2 positions, patterns of 3 × 5 in chunks of 2 × 3, one position per chunk
  const Scratch scratch;
  write(scratch / "scan.zarr/.zarray", header("[2, 2, 3, 5]", "[1, 2, 2, 3]"));
  const auto truth = [](Index f, Index y, Index x) {
    return static_cast<std::uint16_t>(100 * f + 10 * y + x);
  };
  for (Index row = 0; row < 2; ++row)
    for (Index cy = 0; cy < 2; ++cy)
      for (Index cx = 0; cx < 2; ++cx) {
        if (row == 1 && cy == 1)
          continue; // not stored: the fill value
        std::vector<std::uint16_t> chunk;
        for (Index column = 0; column < 2; ++column)
          for (Index y = 2 * cy; y < 2 * cy + 2; ++y)
            for (Index x = 3 * cx; x < 3 * cx + 3; ++x)
              chunk.push_back(truth(2 * row + column, y, x));
        write(scratch / ("scan.zarr/" + std::to_string(row) + ".0." + std::to_string(cy) + "." +
                         std::to_string(cx)),
              raw(chunk));
      }
  const auto source = open_series(scratch / "scan.zarr");
  EXPECT_EQ(source->info().frames, 4);
  EXPECT_EQ(source->info().height, 3);
  EXPECT_EQ(source->info().width, 5);
  const auto values = testing::all_values(*source);
  for (Index f = 0; f < 4; ++f)
    for (Index y = 0; y < 3; ++y)
      for (Index x = 0; x < 5; ++x)
        ASSERT_EQ(values[static_cast<std::size_t>((f * 3 + y) * 5 + x)],
                  f >= 2 && y == 2 ? 7 : truth(f, y, x))
            << f << " " << y << " " << x;
}

TEST(EmContainers, ZarrFaults) {
  const Scratch scratch;
  const auto with = [&](const std::string& text) {
    write(scratch / "a.zarr/.zarray", text);
    return message_of(scratch / "a.zarr");
  };
  EXPECT_EQ(with("nonsense"),
            ":.zarray: text that is no JSON object, expected the header of an array");
  EXPECT_EQ(with(header("[2, 3, 3]", "[1, 3]")),
            ":.zarray: shape [2, 3, 3], chunks [1, 3], expected two dimensions or more, the same "
            "for both");
  EXPECT_EQ(with(header("[2, 3, 3]", "[1, 0, 3]")),
            ":.zarray: shape [2, 3, 3], chunks [1, 0, 3], expected positive lengths");
  EXPECT_EQ(
      with(header("[2, 3, 3]", "[1, 90000, 90000]")),
      ":.zarray: shape [2, 3, 3], chunks [1, 90000, 90000], expected chunks of at most 2 GiB");
  EXPECT_EQ(with(header("[1, 1, 2]", "[1, 1, 2]", R"("compressor": {"id": "lzma"})")),
            ":.zarray: compressor lzma, expected none, zlib, gzip, zstd, lz4 or blosc");
  write(scratch / "a.zarr/0.0.0", "abc");
  EXPECT_EQ(with(header("[1, 1, 2]", "[1, 1, 2]")),
            ":0.0.0: 3 bytes that do not unpack, expected a chunk of 4 bytes");
  for (const char* id : {"zlib", "gzip", "zstd", "lz4", "blosc"})
    EXPECT_EQ(with(header("[1, 1, 2]",
                          "[1, 1, 2]",
                          std::string(R"("compressor": {"id": ")") + id + R"("})")),
              ":0.0.0: 3 bytes that do not unpack, expected a chunk of 4 bytes")
        << id;
}

TEST(EmContainers, AxesOfHyperSpyAndVelox) {
  std::string path;
  if (!testing::shared_file("formats/u2.zspy/.zgroup", path))
    GTEST_SKIP() << "no " << path;
  const auto zspy = open_series(path.substr(0, path.rfind('/')));
  EXPECT_NEAR(zspy->info().scale.x, 0.2, 1e-12);
  EXPECT_EQ(zspy->info().scale.unit, "nm");
  ASSERT_TRUE(testing::shared_file("formats/u2.hspy", path));
  const auto hspy = open_series(path);
  EXPECT_NEAR(hspy->info().scale.x, 0.2, 1e-12);
  EXPECT_EQ(hspy->info().frame_time_s, zspy->info().frame_time_s);
  ASSERT_TRUE(testing::shared_file("samples/emd/fei_example_tem_stack.emd", path));
  const auto velox = open_series(path);
  EXPECT_NEAR(velox->info().scale.x, 8.17288e-3, 1e-7); // pm in the table
  EXPECT_EQ(velox->info().exposure_s, 0.8);
}

TEST(EmContainers, MatlabStackOfMeasuredPatterns) {
  std::string path;
  if (!testing::shared_file("fem/ScottLab_sampleStack.mat", path))
    GTEST_SKIP() << "no " << path;
  const auto source = open_series(path);
  EXPECT_EQ(source->info().frames, 10);
  EXPECT_EQ(source->info().height, 512);
  EXPECT_EQ(source->info().width, 512);
  EXPECT_EQ(source->info().type, frames::PixelType::u16);
  // frames one by one, backwards, are those read at once
  std::vector<std::byte> all(static_cast<std::size_t>(10 * source->info().frame_bytes()));
  source->read(0, 10, all.data());
  std::vector<std::byte> one(static_cast<std::size_t>(source->info().frame_bytes()));
  for (Index f = 9; f >= 0; --f) {
    source->read(f, 1, one.data());
    EXPECT_EQ(std::memcmp(one.data(), all.data() + f * source->info().frame_bytes(), one.size()),
              0);
  }
}

/// A version 5 file of one uncompressed uint16 array "stack".
std::string matlab_bytes(const std::vector<std::int32_t>& dims,
                         const std::vector<std::uint16_t>& values,
                         const std::string& name = "stack") {
  std::string bytes = "MATLAB 5.0 MAT-file, written by a test";
  bytes.resize(124, ' ');
  const auto word = [](std::string& to, std::uint32_t value) {
    to.append(reinterpret_cast<const char*>(&value), 4);
  };
  bytes += std::string("\x00\x01IM", 4);
  const auto element = [&](std::string& to, std::uint32_t type, const std::string& content) {
    word(to, type);
    word(to, static_cast<std::uint32_t>(content.size()));
    to += content;
    to.resize((to.size() + 7) / 8 * 8, '\0');
  };
  std::string matrix, flags, sides;
  word(flags, 11); // uint16
  word(flags, 0);
  element(matrix, 6, flags);
  for (const auto side : dims)
    word(sides, static_cast<std::uint32_t>(side));
  element(matrix, 5, sides);
  element(matrix, 1, name);
  element(matrix, 4, raw(values));
  element(bytes, 14, matrix);
  return bytes;
}

TEST(EmContainers, MatlabColumnsBecomeRows) {
  const Scratch scratch;
  std::vector<std::uint16_t> values(12);
  std::iota(values.begin(), values.end(), std::uint16_t{0});
  write(scratch / "a.mat", matlab_bytes({2, 3, 2}, values));
  const auto source = open_series(scratch / "a.mat");
  EXPECT_EQ(source->info().path, scratch / "a.mat::stack");
  EXPECT_EQ(testing::all_values(*source),
            (std::vector<double>{0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11}));
  EXPECT_NE(message_of(scratch / "a.mat::other").find("no such array, expected the name of one"),
            std::string::npos);
}

TEST(EmContainers, MatlabVariablesWithoutSidesAreNoClaim) {
  const Scratch scratch;
  const auto stack = matlab_bytes({2, 3, 2}, std::vector<std::uint16_t>(12, 7));
  auto few = matlab_bytes({60000, 60000}, {1, 2, 3}, "few");
  few[144] = 5; // a sparse array, which holds few of its elements
  auto object = matlab_bytes({0x4C42, 0x54414D}, {1, 2, 3}, "object");
  object[144] = 17; // an object: the name of its system comes where arrays have sides
  object[152] = 1;
  for (const auto& other : {few, object}) {
    write(scratch / "two.mat", stack + other.substr(128));
    EXPECT_EQ(open_series(scratch / "two.mat::stack")->info().frames, 2);
  }
}

TEST(EmContainers, MatlabSizesThatTheFileCannotHold) {
  const Scratch scratch;
  write(scratch / "huge.mat", matlab_bytes({30000, 30000, 30000}, {1, 2, 3}));
  EXPECT_EQ(message_of(scratch / "huge.mat"),
            ":byte 128: a variable of 2.7e+13 elements, expected one that 208 bytes can hold");
  // MATIO would make room for them: a cell of 60000 x 60000
  auto cell = matlab_bytes({60000, 60000}, {1, 2, 3});
  cell[144] = 1; // its class
  write(scratch / "cell.mat", cell);
  EXPECT_EQ(message_of(scratch / "cell.mat"),
            ":byte 128: a variable of 3.6e+09 elements, expected one that 200 bytes can hold");
  auto sides = matlab_bytes({2, 3, 2}, {1, 2, 3});
  const std::uint32_t many = 2000000000;
  std::memcpy(&sides[156], &many, 4);
  write(scratch / "sides.mat", sides);
  EXPECT_EQ(message_of(scratch / "sides.mat"),
            ":byte 128: a variable of 500000000 dimensions, expected at most 32");
  // without a name, of more bytes than the file can hold, though not of more elements
  write(scratch / "nameless.mat", matlab_bytes({300, 200, 2}, {1, 2, 3}, ""));
  EXPECT_EQ(message_of(scratch / "nameless.mat"),
            ": an array [300, 200, 2], expected one that 200 bytes can hold");
  write(scratch / "cut.mat", matlab_bytes({2, 3, 2}, {1, 2, 3}).substr(0, 150));
  EXPECT_NE(message_of(scratch / "cut.mat"), "");
}

} // namespace
} // namespace vitrum::io
