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
  EXPECT_EQ(a.box.edges(), atoms::tilted_edges({10, 11, 12.5}, {0, 0, 0}));
  EXPECT_EQ(a.symbol, (std::vector<std::string>{"Cu", "Zr"}));
  EXPECT_EQ(a.position[1], (std::array<double, 3>{0.5, 10, 7}));
  testing::write_bytes(
      scratch / "b.xyz",
      "1\nLattice=\"5 0 0 0 6 0 0 0 7\" Properties=species:S:1:pos:R:3\nAl 0 0 0\n");
  EXPECT_TRUE(read_atom_file(scratch / "b.xyz").box.orthogonal());
  testing::write_bytes(scratch / "d.xyz", "1\nLattice=\"0 5 0 6 0 0 0 0 7\"\nAl 0 0 0\n");
  EXPECT_DOUBLE_EQ(read_atom_file(scratch / "d.xyz").box.volume(), 210); // left-handed
  testing::write_bytes(scratch / "c.xyz", "1\nLattice=\"5 0 0 2 6 0 -1 0.5 7\"\nAl 0 0 0\n");
  EXPECT_EQ(read_atom_file(scratch / "c.xyz").box.edges(),
            atoms::tilted_edges({5, 6, 7}, {2, -1, 0.5}));
}

TEST(AtomFile, SaysWhatIsWrongAndWhere) {
  const Scratch scratch;
  EXPECT_EQ(error_of(scratch, "many\n1 1 1\n"), ":line 1: 'many', expected the number of atoms");
  EXPECT_EQ(error_of(scratch, "1\nwater\nO 0 0 0\n"),
            ":line 2: 'water', expected three edges of a box or Lattice=\"…\" with nine numbers");
  EXPECT_EQ(error_of(scratch, "1\n5 0 5\nO 0 0 0\n"),
            ":line 2: '5 0 5', expected edges that span a volume");
  EXPECT_EQ(error_of(scratch, "1\nLattice=\"5 0 0 5 0 0 0 0 7\"\nO 0 0 0\n"),
            ":line 2: 'Lattice=\"5 0 0 5 0 0 0 0 7\"', expected edges that span a volume");
  EXPECT_EQ(error_of(scratch, "2\n5 5 5\nO 0 0 0\n"), ":line 3: 1 atoms, expected 2");
  EXPECT_EQ(error_of(scratch, "1\n5 5 5\nO 0 x 0\n"),
            ":line 3: 'O' …, expected a symbol and three positions");
}

} // namespace
} // namespace vitrum::io
