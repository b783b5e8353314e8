#include "vitrum/md/structure.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/atoms/form_factors.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/md/pairs.hpp"
#include "vitrum/md/voronoi.hpp"

namespace vitrum::md {
namespace {

struct Sample {
  atoms::Box box;
  std::vector<atoms::Vector> positions;
  std::vector<std::int32_t> species;
};

Sample random_sample(const atoms::Box& box, Index count, std::uint64_t seed) {
  Random random(seed);
  Sample out{box, {}, {}};
  for (Index i = 0; i < count; ++i) {
    out.positions.push_back(box.position(
        {2 * random.uniform() - 0.5, 2 * random.uniform() - 0.5, 2 * random.uniform() - 0.5}));
    out.species.push_back(static_cast<std::int32_t>(i % 2));
  }
  return out;
}

const atoms::Box cube(atoms::tilted_edges({6, 7, 8}, {0, 0, 0}));
const atoms::Box tilted(atoms::tilted_edges({6, 7, 8}, {2, -1, 2.5}), {1, -2, 0});

TEST(Pairs, CellsFindWhatAllPairsDo) {
  for (const auto& box : {cube, tilted})
    for (const double distance : {0.7, 1.3, 2.4, 2.8}) {
      const auto s = random_sample(box, 120, 7);
      const CellList cells(box, s.positions, distance);
      for (Index i = 0; i < 120; ++i) {
        std::map<Index, double> found, expected;
        cells.for_neighbours(i, [&](Index j, const atoms::Vector& step, double square) {
          EXPECT_TRUE(found.emplace(j, square).second) << "pair seen twice";
          EXPECT_NEAR(atoms::dot(step, step), square, 1e-12);
        });
        for (Index j = 0; j < 120; ++j) {
          const auto &a = s.positions[static_cast<std::size_t>(i)],
                     &b = s.positions[static_cast<std::size_t>(j)];
          const auto d = box.nearest({b[0] - a[0], b[1] - a[1], b[2] - a[2]});
          if (i != j && atoms::norm(d) < distance)
            expected.emplace(j, atoms::dot(d, d));
        }
        EXPECT_EQ(found, expected);
      }
    }
}

TEST(Pairs, OpenBoxesDoNotRepeat) {
  const atoms::Box box({atoms::Vector{4, 0, 0}, {0, 4, 0}, {0, 0, 4}}, {}, {true, true, false});
  const std::vector<atoms::Vector> at{{0.1, 0, 0.1}, {3.9, 0, 0.1}, {0.1, 0, 3.9}, {0.1, 0, 9}};
  const CellList cells(box, at, 1);
  Index pairs = 0;
  for (Index i = 0; i < 4; ++i)
    cells.for_neighbours(i, [&](Index, const atoms::Vector&, double) { ++pairs; });
  EXPECT_EQ(pairs, 2);
}

TEST(Pairs, RefusesDistancesBeyondHalfTheBox) {
  const auto s = random_sample(cube, 10, 1);
  EXPECT_EQ(message_of([&] { CellList(cube, s.positions, 3.1); }),
            "distance 3.1: more than half the height 6 of the box");
}

TEST(Pairs, AnIdealGasHasNoStructure) {
  const auto s = random_sample(tilted, 1500, 3);
  const auto g = pair_distribution(tilted, s.positions, s.species, 2, 2.5, 0.25);
  for (std::size_t k = 1; k < g.r.size(); ++k) {
    const double pairs =
        0.5 * 1500 * 1500 / tilted.volume() * 4 * std::numbers::pi * g.r[k] * g.r[k] * g.width;
    EXPECT_NEAR(g.total[k], 1, 4.5 / std::sqrt(pairs));
    EXPECT_NEAR(g.pair[0][k], 1, 9 / std::sqrt(pairs));
    EXPECT_NEAR(g.pair[1][k], 1, 9 / std::sqrt(pairs));
    EXPECT_NEAR((g.pair[0][k] + 2 * g.pair[1][k] + g.pair[3][k]) / 4, g.total[k], 1e-9);
  }
}

/// Pairs of species a and b in each bin, by looking at all of them.
std::vector<Index>
plain_counts(const Sample& s, std::int32_t a, std::int32_t b, double width, std::size_t bins) {
  std::vector<Index> out(bins, 0);
  for (std::size_t i = 0; i < s.positions.size(); ++i)
    for (std::size_t j = 0; j < s.positions.size(); ++j) {
      if (i == j || s.species[i] != a || s.species[j] != b)
        continue;
      const auto &p = s.positions[i], &q = s.positions[j];
      const double r = atoms::norm(s.box.nearest({q[0] - p[0], q[1] - p[1], q[2] - p[2]}));
      if (const auto bin = static_cast<std::size_t>(r / width); bin < bins)
        ++out[bin];
    }
  return out;
}

TEST(Pairs, DistributionsCountEveryPairOnce) {
  const std::array<atoms::Vector, 3> long_box = atoms::tilted_edges({5, 9, 21}, {0, 0, 0});
  std::vector<Sample> samples;
  for (const Index count : {2, 40, 700})
    for (const auto& box :
         {cube,
          tilted,
          atoms::Box(long_box),
          atoms::Box(long_box, {1, 2, 3}, {true, false, true}),
          atoms::Box(long_box, {}, {false, false, false}),
          atoms::Box(atoms::tilted_edges({5, 9, 21}, {2, -2, 4}), {}, {true, true, false})}) {
      samples.push_back(random_sample(box, count, static_cast<std::uint64_t>(count)));
      for (std::size_t i = 0; i < samples.back().species.size(); ++i)
        samples.back().species[i] =
            static_cast<std::int32_t>(i % 5 / 2); // of three, in unequal parts
    }
  for (const auto& s : samples)
    for (const double r_max : {0.4, 1.1, 2.3}) {
      constexpr double width = 0.1;
      const auto g = pair_distribution(s.box, s.positions, s.species, 3, r_max, width);
      const auto bins = static_cast<std::size_t>(std::lround(r_max / width));
      ASSERT_EQ(g.r.size(), bins);
      std::vector<double> all(bins, 0);
      const auto atoms = static_cast<double>(s.positions.size());
      const auto number = [&](std::int32_t kind) {
        return static_cast<double>(std::count(s.species.begin(), s.species.end(), kind));
      };
      for (std::int32_t a = 0; a < 3; ++a)
        for (std::int32_t b = 0; b < 3; ++b) {
          const auto counts = plain_counts(s, a, b, width, bins);
          for (std::size_t k = 0; k < bins; ++k) {
            const double shell = 4 * std::numbers::pi / 3 *
                                 (std::pow(g.r[k] + 0.05, 3) - std::pow(g.r[k] - 0.05, 3)) /
                                 s.box.volume();
            all[k] += static_cast<double>(counts[k]) / (atoms * atoms * shell);
            if (a <= b && number(a) * number(b) > 0) {
              EXPECT_NEAR(g.pair[static_cast<std::size_t>(3 * a + b)][k] * shell * number(a) *
                              number(b),
                          static_cast<double>(counts[k]),
                          1e-6)
                  << a << b << " of " << atoms << " up to " << r_max << " bin " << k;
            }
          }
        }
      for (std::size_t k = 0; k < bins; ++k)
        EXPECT_NEAR(g.total[k], all[k], 1e-9 * (1 + all[k]));
    }
}

TEST(Pairs, FirstShellOfAKnownCurve) {
  std::vector<double> r, g;
  for (int k = 0; k < 300; ++k) {
    r.push_back(0.01 * (k + 0.5));
    const double x = r.back();
    g.push_back(x < 0.8 ? 0
                        : 3 * std::exp(-std::pow((x - 1.005) / 0.06, 2)) +
                              1.4 * std::exp(-std::pow((x - 1.9) / 0.25, 2)) + 0.3 * x);
  }
  const auto shell = first_shell(r, g);
  EXPECT_NEAR(shell.peak, 1.005, 1e-9);
  EXPECT_NEAR(shell.minimum, 1.2, 0.06);
  EXPECT_TRUE(std::isnan(first_shell(r, std::vector<double>(r.size(), 0.5)).peak));
}

/// f_a of the species: 1, or the form factors of zirconium and copper where a unit of length is 3
/// Å.
void expect_plain_sums(const ScatteringWeights& weights, const std::vector<int>& elements) {
  const auto s = random_sample(tilted, 50, 5);
  StructureAccumulator sum(tilted, 2, 4, 0.5, weights);
  DensityTransform transform(sum.grid(), 1e-10);
  std::vector<std::vector<Complex>> density(2);
  species_densities(transform, tilted, s.positions, s.species, sum.grid().size(), density);
  sum.add(density, std::vector<Index>{25, 25});
  const auto result = sum.result();
  std::vector<double> total(8, 0), cross(8, 0), count(8, 0);
  for (int h = -9; h <= 9; ++h)
    for (int k = -9; k <= 9; ++k)
      for (int l = -9; l <= 9; ++l) {
        const auto q = tilted.reciprocal({1.0 * h, 1.0 * k, 1.0 * l});
        const auto shell = static_cast<std::size_t>(atoms::norm(q) / 0.5);
        if (shell >= 8 || (h == 0 && k == 0 && l == 0))
          continue;
        Complex rho[2] = {0, 0};
        for (std::size_t i = 0; i < 50; ++i)
          rho[i % 2] += std::polar(1.0, atoms::dot(q, s.positions[i]));
        double f[2] = {1, 1};
        for (std::size_t a = 0; a < elements.size(); ++a)
          f[a] = atoms::xray_form_factor(elements[a], atoms::norm(q) / 3);
        total[shell] +=
            std::norm(f[0] * rho[0] + f[1] * rho[1]) / (25 * (f[0] * f[0] + f[1] * f[1]));
        cross[shell] += std::real(rho[0] * std::conj(rho[1])) / 50;
        ++count[shell];
      }
  for (std::size_t k = 0; k < 8; ++k) {
    EXPECT_EQ(2 * result.vectors[k], static_cast<Index>(count[k]));
    if (count[k] > 0) {
      EXPECT_NEAR(result.total[k], total[k] / count[k], 1e-7);
      EXPECT_NEAR(result.partial[1][k], cross[k] / count[k], 1e-7);
    }
  }
}

TEST(Structure, ShellsAveragePlainSums) {
  expect_plain_sums({}, {});
}

TEST(Structure, ElementsWeighTheSums) {
  expect_plain_sums({Radiation::xray, {"Zr", "Cu"}, 3}, {40, 29});
}

TEST(Structure, WeightsAreThoseOfElements) {
  const ScatteringWeights electron(Radiation::electron, {"Zr", "Cu"}, 3);
  EXPECT_EQ(electron.at(1, 7.8), atoms::electron_scattering_factor(29, 2.6));
  EXPECT_EQ(electron.at(std::vector<double>{6.0, 9.0})[0][1],
            atoms::electron_scattering_factor(40, 3.0));
  EXPECT_TRUE(ScatteringWeights().at(std::vector<double>{1.0}).empty());
  EXPECT_THROW(ScatteringWeights(Radiation::xray, {"A"}, 3), OptionError);
  EXPECT_THROW(ScatteringWeights(Radiation::xray, {"Zr"}, 0), OptionError);
}

TEST(Voronoi, CellsOfAnFccCrystal) {
  std::vector<atoms::Vector> at;
  const double a = 1.5;
  for (int x = 0; x < 4; ++x)
    for (int y = 0; y < 4; ++y)
      for (int z = 0; z < 4; ++z)
        for (const auto& b : {atoms::Vector{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}})
          at.push_back({a * (x + b[0]), a * (y + b[1]), a * (z + b[2])});
  // a little disorder: faces of area 0 would be a matter of rounding
  const atoms::Box box(atoms::tilted_edges({4 * a, 4 * a, 4 * a}, {0, 0, 0}));
  const std::vector<double> radius(at.size(), 0.5);
  const auto v = make_voronoi(box, at, radius, 1e-6);
  EXPECT_EQ(v.bonds, static_cast<Index>(at.size()) * 6);
  for (const auto& cell : v.cells) {
    EXPECT_NEAR(cell.volume, a * a * a / 4, 1e-9);
    EXPECT_EQ(cell.coordination(), 12);
    for (const auto& face : cell.faces)
      EXPECT_NEAR(atoms::norm(face.step), a / std::numbers::sqrt2, 1e-9);
  }
}

TEST(Voronoi, VolumesFillBoxesOfAnyShape) {
  for (const auto& box :
       {cube, tilted, atoms::Box({atoms::Vector{0, 6, 1}, {5, 1, 2}, {1, 1, -7}})}) {
    const auto s = random_sample(box, 200, 11);
    std::vector<double> radius;
    for (const auto kind : s.species)
      radius.push_back(kind == 0 ? 0.11 : 0.09);
    const auto v = make_voronoi(box, s.positions, radius);
    double volume = 0;
    Index faces = 0;
    for (std::size_t i = 0; i < v.cells.size(); ++i) {
      volume += v.cells[i].volume;
      faces += v.cells[i].coordination();
      for (const auto& face : v.cells[i].faces) {
        // the neighbour has this atom for a neighbour
        const auto& back = v.cells[static_cast<std::size_t>(face.neighbour)].faces;
        EXPECT_TRUE(std::any_of(back.begin(), back.end(), [&](const Face& f) {
          return f.neighbour == static_cast<Index>(i);
        }));
      }
    }
    EXPECT_NEAR(volume, box.volume(), 1e-6 * box.volume());
    EXPECT_EQ(faces, 2 * v.bonds);
  }
}

TEST(Voronoi, AnIcosahedronIsZ12) {
  const double golden = 0.5 * (1 + std::sqrt(5.0));
  std::vector<atoms::Vector> at{{0, 0, 0}};
  for (const double s : {-1.0, 1.0})
    for (const double t : {-golden, golden}) {
      at.push_back({0, s, t});
      at.push_back({s, t, 0});
      at.push_back({t, 0, s});
    }
  const atoms::Box box(atoms::tilted_edges({12, 12, 12}, {0, 0, 0}), {-6, -6, -6});
  const std::vector<double> radius(at.size(), 0.5);
  const auto v = make_voronoi(box, at, radius);
  EXPECT_EQ(v.cells[0].index(), (std::array<Index, 5>{0, 0, 12, 0, 0}));
  EXPECT_EQ(frank_kasper(v.cells[0]), FrankKasper::z12);
}

TEST(Voronoi, RefusesWhatHasNoCells) {
  const atoms::Box open({atoms::Vector{4, 0, 0}, {0, 4, 0}, {0, 0, 4}}, {}, {true, true, false});
  const std::vector<atoms::Vector> at{{1, 1, 1}};
  const std::vector<double> radius{0.5}, negative{-1};
  EXPECT_EQ(message_of([&] { (void)make_voronoi(open, at, radius); }),
            "the box does not repeat along all three directions, as Voronoi cells need");
  EXPECT_EQ(message_of([&] { (void)make_voronoi(cube, at, negative); }),
            "Voronoi cells: radius -1 of atom 0");
  EXPECT_EQ(message_of([&] { (void)make_voronoi(cube, at, {}); }),
            "Voronoi cells: 0 radii for 1 atoms");
}

} // namespace
} // namespace vitrum::md
