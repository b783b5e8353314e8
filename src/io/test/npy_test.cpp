#include "../npy_header.hpp"

#include "support.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

std::string npy(const std::string& dictionary, const std::string& payload) {
  std::string text = dictionary + "\n";
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(text.size() & 0xFF);
  out += static_cast<char>(text.size() >> 8);
  return out + text + payload;
}

std::string error_of(const Scratch& scratch, const std::string& bytes) {
  testing::write_bytes(scratch / "a.npy", bytes);
  std::string message =
      message_of<FormatError>([&] { static_cast<void>(open_series(scratch / "a.npy")); });
  const std::string path = scratch / "a.npy";
  EXPECT_TRUE(message.starts_with(path)) << message;
  return message.substr(path.size());
}

TEST(Npy, BigEndianAndFortranOrderGiveTheSameFrames) {
  const Scratch scratch;
  // [2, 1, 3] of int16: 1 … 6
  testing::write_bytes(scratch / "c.npy",
                       npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2, 1, 3), }",
                           std::string("\0\1\0\2\0\3\0\4\0\5\xff\xfa", 12)));
  testing::write_bytes(scratch / "f.npy",
                       npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 1, 3), }",
                           std::string("\1\0\4\0\2\0\5\0\3\0\xfa\xff", 12)));
  for (const std::string name : {"c.npy", "f.npy"}) {
    const auto source = open_series(scratch / name);
    EXPECT_EQ(source->info().type, frames::PixelType::i16);
    EXPECT_EQ(source->info().frames, 2);
    EXPECT_EQ(testing::all_values(*source), (std::vector<double>{1, 2, 3, 4, 5, -6})) << name;
  }
}

TEST(Npy, HeadersReadWhatTheyWrite) {
  for (const std::vector<Index>& shape : {std::vector<Index>{}, {5}, {2, 3}, {7, 48, 64}}) {
    const std::string header = make_npy_header("<f4", shape);
    EXPECT_EQ(header.size() % 64, 0U);
    const auto parsed = parse_npy_header(
        {reinterpret_cast<const unsigned char*>(header.data()), header.size()}, "x.npy");
    EXPECT_EQ(parsed.shape, shape);
    EXPECT_EQ(parsed.type, frames::PixelType::f32);
    EXPECT_FALSE(parsed.fortran_order);
    EXPECT_EQ(parsed.data_offset, static_cast<Index>(header.size()));
  }
}

TEST(Npy, BadFilesAreNamed) {
  const Scratch scratch;
  const std::string tail = ", 'fortran_order': False, 'shape': (1, 2, 2), }";
  const std::string cut = npy("{'descr': '<u2'" + tail, "1234567"); // 8 bytes are due
  EXPECT_EQ(error_of(scratch, cut),
            ": " + std::to_string(cut.size()) + " bytes, expected " +
                std::to_string(cut.size() + 1) + " for shape [1, 2, 2] of uint16");
  EXPECT_EQ(error_of(scratch, npy("{'descr': '<c8'" + tail, "")),
            ":header: type '<c8', expected integers of 1 to 8 bytes, f4 or f8");
  EXPECT_EQ(error_of(scratch, npy("{'descr': '<U4'" + tail, "")),
            ":header: type '<U4', expected integers of 1 to 8 bytes, f4 or f8");
  EXPECT_EQ(error_of(scratch, npy("{'descr': [('a', '<u2')]" + tail, "")),
            ":header: a structured type, expected numbers");
  EXPECT_EQ(
      error_of(scratch,
               npy("{'descr': '<u2', 'fortran_order': False, 'shape': (4,), }", "12345678")),
      ": shape [4], expected [y, x], [frame, y, x] or a scan [..., y, x] of at most 5 dimensions");
  EXPECT_EQ(
      error_of(scratch, npy("{'descr': '<u2', 'fortran_order': False, 'shape': (0, 4, 4), }", "")),
      ": shape [0, 4, 4], expected at least one frame and one pixel");
  EXPECT_EQ(error_of(scratch, npy("{'descr': '<u2', 'shape': (4, 4), }", "")),
            ":header: a key is missing, expected descr, fortran_order and shape");
  EXPECT_EQ(
      error_of(scratch, npy("{'descr': '<u2', 'fortran_order': False, 'shape': (4, x), }", "")),
      ":header: a dimension that is no number, expected digits");
  EXPECT_EQ(
      error_of(scratch,
               npy("{'descr': '<u2', 'fortran_order': False, 'shape': (99999999999999), }", "")),
      ":header: a dimension above 2^40, expected a smaller one");
  EXPECT_EQ(error_of(scratch, std::string("\x93NUMPY\x07\0\x10\0\0\0", 12)),
            ": .npy version 7, expected 1, 2 or 3");
  EXPECT_EQ(error_of(scratch, "\x93NUMPY"), ": 6 bytes, expected the header of an .npy array");
}

} // namespace
} // namespace vitrum::io
