#include "vitrum/io/instrument_table.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "support.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

InstrumentTable read(const Scratch& scratch, const std::string& text) {
  testing::write_bytes(scratch / "t.txt", text);
  return read_instrument_table(scratch / "t.txt");
}

using Names = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(InstrumentTable, SemicolonsWithUnitsAfterSlashes) {
  const Scratch scratch;
  const auto t = read(scratch,
                      "#SAMPLE MASS /mg:;10.4\n#RANGE:;30/10.0(K/min)/600\n\n"
                      "##Temp./\xB0"
                      "C;Time/min;DSC/(mW/mg)\n30.0;0.0;0.11\n30.2;0.01;0.12\n30.4;0.02;0.13\n");
  EXPECT_EQ(t.names, (Names{"Temp.", "Time", "DSC"}));
  EXPECT_EQ(t.units, (Names{"°C", "min", "mW/mg"})); // Latin-1 in the file
  EXPECT_EQ(t.columns[2], (Numbers{0.11, 0.12, 0.13}));
  EXPECT_EQ(t.first_line, 5);
  EXPECT_EQ(t.header[0], "#SAMPLE MASS /mg:;10.4");
  EXPECT_EQ(t.other_rows, 0);
}

TEST(InstrumentTable, UnitsInALineOfTheirOwnAndDecimalCommas) {
  const Scratch scratch;
  const auto t = read(scratch,
                      "Curve Name:\n  1\r\nIndex\tt\tTs\tValue\r\n[]\t[s]\t[°C]\t[mW]\r\n"
                      "0\t0,5\t25,1\t-0,25\r\n1\t1,0\t25,4\t-0,3\r\n");
  EXPECT_EQ(t.names, (Names{"Index", "t", "Ts", "Value"}));
  EXPECT_EQ(t.units, (Names{"", "s", "°C", "mW"}));
  EXPECT_EQ(t.columns[3], (Numbers{-0.25, -0.3}));
  EXPECT_EQ(read(scratch, "100,25  0,345\n100,50  0,35\n").columns[0], (Numbers{100.25, 100.5}));
  EXPECT_EQ(read(scratch, "100.25, 0.345\n100.50, 0.35\n").columns[1], (Numbers{0.345, 0.35}));
}

TEST(InstrumentTable, SignalLinesInUtf16) {
  const Scratch scratch;
  const std::string plain =
      "Size\t10.25\tmg\nSig1\tTime (min)\nSig2\tTemperature (C)\nStartOfData\n"
      "0 20.0\n1 20.5\n2 21.0\n";
  std::string wide = "\xFF\xFE";
  for (const char c : plain)
    wide += {c, '\0'};
  const auto t = read(scratch, wide);
  EXPECT_EQ(t.names, (Names{"Time", "Temperature"}));
  EXPECT_EQ(t.units, (Names{"min", "C"}));
  EXPECT_EQ(t.rows(), 3);
  EXPECT_EQ(t.header.front(), "Size\t10.25\tmg");
}

TEST(InstrumentTable, TheLongestBlockIsTakenAndTheRestCounted) {
  const Scratch scratch;
  const auto t = read(scratch, "T,h\n1,2\n2,3\nsegment 2\n5,1\n6,2\n6.5,3\n7,x\n8,2\n");
  EXPECT_EQ(t.first_line, 5);
  EXPECT_EQ(t.last_line, 7);
  EXPECT_EQ(t.other_rows, 3);
  EXPECT_EQ(t.names, (Names{"", ""})); // "segment 2" names nothing
}

TEST(InstrumentTable, RefusesTextWithoutNumbers) {
  const Scratch scratch;
  testing::write_bytes(scratch / "t.txt", "nothing here\n1 2\n");
  EXPECT_EQ(
      message_of<FormatError>([&] { static_cast<void>(read_instrument_table(scratch / "t.txt")); }),
      (scratch / "t.txt") + ": no columns of numbers, expected lines of two numbers or more");
}

} // namespace
} // namespace vitrum::io
