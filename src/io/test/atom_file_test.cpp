#include "vitrum/io/atom_file.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

std::string error_of(const Scratch& scratch, const std::string& text) {
  testing::write_bytes(scratch / "a.xyz", text);
  return message_of<FormatError>([&] { static_cast<void>(read_atom_file(scratch / "a.xyz")); })
      .substr((scratch / "a.xyz").size());
}

TEST(AtomFile, BothCommentsOfXyz) {
  const Scratch scratch;
  testing::write_bytes(scratch / "a.xyz", "2\n 10 11 12.5\nCu 1 2 -3\nZr\t0.5 1e1 7 extra\n");
  const auto a = read_atom_file(scratch / "a.xyz");
  EXPECT_EQ(a.edge_angstrom, (std::array<double, 3>{10, 11, 12.5}));
  EXPECT_EQ(a.symbol, (std::vector<std::string>{"Cu", "Zr"}));
  EXPECT_EQ(a.position[1], (std::array<double, 3>{0.5, 10, 7}));
  testing::write_bytes(
      scratch / "b.xyz",
      "1\nLattice=\"5 0 0 0 6 0 0 0 7\" Properties=species:S:1:pos:R:3\nAl 0 0 0\n");
  EXPECT_EQ(read_atom_file(scratch / "b.xyz").edge_angstrom, (std::array<double, 3>{5, 6, 7}));
}

TEST(AtomFile, SaysWhatIsWrongAndWhere) {
  const Scratch scratch;
  EXPECT_EQ(error_of(scratch, "many\n1 1 1\n"), ":line 1: 'many', expected the number of atoms");
  EXPECT_EQ(
      error_of(scratch, "1\nwater\nO 0 0 0\n"),
      ":line 2: 'water', expected three edges of a box or Lattice=\"…\" of an orthogonal one");
  EXPECT_EQ(error_of(scratch, "1\nLattice=\"5 1 0 0 6 0 0 0 7\"\nO 0 0 0\n").substr(0, 8),
            ":line 2:");
  EXPECT_EQ(error_of(scratch, "2\n5 5 5\nO 0 0 0\n"), ":line 3: 1 atoms, expected 2");
  EXPECT_EQ(error_of(scratch, "1\n5 5 5\nO 0 x 0\n"),
            ":line 3: 'O' …, expected a symbol and three positions");
}

} // namespace
} // namespace vitrum::io
