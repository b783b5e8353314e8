#include "vitrum/io/tables.hpp"

#include <cmath>

#include "hdf5_support.hpp"
#include "support.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/io/aps_result.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/provenance.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

std::string csv_error(const Scratch& scratch, const std::string& text) {
  testing::write_bytes(scratch / "t.csv", text);
  const std::string message =
      message_of<FormatError>([&] { static_cast<void>(read_csv(scratch / "t.csv")); });
  return message.substr((scratch / "t.csv").size());
}

TEST(Csv, TablesReadBackToTheLastBit) {
  const Scratch scratch;
  Table table;
  table.comments = {"made by hand", "q = 0.1"};
  table.names = {"lag", "g2, all", "n"};
  table.units = {"s", "", "1/angstrom"};
  Random random(4);
  for (int c = 0; c < 3; ++c) {
    table.columns.emplace_back();
    for (int r = 0; r < 500; ++r)
      table.columns.back().push_back(random.normal() *
                                     std::pow(10.0, static_cast<double>(random.below(600)) - 300));
  }
  table.columns[1][3] = std::nan("");
  table.columns[1][4] = INFINITY;
  write_csv(scratch / "t.csv", table);
  Table back = read_csv(scratch / "t.csv");
  EXPECT_EQ(back.comments, table.comments);
  EXPECT_EQ(back.names, table.names);
  EXPECT_EQ(back.units, table.units);
  ASSERT_EQ(back.columns.size(), 3U);
  EXPECT_TRUE(std::isnan(back.columns[1][3]));
  table.columns[1][3] = back.columns[1][3] = 0; // NaN equals nothing
  EXPECT_EQ(back.columns, table.columns);
}

TEST(Csv, SeparatorsAndHeaders) {
  const Scratch scratch;
  for (const std::string text : {"a [s],b\n1,2\n3,4\n",
                                 "# c\r\na [s];b\r\n1;2\r\n3;4\r\n",
                                 "a [s]\tb\n1\t2\n3\t4",
                                 "1 2\n3   4\n",
                                 "\xEF\xBB\xBF 1\t 2\n\n 3\t 4\n"}) {
    testing::write_bytes(scratch / "t.csv", text);
    const Table table = read_csv(scratch / "t.csv");
    EXPECT_EQ(table.columns, (std::vector<std::vector<double>>{{1, 3}, {2, 4}})) << text;
    if (!table.names.empty()) {
      EXPECT_EQ(table.names, (std::vector<std::string>{"a", "b"}));
      EXPECT_EQ(table.units, (std::vector<std::string>{"s", ""}));
      EXPECT_EQ(table.column("b")[1], 4);
      EXPECT_EQ(message_of<DataError>([&] { static_cast<void>(table.column("c")); }),
                "no column 'c' in the table, it has: a, b");
    }
  }
}

TEST(Csv, BadTablesAreNamed) {
  const Scratch scratch;
  EXPECT_EQ(csv_error(scratch, "a,b\n1,2\n3,x\n"), ":line 3, column 2: 'x', expected a number");
  EXPECT_EQ(csv_error(scratch, "a,b\n1,2\n3\n"), ":line 3: 1 values, expected 2");
  EXPECT_EQ(csv_error(scratch, "a,b\n1,2\n3,\n"), ":line 3, column 2: '', expected a number");
  EXPECT_EQ(csv_error(scratch, "a,b\n"), ": no numbers, expected a table of numbers");
  EXPECT_EQ(csv_error(scratch, ""), ": no numbers, expected a table of numbers");
}

TEST(Matrix, AllSourcesAgree) {
  const Scratch scratch;
  const std::vector<double> values{1, 2.5, -3, 4, 1e-300, 6};
  const Array array = make_array(std::vector<Index>{2, 3}, values, "");
  write_npy(scratch / "m.npy", array);
  write_npz(scratch / "m.npz", {{"other", make_array(std::vector<double>{1})}, {"map", array}});
  testing::write_bytes(scratch / "m.csv", "1,2.5,-3\n4,1e-300,6\n");
  {
    const h5::Lock lock;
    testing::H5Writer file(scratch / "m.h5");
    file.dataset("/a/map", {2, 3}, values);
    file.dataset("/a/line", {3}, std::vector<double>{1, 2, 3});
  }
  for (const std::string name : {"m.npy", "m.npz::map", "m.csv", "m.h5::/a/map", "m.h5"}) {
    const Matrix matrix = read_matrix(scratch / name);
    EXPECT_EQ(matrix.rows, 2) << name;
    EXPECT_EQ(matrix.columns, 3) << name;
    EXPECT_EQ(matrix.values, values) << name;
  }
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(read_matrix(scratch / "m.npz")); }),
            (scratch / "m.npz") + ": 2 arrays, expected the name of one as " + (scratch / "m.npz") +
                "::name: other, map");
  EXPECT_EQ(message_of<FormatError>(
                [&] { static_cast<void>(read_matrix((scratch / "m.npz") + "::mop")); }),
            (scratch / "m.npz") + ":mop: no such array, expected one of: other, map");
  EXPECT_EQ(
      message_of<DataError>([&] { write_npy(scratch / "t.npy", make_scalar(std::string("x"))); }),
      (scratch / "t.npy") + ": text cannot be kept as numbers");
}

TEST(Matrix, TiffKeepsTheType) {
  const Scratch scratch;
  write_tiff(scratch / "a.tif",
             make_array(std::vector<Index>{2, 2}, std::vector<float>{1.5, -2, 3, 4}, ""));
  EXPECT_EQ(read_matrix(scratch / "a.tif").values, (std::vector<double>{1.5, -2, 3, 4}));
  EXPECT_EQ(open_series(scratch / "a.tif")->info().type, frames::PixelType::f32);
  EXPECT_EQ(message_of<DataError>(
                [&] { write_tiff(scratch / "b.tif", make_array(std::vector<double>{1})); }),
            (scratch / "b.tif") + ": shape [1], expected an image [y, x]");
}

TEST(Matrix, MeasuredTwoTimeMap) {
  std::string path;
  if (!testing::shared_file("xpcs/nsls2_two_time_350.npy", path))
    GTEST_SKIP() << "no " << path;
  const Matrix map = read_matrix(path);
  EXPECT_EQ(map.rows, 350);
  ASSERT_EQ(map.columns, 350);
  for (std::size_t i = 0; i < 350; i += 49) // symmetric, as a two-time map is
    for (std::size_t j = 0; j < i; j += 7)
      EXPECT_NEAR(map.values[i * 350 + j], map.values[j * 350 + i], 1e-12);
  ASSERT_TRUE(testing::shared_file("xpcs/nsls2_two_time_350_fits.csv", path));
  EXPECT_GT(read_csv(path).rows(), 100);
}

TEST(ApsResult, RealFile) {
  std::string path;
  if (!testing::shared_file("xpcs/aps_8id_result.hdf", path))
    GTEST_SKIP() << "no " << path;
  const ApsResult result = read_aps_result(path);
  EXPECT_EQ(result.delay_frames.size(), 61U);
  EXPECT_EQ(result.delay_frames[0], 1);
  EXPECT_EQ(result.bins, 36);
  ASSERT_EQ(result.g2.size(), 61U * 36U);
  EXPECT_EQ(result.g2_errors.size(), 61U * 36U);
  EXPECT_EQ(result.q.size(), 36U);
  EXPECT_EQ(result.q_unit, "Å⁻¹");
  EXPECT_TRUE(std::is_sorted(result.q.begin(), result.q.end()));
  EXPECT_GT(result.frame_time_s, 0);
  EXPECT_EQ(result.static_q.size(), 360U);
  EXPECT_EQ(result.scattering.size(), 360U);
  EXPECT_EQ(result.intensity.size(), 100'000U);
  // the stored array is [lag, bin]
  const Array stored = [&] {
    const Matrix m = read_matrix(path + "::/xpcs/multitau/normalized_g2");
    return make_array(std::vector<Index>{m.rows, m.columns}, m.values, "");
  }();
  EXPECT_EQ(result.g2[5 * 61 + 7], std::get<std::vector<double>>(stored.values)[7 * 36 + 5]);
}

TEST(ApsResult, OtherFilesAreRefused) {
  const Scratch scratch;
  {
    const h5::Lock lock;
    testing::H5Writer file(scratch / "a.h5");
    file.dataset("/a", {3}, std::vector<double>{1, 2, 3});
  }
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(read_aps_result(scratch / "a.h5")); }),
            (scratch / "a.h5") +
                ":/xpcs/multitau: no normalized_g2, expected a multi-tau result of APS 8-ID");
}

TEST(Provenance, Sha256OfTheStandard) {
  // FIPS 180-4 examples: "abc" and the empty message
  const auto of = [](const std::string& text) { return sha256(std::as_bytes(std::span(text))); };
  EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Provenance, StampsFilesAndFolders) {
  const Scratch scratch;
  testing::write_bytes(scratch / "a", "abc");
  const FileStamp one = stamp(scratch / "a");
  EXPECT_EQ(one.bytes, 3);
  EXPECT_EQ(one.checksum,
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  testing::write_bytes(scratch / "b", "x");
  const FileStamp both = stamp(scratch.folder());
  EXPECT_EQ(both.bytes, 4);
  testing::write_bytes(scratch / "b", "y");
  EXPECT_NE(stamp(scratch.folder()).checksum, both.checksum);
  // files deeper down count, too, and so does where they are
  std::filesystem::create_directories(scratch / "deep/er");
  testing::write_bytes(scratch / "deep/er/c", "z");
  const FileStamp nested = stamp(scratch.folder());
  EXPECT_EQ(nested.bytes, 5);
  std::filesystem::rename(scratch / "deep/er/c", scratch / "deep/c");
  EXPECT_NE(stamp(scratch.folder()).checksum, nested.checksum);
  // a name that stands for several files
  testing::write_bytes(scratch / "run.bin.000", "abc");
  testing::write_bytes(scratch / "run.bin.001", "de");
  const FileStamp several = stamp(scratch / "run");
  EXPECT_EQ(several.bytes, 5);
  EXPECT_EQ(stamp(scratch / "run.bin").bytes, 5);
  testing::write_bytes(scratch / "run.bin.001", "df");
  EXPECT_NE(stamp(scratch / "run").checksum, several.checksum);
  EXPECT_THROW(static_cast<void>(stamp(scratch / "absent")), FileError);
  // a sparse file above the limit is sampled
  testing::write_bytes(scratch / "big", "");
  std::filesystem::resize_file(scratch / "big", (std::uintmax_t{256} << 20) + 1);
  EXPECT_TRUE(stamp(scratch / "big").checksum.starts_with("sha256-sampled:"));
}

} // namespace
} // namespace vitrum::io
