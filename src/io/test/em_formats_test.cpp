// Camera files of electron microscopes against what an independent program read from them, and
// files written here byte by byte.
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include "../bytes.hpp"
#include "../located_frames.hpp"
#include "support.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::Scratch;

/// Appends a number in the byte order of this machine.
template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
void put_big(std::string& bytes, T value) {
  char stored[sizeof(T)];
  store_big(value, stored);
  bytes.append(stored, sizeof stored);
}
template <class T>
void overwrite(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::string message_of(const std::string& path) {
  try {
    const auto source = open_series(path);
    std::vector<std::byte> all(
        static_cast<std::size_t>(source->info().frames * source->info().frame_bytes()));
    source->read(0, source->info().frames, all.data());
  } catch (const Error& error) {
    const std::string text = error.what();
    return text.substr(text.rfind('/') == std::string::npos ? 0 : text.find(":"));
  }
  return "";
}

TEST(EmFormats, SampleFilesAgreeWithAnIndependentReader) {
  std::string path;
  if (!testing::shared_file("samples/expected.tsv", path))
    GTEST_SKIP() << "no " << path;
  std::ifstream table(path);
  std::string line;
  int read = 0, refused = 0;
  while (std::getline(table, line)) {
    std::vector<std::string> cells;
    std::stringstream row(line);
    for (std::string cell; std::getline(row, cell, '\t');)
      cells.push_back(cell);
    const std::string extension = cells[0].substr(cells[0].rfind('.') + 1);
    const bool dm = extension == "dm3" || extension == "dm4";
    if (!dm && extension != "ser" && extension != "mrc")
      continue;
    SCOPED_TRACE(cells[0]);
    const std::string file =
        path.substr(0, path.rfind('/')) + "/" + (dm ? "dm" : extension) + "/" + cells[0];
    if (cells[5].starts_with("complex") || cells[5] == "struct") {
      EXPECT_THROW((void)open_series(file), FormatError);
      ++refused;
      continue;
    }
    const auto source = open_series(file);
    const auto& info = source->info();
    const auto values = testing::all_values(*source);
    if (cells.size() < 11) { // the independent reader could not read it
      EXPECT_EQ(info.frames, 348);
      EXPECT_NEAR(info.frame_time_s, 1 / 217.87, 1e-5);
      ++read;
      continue;
    }
    const std::string shape = (info.frames > 1 ? std::to_string(info.frames) + "x" : "") +
                              std::to_string(info.height) + "x" + std::to_string(info.width);
    EXPECT_EQ(shape, cells[4]);
    EXPECT_EQ(frames::name_of(info.type), cells[5]);
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    EXPECT_NEAR(sum, std::stod(cells[6]), 1e-9 * std::abs(sum));
    EXPECT_EQ(*std::min_element(values.begin(), values.end()), std::stod(cells[7]));
    EXPECT_EQ(*std::max_element(values.begin(), values.end()), std::stod(cells[8]));
    // the independent reader turns TIA images upside down; here they are as stored
    const auto last_row = static_cast<std::size_t>((info.height - 1) * info.width);
    const bool turned = extension == "ser";
    EXPECT_EQ(values[turned ? last_row : 0], std::stod(cells[9]));
    EXPECT_EQ(values[values.size() - 1 - (turned ? last_row : 0)], std::stod(cells[10]));
    ++read;
  }
  EXPECT_EQ(read, 17);
  EXPECT_EQ(refused, 6);
}

TEST(EmFormats, ScalesAndTimes) {
  std::string path;
  if (!testing::shared_file("samples/dm/test_diffraction_pattern.dm3", path))
    GTEST_SKIP() << "no " << path;
  const auto pattern = open_series(path);
  EXPECT_NEAR(pattern->info().scale.x, 0.174433, 1e-6);
  EXPECT_EQ(pattern->info().scale.unit, "1/nm");
  EXPECT_EQ(pattern->info().exposure_s, 0.2);
  ASSERT_TRUE(testing::shared_file("samples/dm/test_stackbuilder_imagestack.dm3", path));
  EXPECT_NEAR(open_series(path)->info().scale.x, 59.9829, 1e-4); // written in µm
  EXPECT_EQ(open_series(path)->info().scale.unit, "nm");
  ASSERT_TRUE(testing::shared_file("samples/ser/64x64x5_TEM_preview_1.ser", path));
  EXPECT_NEAR(open_series(path)->info().scale.y, 6.28183, 1e-5);
  ASSERT_TRUE(testing::shared_file("formats/mode1.mrc", path));
  EXPECT_NEAR(open_series(path)->info().scale.x, 0.2, 1e-9);
}

TEST(EmFormats, UnitsOfScales) {
  EXPECT_NEAR(make_image_scale(2, 3, "pm").x, 0.002, 1e-15);
  EXPECT_NEAR(make_image_scale(2, 3, "\u00b5m").y, 3000, 1e-9);
  EXPECT_NEAR(make_image_scale(2, 3, "\u03bcm").y, 3000, 1e-9);
  EXPECT_EQ(make_image_scale(2, 3, "1/\u00c5").unit, "1/nm");
  EXPECT_NEAR(make_image_scale(2, 3, "1/\u00c5").x, 20, 1e-12);
  EXPECT_EQ(make_image_scale(2, 3, "mrad").unit, "");
  EXPECT_EQ(make_image_scale(0, 3, "nm").unit, "");
  EXPECT_TRUE(std::isnan(make_image_scale(2, std::nan(""), "nm").x));
}

std::string mrc_bytes(int mode, std::int32_t frames, const std::string& pixels) {
  std::string bytes(1024, '\0');
  overwrite<std::int32_t>(bytes, 0, 3);
  overwrite<std::int32_t>(bytes, 4, 2);
  overwrite<std::int32_t>(bytes, 8, frames);
  overwrite<std::int32_t>(bytes, 12, mode);
  bytes.replace(208, 4, "MAP ");
  bytes.replace(212, 2, "DD");
  return bytes + pixels;
}

TEST(EmFormats, MrcHalfFloatsAndFaults) {
  const Scratch scratch;
  std::string pixels;
  for (const int half : {0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555, 0x8000})
    put(pixels, static_cast<std::uint16_t>(half));
  testing::write_bytes(scratch / "half.mrc", mrc_bytes(12, 1, pixels));
  const auto values = testing::all_values(*open_series(scratch / "half.mrc"));
  EXPECT_EQ(values[0], 1.0);
  EXPECT_EQ(values[1], -2.0);
  EXPECT_EQ(values[2], std::ldexp(1.0, -24));
  EXPECT_EQ(values[3], 65504.0);
  EXPECT_NEAR(values[4], 1.0 / 3.0, 1e-4);
  EXPECT_EQ(values[5], 0.0);

  testing::write_bytes(scratch / "short.mrc", mrc_bytes(1, 2, std::string(20, 'x')));
  EXPECT_EQ(message_of(scratch / "short.mrc"),
            ":frame 1: the file ends at byte 1044, expected 2 × 3 int16 from byte 1036 on");
  testing::write_bytes(scratch / "complex.mrc", mrc_bytes(4, 1, std::string(48, 'x')));
  EXPECT_EQ(message_of(scratch / "complex.mrc"),
            ":byte 12: pixel mode 4, expected mode 0, 1, 2, 6 or 12 (real pixels)");
  testing::write_bytes(scratch / "none.mrc", mrc_bytes(1, 0, ""));
  EXPECT_EQ(message_of(scratch / "none.mrc"),
            ":byte 0: 0 × 2 × 3 pixels, expected positive numbers, sides of at most 1048576");
}

/// A Merlin frame of one chip; `stored` holds the pixels as the file does.
std::string mib_bytes(const std::string& type, int depth, const std::string& stored) {
  std::string head = "MQ1,000001,00384,01,0256,0256," + type +
                     ",   1x1,01,2021-04-15 14:43:47.0,0.001000,0,0,0,2.0E+0,MQ1A,"
                     "2021-04-15T13:43:47.0Z,2000000ns," +
                     std::to_string(depth) + ",";
  head.resize(384, '\0');
  return head + stored;
}

TEST(EmFormats, MibDepths) {
  const Scratch scratch;
  const auto count = [](int p, int depth) {
    return static_cast<std::uint32_t>(p * 2654435761U) >> (32 - depth);
  };
  for (const int depth : {1, 6, 12, 24}) {
    SCOPED_TRACE(depth);
    std::string stored(depth == 1    ? 8192
                       : depth == 6  ? 65536
                       : depth == 12 ? 131072
                                     : 262144,
                       '\0');
    for (int p = 0; p < 65536; ++p) {
      const std::uint32_t value = count(p, depth);
      const auto at = static_cast<std::size_t>(p);
      if (depth == 1) { // bit p % 64 of a big-endian word of 64 bits
        if (value != 0)
          stored[at / 64 * 8 + 7 - at % 64 / 8] |= static_cast<char>(1 << (at % 8));
      } else if (depth == 6) {
        stored[at / 8 * 8 + 7 - at % 8] = static_cast<char>(value);
      } else {
        const auto twelve = [&](std::size_t base, std::uint32_t v) {
          store_big<std::uint16_t>(static_cast<std::uint16_t>(v),
                                   stored.data() + base + 2 * (at / 4 * 4 + 3 - at % 4));
        };
        twelve(0, depth == 12 ? value : value >> 12);
        if (depth == 24)
          twelve(131072, value & 0xFFF);
      }
    }
    testing::write_bytes(scratch / "raw.mib", mib_bytes("R64", depth, stored));
    const auto source = open_series(scratch / "raw.mib");
    EXPECT_EQ(source->info().exposure_s, 0.002);
    const auto values = testing::all_values(*source);
    for (int p = 0; p < 65536; ++p)
      ASSERT_EQ(values[static_cast<std::size_t>(p)], count(p, depth)) << p;
  }
  std::string big(131072, '\0');
  big[0] = 1;
  big[1] = 2;
  testing::write_bytes(scratch / "u16.mib", mib_bytes("U16", 12, big) + "cut");
  const auto source = open_series(scratch / "u16.mib");
  EXPECT_EQ(testing::all_values(*source)[0], 258);
  EXPECT_EQ(source->info().problems,
            std::vector<std::string>{"the last frame is cut after 3 of 131456 bytes: left out"});
  testing::write_bytes(scratch / "odd.mib", mib_bytes("U12", 12, big));
  EXPECT_EQ(message_of(scratch / "odd.mib"),
            ":frame 0: pixel type U12, expected U08, U16, U32 or R64");
}

TEST(EmFormats, MibSamples) {
  std::string path;
  if (!testing::shared_file("samples/mib/Single_1_Frame_CounterDepth_1_Rows_256RAW.mib", path))
    GTEST_SKIP() << "no " << path;
  const auto raw = testing::all_values(*open_series(path));
  EXPECT_LE(*std::max_element(raw.begin(), raw.end()), 1);
  ASSERT_TRUE(
      testing::shared_file("samples/mib/Single_1_Frame_CounterDepth_12_Rows_256.mib", path));
  const auto twelve = testing::all_values(*open_series(path));
  EXPECT_LE(*std::max_element(twelve.begin(), twelve.end()), 4095);
}

TEST(EmFormats, SeqFramesAndFaults) {
  const Scratch scratch;
  std::string bytes(1024, '\0');
  const char mark[] = "\xed\xfe\0\0N\0o\0r\0p\0i\0x\0 \0s\0e\0q\0";
  bytes.replace(0, sizeof mark - 1, mark, sizeof mark - 1);
  overwrite<std::uint32_t>(bytes, 28, 3);
  overwrite<std::uint32_t>(bytes, 548, 3);
  overwrite<std::uint32_t>(bytes, 552, 2);
  overwrite<std::uint32_t>(bytes, 556, 16);
  overwrite<std::uint32_t>(bytes, 572, 2);
  overwrite<std::uint32_t>(bytes, 580, 32);
  overwrite<double>(bytes, 584, 50.0);
  for (int f = 0; f < 2; ++f) {
    for (int p = 0; p < 6; ++p)
      put<std::uint16_t>(bytes, static_cast<std::uint16_t>(10 * f + p));
    put<std::uint32_t>(bytes, 1000);
    put<std::uint16_t>(bytes, static_cast<std::uint16_t>(20 * f)); // ms
    put<std::uint16_t>(bytes, 0);
    bytes.append(12, '\0');
  }
  testing::write_bytes(scratch / "a.seq", bytes);
  const auto source = open_series(scratch / "a.seq");
  EXPECT_EQ(source->info().frame_time_s, 0.02);
  EXPECT_TRUE(source->info().problems.empty());
  EXPECT_EQ(testing::all_values(*source),
            (std::vector<double>{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}));
  overwrite<std::uint32_t>(bytes, 620, 1);
  testing::write_bytes(scratch / "b.seq", bytes);
  EXPECT_EQ(message_of(scratch / "b.seq"),
            ":byte 620: compression 1, expected 0, uncompressed frames");
}

/// Writes the tag tree of a DM3 file.
class DmWriter {
public:
  void begin_group(const std::string& name, std::uint32_t entries) {
    entry(20, name);
    bytes_ += std::string(2, '\1');
    put_big<std::uint32_t>(bytes_, entries);
  }
  void number(const std::string& name, std::uint32_t value) {
    entry(21, name);
    bytes_ += "%%%%";
    put_big<std::uint32_t>(bytes_, 1);
    put_big<std::uint32_t>(bytes_, 5);
    put<std::uint32_t>(bytes_, value);
  }
  void array(const std::string& name, const std::vector<std::int16_t>& values) {
    entry(21, name);
    bytes_ += "%%%%";
    for (const std::uint32_t word : {3U, 20U, 2U, static_cast<std::uint32_t>(values.size())})
      put_big<std::uint32_t>(bytes_, word);
    for (const auto value : values)
      put(bytes_, value);
  }
  /// The whole file, with `entries` of the root.
  [[nodiscard]] std::string file(std::uint32_t entries) const {
    std::string all;
    put_big<std::uint32_t>(all, 3);
    put_big<std::uint32_t>(all, static_cast<std::uint32_t>(bytes_.size()));
    put_big<std::uint32_t>(all, 1);
    all += std::string(2, '\1');
    put_big<std::uint32_t>(all, entries);
    return all + bytes_ + std::string(8, '\0');
  }

private:
  void entry(char kind, const std::string& name) {
    bytes_ += kind;
    put_big<std::uint16_t>(bytes_, static_cast<std::uint16_t>(name.size()));
    bytes_ += name;
  }
  std::string bytes_;
};

std::string dm_image(std::uint32_t width,
                     std::uint32_t height,
                     std::int16_t first,
                     std::uint32_t data_type = 1) {
  DmWriter dm;
  dm.begin_group("ImageList", 1);
  dm.begin_group("", 1);
  dm.begin_group("ImageData", 3);
  std::vector<std::int16_t> values(std::size_t{width} * height);
  std::iota(values.begin(), values.end(), first);
  dm.array("Data", values);
  dm.number("DataType", data_type);
  dm.begin_group("Dimensions", 2);
  dm.number("", width);
  dm.number("", height);
  return dm.file(1);
}

TEST(EmFormats, InSituFolder) {
  const Scratch scratch;
  // the numbers of frames 9 and 10 sort as numbers; the last second is cut
  std::int16_t first = 0;
  for (const char* second : {"Second_08", "Second_09", "Second_10", "Second_11"})
    for (int f = 9; f <= (std::string(second) == "Second_11" ? 9 : 10); ++f) {
      const std::string folder = scratch / "run/Hour_00/Minute_00/" + second;
      std::filesystem::create_directories(folder);
      testing::write_bytes(folder + "/frame_" + std::to_string(f) + ".dm3", dm_image(3, 2, first));
      first = static_cast<std::int16_t>(first + 100);
    }
  const auto source = open_series(scratch / "run");
  EXPECT_EQ(source->info().frames, 7);
  EXPECT_EQ(source->info().frame_time_s, 0.5);
  const auto values = testing::all_values(*source);
  for (std::size_t f = 0; f < 7; ++f)
    EXPECT_EQ(values[6 * f], 100.0 * static_cast<double>(f));
  testing::write_bytes(scratch / "run/Hour_00/Minute_00/Second_09/frame_9.dm3", dm_image(2, 3, 0));
  EXPECT_NE(message_of(scratch / "run").find("1 × 3 × 2 int16, expected 1 × 2 × 3 int16 as in"),
            std::string::npos);
}

// The .emi holds no images; those of the one series beside it are meant.
TEST(EmFormats, EmiStandsForItsSeries) {
  const Scratch scratch;
  const std::string emi("JK\0\2 and more", 13);
  testing::write_bytes(scratch / "a.emi", emi);
  EXPECT_EQ(message_of(scratch / "a.emi"),
            ": no a_1.ser beside it, expected the file that holds the images");
  std::string path;
  if (!testing::shared_file("samples/ser/64x64x5_TEM_preview.emi", path))
    GTEST_SKIP() << "no " << path;
  const auto source = open_series(path);
  EXPECT_EQ(source->info().frames, 5);
  EXPECT_TRUE(source->info().path.ends_with("64x64x5_TEM_preview_1.ser"));
  for (const char* name : {"a_1.ser", "a_2.ser", "a_b.ser"})
    testing::write_bytes(scratch / name, "II");
  EXPECT_EQ(message_of(scratch / "a.emi"),
            ": 2 series of images, expected the name of one: a_1.ser, a_2.ser");
}

// A number of a type that does not fit into an int.
TEST(EmFormats, DmDataTypeBeyondAllTypes) {
  const Scratch scratch;
  testing::write_bytes(scratch / "a.dm3", dm_image(3, 2, 0, 0xffffffff));
  EXPECT_EQ(message_of(scratch / "a.dm3"),
            ":ImageList/[0]/ImageData/DataType: pixels of type 4294967295, expected integers or "
            "floats");
}

TEST(EmFormats, BrokenTagTrees) {
  const Scratch scratch;
  const std::string whole = dm_image(3, 2, 0);
  testing::write_bytes(scratch / "cut.dm3", whole.substr(0, 70));
  EXPECT_NE(message_of(scratch / "cut.dm3").find("up to the end of the file"), std::string::npos);
  DmWriter deep;
  for (int i = 0; i < 100; ++i)
    deep.begin_group("a", 1);
  testing::write_bytes(scratch / "deep.dm3", deep.file(1));
  EXPECT_NE(message_of(scratch / "deep.dm3").find("a group within more than 64 others"),
            std::string::npos);
  testing::write_bytes(scratch / "wrong.dm3",
                       dm_image(3, 2, 0).replace(4 + 4 + 4 + 2 + 4, 1, "\7"));
  EXPECT_NE(message_of(scratch / "wrong.dm3").find("tag kind 7, expected 20 (group), 21 (data)"),
            std::string::npos);
}

} // namespace
} // namespace vitrum::io
