// Trajectories written by other programs against the positions that went in, and broken files by
// exact message.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <unistd.h>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "support.hpp"
#include "vitrum/io/lammps_files.hpp"
#include "vitrum/io/open_trajectory.hpp"

namespace vitrum::io {
namespace {

const std::string data = test_data() + "/trajectories/";

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A file of these bytes, gone at the end.
class Scratch {
public:
  Scratch(const std::string& name, const std::string& bytes)
      : path(std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "_" + name)) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~Scratch() { std::filesystem::remove(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string path;
};

/// What opening (and reading all of) the bytes says, with the path as FILE.
std::string complaint(const std::string& bytes) {
  const Scratch file("broken", bytes);
  auto text = message_of([&] {
    const auto source = open_trajectory(file.path);
    atoms::Configuration c;
    for (Index f = 0; f < source->info().frames; ++f)
      source->read(f, c);
  });
  for (auto at = text.find(file.path); at != std::string::npos; at = text.find(file.path))
    text.replace(at, file.path.size(), "FILE");
  return text;
}

/// Positions of frames [frame][atom], as they went in.
std::vector<std::vector<atoms::Vector>> truth() {
  std::ifstream in(data + "truth.txt");
  std::vector<std::vector<atoms::Vector>> out(4, std::vector<atoms::Vector>(60));
  for (auto& frame : out)
    for (auto& r : frame)
      for (double& x : r)
        in >> x;
  EXPECT_TRUE(in.good());
  return out;
}

void expect_small(const std::string& name, double precision, bool has_images, bool has_species) {
  SCOPED_TRACE(name);
  const auto source = open_trajectory(data + name);
  const auto& info = source->info();
  ASSERT_EQ(info.frames, 4);
  ASSERT_EQ(info.atoms, 60);
  EXPECT_EQ(info.unwrapped, has_images);
  EXPECT_EQ(info.species.size(), has_species ? 2U : 1U);
  EXPECT_EQ(std::accumulate(info.species_atoms.begin(), info.species_atoms.end(), Index{0}), 60);
  const auto expected = truth();
  for (const Index frame : {0, 1, 2, 3, 1}) { // back as well
    atoms::Configuration c;
    source->read(frame, c);
    ASSERT_EQ(c.atoms(), 60);
    EXPECT_NEAR(c.box.edges()[1][0], 1.5, 1e-4);
    EXPECT_NEAR(c.box.edges()[2][0], -1, 1e-4);
    EXPECT_NEAR(c.box.volume(), 6 * 5 * 7, 0.01);
    for (std::size_t i = 0; i < 60; ++i) {
      const auto &a = c.positions[i], &b = expected[static_cast<std::size_t>(frame)][i];
      atoms::Vector d{a[0] - b[0], a[1] - b[1], a[2] - b[2]};
      if (name == "small.gsd") // its origin is the centre of the box
        for (std::size_t k = 0; k < 3; ++k)
          d[k] += 0.5 * (c.box.edges()[0][k] + c.box.edges()[1][k] + c.box.edges()[2][k]);
      if (!has_images)
        d = c.box.nearest(d);
      EXPECT_NEAR(atoms::norm(d), 0, precision) << frame << ' ' << i;
      if (has_species) {
        EXPECT_EQ(c.species[i] != c.species[1], i % 3 == 0) << i;
      }
    }
  }
}

TEST(Trajectories, OfOtherProgramsHoldWhatWentIn) {
  expect_small("small.gsd", 3e-6, true, true);
  expect_small("small.dcd", 1e-5, false, false);
  expect_small("small_h5md.h5", 3e-6, true, true);
  expect_small("small.xyz", 1e-7, false, true);
}

TEST(Trajectories, XtcIsInNanometresOfItsPrecision) {
  const auto source = open_trajectory(data + "small.xtc");
  ASSERT_EQ(source->info().frames, 4);
  EXPECT_EQ(source->info().length_unit, "nm");
  const auto expected = truth();
  atoms::Configuration c;
  for (Index frame = 0; frame < 4; ++frame) {
    source->read(frame, c);
    EXPECT_NEAR(c.box.edges()[1][0], 0.15, 1e-5);
    for (std::size_t i = 0; i < 60; ++i) {
      const auto &a = c.positions[i], &b = expected[static_cast<std::size_t>(frame)][i];
      const auto d = c.box.nearest({a[0] - 0.1 * b[0], a[1] - 0.1 * b[1], a[2] - 0.1 * b[2]});
      EXPECT_LT(atoms::norm(d), 0.002) << frame << ' ' << i; // three digits behind the point
    }
  }
}

TEST(Trajectories, LammpsFilesAgreeWithEachOther) {
  // one run wrote positions as text and binary in a tilted box, scaled and not, and a data file
  const auto text = open_trajectory(data + "tri.dump");
  const auto binary = open_trajectory(data + "tri.bin");
  const auto last = open_trajectory(data + "t.data");
  ASSERT_EQ(text->info().frames, 3);
  ASSERT_EQ(binary->info().steps, text->info().steps);
  EXPECT_TRUE(binary->info().unwrapped);
  EXPECT_EQ(text->info().species_atoms, (std::vector<Index>{128, 128}));
  atoms::Configuration a, b;
  for (const Index frame : {2, 0, 1}) {
    text->read(frame, a);
    binary->read(frame, b);
    EXPECT_TRUE(a.box.same_shape(b.box, 1e-12));
    EXPECT_NEAR(a.box.edges()[2][1], 0.7, 1e-12);
    for (std::size_t i = 0; i < 256; ++i) {
      EXPECT_EQ(a.ids[i], static_cast<Index>(i) + 1);
      EXPECT_EQ(a.species[i], b.species[i]);
      const auto &r = a.positions[i], &s = b.positions[i];
      EXPECT_NEAR(atoms::norm(a.box.nearest({r[0] - s[0], r[1] - s[1], r[2] - s[2]})), 0, 2e-5);
    }
  }
  last->read(0, a);
  binary->read(2, b);
  for (std::size_t i = 0; i < 256; ++i)
    for (std::size_t d = 0; d < 3; ++d)
      EXPECT_NEAR(a.positions[i][d], b.positions[i][d], 1e-9);
}

TEST(Trajectories, CompressedDumpsReadLikePlainOnes) {
  const auto zstd = open_trajectory(data + "t.dump.zst");
  const auto gzip = open_trajectory(data + "t.atom.gz");
  ASSERT_EQ(zstd->info().steps, (std::vector<Index>{0, 50, 100, 150}));
  ASSERT_EQ(gzip->info().steps, zstd->info().steps);
  atoms::Configuration a, b;
  for (const Index frame : {3, 1, 2, 0}) {
    zstd->read(frame, a);
    gzip->read(frame, b); // scaled
    EXPECT_TRUE(a.unwrapped);
    EXPECT_FALSE(b.unwrapped);
    for (std::size_t i = 0; i < 256; ++i) {
      const auto &r = a.positions[i], &s = b.positions[i];
      EXPECT_NEAR(atoms::norm(a.box.nearest({r[0] - s[0], r[1] - s[1], r[2] - s[2]})), 0, 2e-4);
    }
  }
}

std::string dump(const std::string& step,
                 const std::string& columns = "id type x y z",
                 const std::string& atoms = "2 1 0.5 0.5 0.5\n1 2 1 1 1\n") {
  return "ITEM: TIMESTEP\n" + step +
         "\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 2\n0 "
         "2\n0 2\nITEM: ATOMS " +
         columns + "\n" + atoms;
}

// LAMMPS counts its time anew after read_restart.
TEST(Trajectories, TimesGoOnAfterARestart) {
  const auto timed = [](const std::string& step, const std::string& time) {
    return "ITEM: TIME\n" + time + "\n" + dump(step);
  };
  const Scratch file("restarted",
                     timed("100", "51") + timed("200", "52") + timed("300", "53") +
                         timed("400", "0") + timed("500", "1") + timed("600", "0"));
  const auto source = open_trajectory(file.path);
  EXPECT_EQ(source->info().times, (std::vector<double>{51, 52, 53, 54, 55, 56}));
  ASSERT_EQ(source->info().problems.size(), 2U);
  EXPECT_EQ(source->info().problems[0],
            "the times begin anew at frame 3, the steps go on: times taken as going on");
  atoms::Configuration c;
  source->read(4, c);
  EXPECT_EQ(c.time, 55);
  // another time step: nothing can be said
  const Scratch other("changed",
                      timed("100", "51") + timed("200", "52") + timed("300", "53") +
                          timed("400", "0") + timed("500", "2"));
  EXPECT_EQ(open_trajectory(other.path)->info().times, (std::vector<double>{51, 52, 53, 0, 2}));
}

TEST(Trajectories, BrokenDumpsAreRefusedByName) {
  EXPECT_EQ(complaint(dump("10") + dump("10")),
            "FILE:frame 1, line 20: step 10 again, expected ascending steps (cut repeated and "
            "unsorted frames out of the file)");
  EXPECT_EQ(complaint(dump("10") + dump("5")),
            "FILE:frame 1, line 20: step 5 after 10, expected ascending steps (cut repeated and "
            "unsorted frames out of the file)");
  EXPECT_EQ(complaint(dump("0") + dump("1", "id type x y z", "2 1 0 0 0\n3 2 1 1 1\n")),
            "FILE:frame 1, line 22: no atom 1, expected the atoms of the first frame");
  EXPECT_EQ(complaint(dump("0", "id type x y z", "2 1 0 0 0\n2 2 1 1 1\n")),
            "FILE:frame 0, line 11: atom 2 twice, expected each atom once");
  EXPECT_EQ(complaint(dump("0") + dump("1", "id type x y z", "2 2 0 0 0\n1 2 1 1 1\n")),
            "FILE:frame 1, line 22: atom 2 of another species, expected the species of the first "
            "frame");
  EXPECT_EQ(complaint(dump("0", "id type vx vy vz")),
            "FILE:frame 0: columns 'id type vx vy vz', expected x y z, xs ys zs, xu yu zu or xsu "
            "ysu zsu");
  EXPECT_EQ(complaint(dump("0", "id type x y z", "2 1 0.5 0.5\n1 2 1 1 1\n")),
            "FILE:frame 0, line 10: '2 1 0.5 0.5', expected 5 columns");
  EXPECT_EQ(complaint(dump("0", "id type x y z", "2 1 0.5 nan 0\n1 2 1 1 1\n")),
            "FILE:frame 0, line 10: '2 1 0.5 nan 0', expected numbers for coordinates");
  EXPECT_EQ(complaint(dump("zero")), "FILE:frame 0, line 2: 'zero', expected the number of a step");
  EXPECT_EQ(complaint(dump("0", "id type x y z", "2 1 0.5 0.5 0.5\n")),
            "FILE:frame 0, line 10: the end of the file after 1 of 2 atoms, expected an atom");
  auto no_box = dump("0", "id type xs ys zs");
  no_box.erase(no_box.find("ITEM: BOX"), no_box.find("ITEM: ATOMS") - no_box.find("ITEM: BOX"));
  EXPECT_EQ(complaint(no_box),
            "FILE:frame 0, line 5: 'ITEM: ATOMS id type xs ys zs', expected ITEM: BOX BOUNDS");
  auto flat = dump("0");
  flat.replace(flat.find("0 2"), 3, "2 2");
  EXPECT_EQ(complaint(flat),
            "FILE:frame 0, line 8: the volume of the box is 0, expected a positive one, expected a "
            "box");
  EXPECT_EQ(complaint("nothing of the kind\n"),
            "FILE: content of no known trajectory, expected one of dcd, extxyz, gsd, h5md, "
            "lammps-binary, lammps-data, lammps-dump, xtc");
}

TEST(Trajectories, AFrameThatIsBeingWrittenIsLeftOut) {
  const auto whole = dump("0") + dump("1");
  const Scratch file("cut", whole.substr(0, whole.size() - 12));
  const auto source = open_trajectory(file.path);
  EXPECT_EQ(source->info().frames, 1);
  EXPECT_EQ(source->info().problems,
            (std::vector<std::string>{"frame 1 is left out: the file ends within it, at line 21"}));
  for (const char* name : {"tri.bin", "small.dcd", "small.xtc", "small.xyz"}) {
    const auto all = bytes_of(data + name);
    const Scratch cut(name, all.substr(0, all.size() - 20));
    const auto less = open_trajectory(cut.path);
    EXPECT_EQ(less->info().frames, open_trajectory(data + name)->info().frames - 1) << name;
    EXPECT_FALSE(less->info().problems.empty()) << name;
  }
}

TEST(Trajectories, DamagedFilesNeverPass) {
  // every file cut at many places and with bytes changed: an error of ours, or a trajectory
  for (const char* name : {"small.gsd",
                           "small.dcd",
                           "small.xtc",
                           "small_h5md.h5",
                           "small.xyz",
                           "t.atom.gz",
                           "tri.bin"}) {
    const auto all = bytes_of(data + name);
    ASSERT_GT(all.size(), 100U);
    for (std::size_t k = 0; k < 60; ++k) {
      auto bytes = all;
      if (k % 2 == 0)
        bytes.resize(all.size() * (k + 1) / 64);
      else
        for (std::size_t j = 0; j < 8; ++j)
          bytes[(k * 7919 + j * 104729) % std::min<std::size_t>(bytes.size(), 600)] ^=
              static_cast<char>(1 << (k + j) % 8);
      (void)complaint(bytes);
    }
  }
}

TEST(Trajectories, OptionsNameSpeciesAndTimes) {
  const Scratch file("times", dump("0") + dump("20"));
  TrajectoryOptions options;
  options.time_step = 0.005;
  options.species = {"Zr", "Cu"};
  const auto source = open_trajectory(file.path, options);
  EXPECT_EQ(source->info().times, (std::vector<double>{0, 0.1}));
  EXPECT_EQ(source->info().species, options.species);
  options.species = {"Zr"};
  EXPECT_EQ(message_of([&] { (void)open_trajectory(file.path, options); }),
            file.path + ": 2 species (1, 2), names for 1 are given");
  options = {};
  options.format = "pdb";
  EXPECT_EQ(message_of([&] { (void)open_trajectory(file.path, options); }),
            "format = 'pdb': expected one of dcd, extxyz, gsd, h5md, lammps-binary, lammps-data, "
            "lammps-dump, xtc");
}

TEST(Trajectories, DumpsAreCutBehindACheckpoint) {
  const Scratch file("cut_back", dump("0") + dump("10") + dump("20"));
  EXPECT_EQ(cut_dump(file.path, 10), 1);
  EXPECT_EQ(open_trajectory(file.path)->info().steps, (std::vector<Index>{0, 10}));
  EXPECT_EQ(cut_dump(file.path, 10), 0);
  EXPECT_EQ(bytes_of(file.path), dump("0") + dump("10"));
}

std::string data_file(const std::string& atoms, const std::string& title = "Atoms # atomic") {
  return "title\n\n2 atoms\n2 atom types\n0 2 xlo xhi\n0 2 ylo yhi\n0 2 zlo zhi\n\n" + title +
         "\n\n" + atoms;
}

TEST(Trajectories, BrokenDataFilesAreRefusedByName) {
  EXPECT_EQ(complaint(data_file("1 1 0 0 0\n2 3 1 1 1\n")),
            "FILE:line 12: type 3, expected 1 to 2");
  EXPECT_EQ(complaint(data_file("1 1 0 0 0\n")),
            "FILE:line 11: the end of the file after 1 of 2 atoms, expected an atom");
  EXPECT_EQ(complaint(data_file("1 1 0 0 0\n2 1 1 one 1\n")),
            "FILE:line 12: 'one' in atom 1, expected a number");
  EXPECT_EQ(complaint(data_file("1 1 0 0 0\n", "Atoms # sphere")),
            "FILE:line 11: atom style 'sphere', expected atomic, charge, bond, angle, molecular or "
            "full");
  EXPECT_EQ(complaint(data_file("1 1 0 0 0 0\n", "Atoms")),
            "FILE:line 11: 6 columns of atoms of no named style, expected 5 or 8 (atomic), 7 or 10 "
            "(full), or 'Atoms # style'");
}

TEST(Trajectories, BrokenXyzIsRefusedByName) {
  const std::string first =
      "1\nLattice=\"2 0 0 0 2 0 0 0 2\" Properties=species:S:1:pos:R:3\nAr 1 1 1\n";
  EXPECT_EQ(complaint("1\nProperties=species:S:1:pos:R:3\nAr 1 1 1\n"),
            "FILE:frame 0, line 2: a comment without Lattice=\"…\", expected the box: nine "
            "numbers, the rows of its edges");
  EXPECT_EQ(complaint(first + "2\n"),
            "FILE:frame 1, line 4: 2 atoms, expected 1 as in the first frame");
  EXPECT_EQ(complaint(first + "x\n"), "FILE:frame 1, line 4: 'x', expected a number of atoms");
  EXPECT_EQ(
      complaint("1\nLattice=\"2 0 0 0 2 0 0 0 2\" Properties=species:S:1\nAr\n"),
      "FILE:frame 0, line 2: 'Properties=species:S:1', expected species:S:1 and pos:R:3 among "
      "them");
}

} // namespace
} // namespace vitrum::io
