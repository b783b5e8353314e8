// The containers of one known stack, and camera files read by an independent program.
#include <fstream>
#include <numeric>
#include <sstream>

#include <nlohmann/json.hpp>

#include "support.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

TEST(SharedFormats, OneStackInAllContainers) {
  std::string path;
  if (!testing::shared_file("formats/expected.json", path))
    GTEST_SKIP() << "no " << path;
  const auto expected = nlohmann::json::parse(std::ifstream(path));
  int read = 0;
  for (const auto& [name, facts] : expected.items()) {
    SCOPED_TRACE(name);
    const auto source = open_series(path.substr(0, path.rfind('/') + 1) + name);
    const auto& info = source->info();
    EXPECT_EQ((std::vector<Index>{info.frames, info.height, info.width}),
              facts["shape"].get<std::vector<Index>>());
    EXPECT_EQ(std::string(frames::name_of(info.type)), facts["dtype"].get<std::string>());
    const auto values = testing::all_values(*source);
    EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0.0), facts["sum"].get<double>());
    EXPECT_EQ(values.front(), facts["first"].get<double>());
    EXPECT_EQ(values.back(), facts["last"].get<double>());
    const auto at = static_cast<std::size_t>((2 * info.height + 10) * info.width + 20);
    EXPECT_EQ(values[at], facts["v_2_10_20"].get<double>());
    // single frames, backwards, are the same
    std::vector<std::byte> one(static_cast<std::size_t>(info.frame_bytes()));
    std::vector<std::byte> all(static_cast<std::size_t>(info.frames * info.frame_bytes()));
    source->read(0, info.frames, all.data());
    for (Index f = info.frames - 1; f >= 0; --f) {
      source->read(f, 1, one.data());
      EXPECT_EQ(std::memcmp(one.data(), all.data() + f * info.frame_bytes(), one.size()), 0) << f;
    }
    ++read;
  }
  EXPECT_EQ(read, 24); // 4 MRC, 2 Zarr, 4 npy and npz, 11 TIFF, 3 HDF5 (plain, hspy, Velox)
}

TEST(SharedFormats, ImageJKeepsFrameTimeAndSignedValues) {
  std::string path;
  if (!testing::shared_file("formats/u2_imagej_hyper.tif", path))
    GTEST_SKIP() << "no " << path;
  EXPECT_EQ(open_series(path)->info().frame_time_s, 2.0);
  std::string trick, plain;
  ASSERT_TRUE(testing::shared_file("formats/i2_imagej_signedtrick.tif", trick));
  ASSERT_TRUE(testing::shared_file("formats/i2_signed.tif", plain));
  OpenOptions options;
  options.tiff_signed_offset = true;
  const auto a = open_series(trick, options);
  const auto b = open_series(plain);
  EXPECT_EQ(a->info().type, frames::PixelType::i16);
  EXPECT_EQ(testing::all_values(*a), testing::all_values(*b));
}

TEST(SharedFormats, CameraTiffsAgreeWithAnIndependentReader) {
  std::string path;
  if (!testing::shared_file("samples/expected.tsv", path))
    GTEST_SKIP() << "no " << path;
  std::ifstream table(path);
  std::string line;
  int read = 0;
  while (std::getline(table, line)) {
    std::vector<std::string> cells;
    std::stringstream row(line);
    for (std::string cell; std::getline(row, cell, '\t');)
      cells.push_back(cell);
    if (cells.size() < 11 || !cells[0].ends_with(".tif"))
      continue;
    SCOPED_TRACE(cells[0]);
    const auto source = open_series(path.substr(0, path.rfind('/')) + "/tiff/" + cells[0]);
    const auto& info = source->info();
    EXPECT_EQ(std::to_string(info.frames) + "x" + std::to_string(info.height) + "x" +
                  std::to_string(info.width),
              cells[4]);
    EXPECT_EQ(frames::name_of(info.type), cells[5]);
    const auto values = testing::all_values(*source);
    EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0.0), std::stod(cells[6]));
    EXPECT_EQ(*std::min_element(values.begin(), values.end()), std::stod(cells[7]));
    EXPECT_EQ(*std::max_element(values.begin(), values.end()), std::stod(cells[8]));
    EXPECT_EQ(values.front(), std::stod(cells[9]));
    EXPECT_EQ(values.back(), std::stod(cells[10]));
    ++read;
  }
  EXPECT_EQ(read, 2);
}

TEST(SharedFormats, SimulatedSpeckleMovie) {
  std::string path;
  if (!testing::shared_file("md/wahnstrom_T055_slice.h5", path))
    GTEST_SKIP() << "no " << path;
  const auto source = open_series(path);
  const auto& info = source->info();
  EXPECT_EQ(info.frames, 1501);
  EXPECT_EQ(info.height, 49);
  EXPECT_EQ(info.path, path + "::/entry/data/data");
  EXPECT_TRUE(std::isnan(info.frame_time_s)); // the axis is in Lennard-Jones units
  EXPECT_EQ(info.problems,
            std::vector<std::string>{
                "the times /entry/data/time are in 'lj time', no unit of time: not used"});
  // the intensity has Friedel's symmetry
  const auto values = testing::all_values(*source);
  for (std::size_t f = 0; f < 1501; f += 500)
    for (std::size_t p = 0; p < 49 * 49; ++p)
      EXPECT_NEAR(
          values[f * 2401 + p], values[f * 2401 + 2400 - p], 1e-4 * (1 + values[f * 2401 + p]));
}

} // namespace
} // namespace vitrum::io
