#include "vitrum/io/spectra.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "support.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

TEST(Spectra, EmsaWithPairsAndWithValues) {
  const Scratch scratch;
  testing::write_bytes(
      scratch / "y.msa",
      "#FORMAT      : EMSA/MAS Spectral Data File\r\n#XPERCHAN : 0.25\r\n#OFFSET : -3\r\n"
      "#XUNITS : Energy Loss (eV)\r\n#SPECTRUM : here\r\n1, 2, 3\r\n4\r\n#ENDOFDATA :\r\n");
  const auto y = read_spectra(scratch / "y.msa");
  EXPECT_EQ(y.format, "emsa");
  EXPECT_EQ(y.channels, 4);
  EXPECT_EQ(y.counts, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_DOUBLE_EQ(y.step, 0.25);
  EXPECT_DOUBLE_EQ(y.first, -3);
  EXPECT_EQ(y.unit, "eV");
  testing::write_bytes(
      scratch / "xy.msa",
      "#FORMAT : EMSA/MAS Spectral Data File\n#DATATYPE : XY\n#SPECTRUM :\n-1,5\n-0.5,6\n0,7\n");
  const auto xy = read_spectra(scratch / "xy.msa");
  EXPECT_EQ(xy.counts, (std::vector<float>{5, 6, 7}));
  EXPECT_DOUBLE_EQ(xy.step, 0.5);
  EXPECT_DOUBLE_EQ(xy.first, -1);
}

TEST(Spectra, ArraysWithTheSpectralAxisAnywhere) {
  const Scratch scratch;
  std::vector<float> values;
  for (int i = 0; i < 24; ++i)
    values.push_back(static_cast<float>(i));
  write_npy(scratch / "a.npy", make_array({2, 3, 4}, values, ""));
  const auto last = read_spectra(scratch / "a.npy");
  EXPECT_EQ(last.rows, 2);
  EXPECT_EQ(last.columns, 3);
  EXPECT_EQ(last.channels, 4);
  EXPECT_EQ(last.counts, values);
  const auto first = read_spectra(scratch / "a.npy", "first");
  EXPECT_EQ(first.rows, 3);
  EXPECT_EQ(first.columns, 4);
  EXPECT_EQ(first.channels, 2);
  EXPECT_EQ(first.counts[2 * (1 * 4 + 2) + 1], 12 + 4 + 2); // [row 1, column 2, channel 1]
  EXPECT_TRUE(std::isnan(first.step));
  write_npy(scratch / "one.npy", make_array(std::vector<double>{1, 2, 3}));
  EXPECT_EQ(read_spectra(scratch / "one.npy").channels, 3);
}

TEST(Spectra, TablesNeedEqualSteps) {
  const Scratch scratch;
  testing::write_bytes(scratch / "t.csv", "counts,energy loss [eV]\n5,-1\n6,0\n7,1\n");
  const auto t = read_spectra(scratch / "t.csv");
  EXPECT_EQ(t.counts, (std::vector<float>{5, 6, 7}));
  EXPECT_DOUBLE_EQ(t.first, -1);
  testing::write_bytes(scratch / "u.csv", "energy [eV],counts\n-1,5\n0,6\n2,7\n");
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(read_spectra(scratch / "u.csv")); }),
            (scratch / "u.csv") + ":line 3: energy 0 after -1, expected equal steps");
}

} // namespace
} // namespace vitrum::io
