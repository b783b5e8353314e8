#include "vitrum/md/rearrangements.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::md {
namespace {

atoms::Configuration lattice(Index edge) {
  atoms::Configuration c;
  const auto length = static_cast<double>(edge);
  c.box = atoms::Box(atoms::tilted_edges({length, length, length}, {0, 0, 0}));
  c.unwrapped = true;
  for (Index i = 0; i < edge * edge * edge; ++i)
    c.positions.push_back({static_cast<double>(i / (edge * edge)),
                           static_cast<double>(i / edge % edge),
                           static_cast<double>(i % edge)});
  c.species.assign(c.positions.size(), 0);
  return c;
}

TEST(Rearrangements, AStringOfFiveIsFoundThroughTheBoundary) {
  const auto before = lattice(6);
  auto after = before;
  // atoms (4, 0, 0), (5, 0, 0), (0, 0, 0), (1, 0, 0), (2, 0, 0) follow each other along x; one far
  // away hops alone
  std::vector<std::size_t> chain;
  for (const std::size_t x : {4U, 5U, 0U, 1U, 2U})
    chain.push_back(x * 36);
  for (const auto i : chain)
    after.positions[i][0] += 1.1;
  after.positions[2 * 36 + 3 * 6 + 3][1] += 0.9;
  const auto moved = displacements(before, after);
  const auto mobile = most_mobile(moved, 6.0 / 216);
  Index count = 0;
  for (const auto m : mobile)
    count += m;
  EXPECT_EQ(count, 6);
  const auto strings = find_strings(before, after, mobile, 0.6);
  EXPECT_EQ(strings.length, (std::vector<Index>{5, 1}));
  EXPECT_DOUBLE_EQ(strings.mean_length, 3);
  for (const auto i : chain)
    EXPECT_EQ(strings.label[i], 1);
}

TEST(Rearrangements, BondsBreakOnlyBeyondTheOuterDistance) {
  const auto before = lattice(6);
  auto after = before;
  after.positions[0][0] += 0.4;   // its bonds stretch to 1.4 and 0.6, sideways to 1.08
  after.positions[100][1] += 0.7; // one of its bonds stretches to 1.7
  const std::vector<double> inner{1.2}, outer{1.5};
  const auto bonds = broken_bonds(before, after, 1, inner, outer);
  EXPECT_EQ(bonds.bonds, 3 * 216);
  EXPECT_EQ(bonds.broken, 1);
  EXPECT_EQ(bonds.of_atom[100], 1);
}

TEST(Rearrangements, PropensityComparesLikeWithLike) {
  // the second species moves three times as far; members are mostly of it, and move half as far
  // as others of their species
  Random random(1);
  std::vector<double> moved;
  std::vector<std::int32_t> species;
  std::vector<std::uint8_t> member;
  for (int i = 0; i < 40000; ++i) {
    species.push_back(i % 2);
    member.push_back(random.uniform() < (i % 2 == 0 ? 0.05 : 0.5) ? 1 : 0);
    moved.push_back((i % 2 == 0 ? 1 : 3) * std::abs(random.normal()) * (member.back() ? 0.5 : 1));
  }
  const auto p = propensity(moved, species, 2, member);
  EXPECT_NEAR(p.ratio, 0.25, 4 * p.ratio_error);
  EXPECT_LT(p.ratio_error, 0.01);
}

TEST(Rearrangements, RefusesWhatMakesNoSense) {
  auto a = lattice(3), b = lattice(3);
  b.unwrapped = false;
  EXPECT_EQ(message_of([&] { (void)displacements(a, b); }),
            "displacements need unwrapped positions");
  b.positions.pop_back();
  EXPECT_EQ(message_of([&] { (void)displacements(a, b); }), "27 atoms before, 26 after");
  EXPECT_EQ(message_of([&] { (void)most_mobile(std::vector<double>{1}, 0); }),
            "mobile fraction 0: must be above 0 and up to 1");
}

} // namespace
} // namespace vitrum::md
