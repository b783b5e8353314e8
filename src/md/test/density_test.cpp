#include "vitrum/md/density.hpp"

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::md {
namespace {

std::vector<atoms::Vector> random_atoms(const atoms::Box& box, Index count, std::uint64_t seed) {
  Random random(seed);
  std::vector<atoms::Vector> out;
  for (Index i = 0; i < count; ++i) // some outside the box
    out.push_back(box.position(
        {3 * random.uniform() - 1, 3 * random.uniform() - 1, 3 * random.uniform() - 1}));
  return out;
}

std::vector<Miller> all_of(const ReciprocalGrid& grid) {
  std::vector<Miller> out;
  for (Index h = -grid.half[0]; h <= grid.half[0]; ++h)
    for (Index k = -grid.half[1]; k <= grid.half[1]; ++k)
      for (Index l = 0; l <= grid.half[2]; ++l)
        out.push_back({h, k, l});
  return out;
}

TEST(Density, IsThatOfDirectSumsToTheStatedTolerance) {
  const atoms::Box cube(atoms::tilted_edges({5, 5, 5}, {0, 0, 0}));
  const atoms::Box tilted(atoms::tilted_edges({5, 4, 6}, {1.4, -0.7, 1.1}), {-2, 1, 3});
  for (const auto& box : {cube, tilted})
    for (const Index atoms : {1, 37, 400})
      for (const auto& half : {std::array<Index, 3>{1, 2, 3}, {6, 6, 6}, {9, 4, 11}})
        for (const double tolerance :
             {1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12}) {
          const ReciprocalGrid grid{half};
          const auto positions = random_atoms(box, atoms, static_cast<std::uint64_t>(atoms));
          const auto hkl = all_of(grid);
          std::vector<Complex> fast(hkl.size()), exact(hkl.size());
          DensityTransform transform(grid, tolerance);
          transform.transform(box, positions, fast);
          direct_density(box, positions, hkl, exact);
          double error = 0, size = 0;
          for (std::size_t i = 0; i < hkl.size(); ++i) {
            ASSERT_EQ(grid.at(hkl[i]), static_cast<Index>(i));
            error += std::norm(fast[i] - exact[i]);
            size += std::norm(exact[i]);
          }
          EXPECT_LE(std::sqrt(error / size), tolerance)
              << atoms << " atoms, half " << half[0] << ' ' << half[1] << ' ' << half[2]
              << ", width " << transform.kernel_width();
        }
}

TEST(Density, DirectSumsAreThoseOfTheDefinition) {
  const atoms::Box box(atoms::tilted_edges({5, 4, 6}, {1.4, -0.7, 1.1}));
  const auto positions = random_atoms(box, 20, 5);
  const std::vector<Miller> hkl{{0, 0, 0}, {1, -2, 3}, {-7, 5, 0}};
  std::vector<Complex> rho(hkl.size());
  direct_density(box, positions, hkl, rho);
  for (std::size_t k = 0; k < hkl.size(); ++k) {
    const auto q = box.reciprocal({static_cast<double>(hkl[k][0]),
                                   static_cast<double>(hkl[k][1]),
                                   static_cast<double>(hkl[k][2])});
    Complex sum = 0;
    for (const auto& r : positions)
      sum += std::polar(1.0, atoms::dot(q, r));
    EXPECT_NEAR(std::abs(rho[k] - sum), 0, 1e-11);
  }
}

TEST(Density, GridHoldsEveryVectorUpToQ) {
  const atoms::Box box(atoms::tilted_edges({5, 4, 6}, {2.4, -0.7, 1.9}));
  const double q = 9;
  const auto grid = grid_up_to(box, q);
  Index found = 0;
  for (Index h = -30; h <= 30; ++h)
    for (Index k = -30; k <= 30; ++k)
      for (Index l = 0; l <= 30; ++l) {
        const auto v = box.reciprocal(
            {static_cast<double>(h), static_cast<double>(k), static_cast<double>(l)});
        if (atoms::norm(v) > q)
          continue;
        ++found;
        EXPECT_LE(std::abs(h), grid.half[0]);
        EXPECT_LE(std::abs(k), grid.half[1]);
        EXPECT_LE(l, grid.half[2]);
      }
  EXPECT_GT(found, 500);
}

// Lengths of 256 and its like take three times as long as the next ones.
TEST(Density, MeshesAreOfLengthsThatTransformFast) {
  for (Index half = 2; half < 150; ++half) {
    const auto mesh = DensityTransform({{half, 1, 1}}, 1e-6).mesh();
    EXPECT_GE(static_cast<double>(mesh[0]), 1.4 * static_cast<double>(2 * half + 1));
    EXPECT_TRUE(mesh[0] <= 128 || mesh[0] % 128 != 0) << mesh[0];
    EXPECT_EQ(mesh[0] % 2, 0);
  }
  EXPECT_EQ(DensityTransform({{90, 1, 1}}, 1e-6).mesh()[0], 270);
}

TEST(Density, RefusesTolerancesItCannotKeep) {
  EXPECT_EQ(message_of([] {
              DensityTransform({{4, 4, 4}}, 1e-15);
            }),
            "tolerance 1e-15: must be from 1e-13 to 0.1");
  EXPECT_EQ(message_of([] {
              DensityTransform({{4, 0, 4}}, 1e-6);
            }),
            "reciprocal lattice up to index 0: must be from 1 to 2000");
}

} // namespace
} // namespace vitrum::md
