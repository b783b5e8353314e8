#include "vitrum/io/map_file.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"

using namespace vitrum;
using namespace vitrum::io;

namespace {

namespace fs = std::filesystem;

class MapFileTest : public testing::Test {
protected:
  void SetUp() override {
    folder =
        fs::temp_directory_path() / ("vitrum_map_file_" + std::to_string(::getpid()) + "_" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder);
    part = (folder / "out.h5.part").string();
    out = (folder / "out.h5").string();
  }
  void TearDown() override { fs::remove_all(folder); }

  fs::path folder;
  std::string part, out;
};

const std::string map_path = "/entry/twotime/bin_1/two_time_corr_func";

/// 10 × 10 in chunks of 4, of which the lower triangle is stored, and a small one beside it.
std::vector<MapLayout> layouts() {
  MapLayout map{
      map_path,
      10,
      4,
      {},
      {{"baseline_reference", Index{1}}, {"populated_elements", std::string("lower_half")}}};
  for (Index row = 0; row < 3; ++row)
    for (Index column = 0; column <= row; ++column)
      map.chunks.push_back({row, column});
  return {map, {"/entry/twotime/bin_1/level_2/two_time_corr_func", 5, 5, {{0, 0}}, {}}};
}

std::vector<float> chunk(Index number, Index values) {
  std::vector<float> list(static_cast<std::size_t>(values));
  std::iota(list.begin(), list.end(), static_cast<float>(1000 * number));
  return list;
}

void write_all(MapFile& file, Index first = 0) {
  for (Index c = first; c < 6; ++c)
    file.write(c, chunk(c, 16));
  file.write(6, chunk(6, 25));
}

Tree rest() {
  Tree tree;
  tree.group("entry").attributes["NX_class"] = std::string("NXentry");
  tree.set("entry/twotime/bin_1/t1_s", make_array(std::vector<double>(10, 1.0), "s"));
  tree.set("entry/g2/g2", make_array(std::vector<double>{1, 2, 3}));
  tree.link("entry/data", "/entry/g2");
  return tree;
}

void expect_complete(const std::string& path) {
  const Tree tree = read_tree(path);
  EXPECT_EQ(tree.numbers("entry/g2/g2"), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(tree.numbers("entry/twotime/bin_1/t1_s").size(), 10U);
  const Array& map = tree.at("entry/twotime/bin_1/two_time_corr_func");
  EXPECT_EQ(map.shape, (std::vector<Index>{10, 10}));
  EXPECT_EQ(std::get<Index>(map.attributes.at("baseline_reference")), 1);
  EXPECT_EQ(attribute_text(map.attributes, "populated_elements"), "lower_half");
  const auto& values = std::get<std::vector<float>>(map.values);
  for (Index i = 0; i < 10; ++i)
    for (Index j = 0; j < 10; ++j) {
      const Index row = i / 4, column = j / 4;
      const float value = values[static_cast<std::size_t>(10 * i + j)];
      if (column > row)
        EXPECT_TRUE(std::isnan(value)) << i << " " << j;
      else
        EXPECT_EQ(value, 1000 * (row * (row + 1) / 2 + column) + 4 * (i % 4) + j % 4)
            << i << " " << j;
    }
  EXPECT_EQ(tree.numbers("entry/twotime/bin_1/level_2/two_time_corr_func").at(24), 6024);
}

} // namespace

TEST_F(MapFileTest, ReadsBackWhatWasWritten) {
  {
    const auto file = MapFile::make(part, out, layouts());
    write_all(*file);
    std::vector<float> back(16);
    file->read(3, back);
    EXPECT_EQ(back, chunk(3, 16));
    file->finish(rest(), out, false);
  }
  EXPECT_FALSE(fs::exists(part));
  expect_complete(out);
  const StoredMap stored(out + "::" + map_path);
  EXPECT_EQ(stored.size(), 10);
  EXPECT_EQ(stored.chunk(), 4);
  std::vector<float> rows(6);
  stored.read(5, 2, 1, 3, rows.data());
  EXPECT_EQ(rows, (std::vector<float>{1005, 1006, 1007, 1009, 1010, 1011}));
}

TEST_F(MapFileTest, IsSoundBeforeTheEnd) {
  const auto file = MapFile::make(part, out, layouts());
  file->write(2, chunk(2, 16));
  fs::copy_file(part, out); // as after a power cut
  const Tree tree = read_tree(out);
  EXPECT_EQ(tree.numbers("entry/twotime/bin_1/two_time_corr_func").at(10 * 4 + 4), 2000);
}

TEST_F(MapFileTest, GoesOnAfterAnInterruption) {
  MapTable table;
  {
    const auto file = MapFile::make(part, out, layouts());
    for (Index c = 0; c < 3; ++c)
      file->write(c, chunk(c, 16));
    file->sync();
    table = file->table();
    file->keep();
  }
  const auto file = MapFile::resume(part, out, table);
  write_all(*file, 3);
  file->finish(rest(), out, false);
  expect_complete(out);
}

TEST_F(MapFileTest, GoesOnAfterAnInterruptionWhileFinishing) {
  MapTable table;
  {
    const auto file = MapFile::make(part, out, layouts());
    write_all(*file);
    table = file->table();
    file->keep();
  }
  { // what is left when the program dies while it writes the structure anew
    std::fstream damaged(part, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(40);
    damaged << "rubbish";
    damaged.seekp(0, std::ios::end);
    damaged << std::string(5000, 'x');
  }
  const auto file = MapFile::resume(part, out, table);
  file->finish(rest(), out, false);
  expect_complete(out);
}

TEST_F(MapFileTest, SeveralWriteAtOnce) {
  const auto file = MapFile::make(part, out, layouts());
  const auto other = MapFile::join(part, out, file->table());
  for (Index c = 0; c < 6; ++c)
    (c % 2 == 0 ? *file : *other).write(c, chunk(c, 16));
  other->write(6, chunk(6, 25));
  file->finish(rest(), out, false);
  expect_complete(out);
}

TEST_F(MapFileTest, LeavesNothingWhenGivenUp) {
  { const auto file = MapFile::make(part, out, layouts()); }
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(MapFileTest, Refuses) {
  const auto file = MapFile::make(part, out, layouts());
  EXPECT_EQ(message_of([&] { (void)MapFile::make(part, out, layouts()); }),
            out + ": " + part + " is being written by another process");
  std::ofstream(out) << "mine";
  write_all(*file);
  EXPECT_EQ(message_of([&] { file->finish(rest(), out, false); }),
            out + ": exists (use --overwrite to replace it)");
}

TEST_F(MapFileTest, RefusesWhatTheDiskCannotHold) {
  MapLayout huge{map_path, 16384 * 80, 16384, {}, {}}; // 7 TB
  for (Index row = 0; row < 80; ++row)
    for (Index column = 0; column < 80; ++column)
      huge.chunks.push_back({row, column});
  const auto message = message_of([&] { (void)MapFile::make(part, out, std::span(&huge, 1)); });
  EXPECT_TRUE(message.starts_with(out + ": the two-time maps take 6871.9 GB, the disk has "))
      << message;
  EXPECT_TRUE(fs::is_empty(folder));
}
