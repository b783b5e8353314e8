#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/atoms/trajectory_source.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::atoms {
namespace {

Box tilted() {
  return Box(tilted_edges({5, 4, 6}, {2.4, -1.7, 1.9}), {-1, 2, 0.5});
}

TEST(Box, FractionsAndPositionsAreInverse) {
  const Box box = tilted();
  Random random(1);
  for (int n = 0; n < 200; ++n) {
    const Vector s{4 * random.uniform() - 2, 4 * random.uniform() - 2, 4 * random.uniform() - 2};
    const Vector r = box.position(s), back = box.fraction(r);
    const Vector inside = box.fraction(box.wrap(r));
    const auto image = box.image(r);
    for (std::size_t d = 0; d < 3; ++d) {
      EXPECT_NEAR(back[d], s[d], 1e-13);
      EXPECT_GE(inside[d], -1e-12);
      EXPECT_LT(inside[d], 1 + 1e-12);
      EXPECT_EQ(image[d], static_cast<Index>(std::floor(s[d])));
    }
  }
}

TEST(Box, NearestImageIsThatOfASearchOverManyImages) {
  Random random(2);
  for (const Box& box : {tilted(), Box(tilted_edges({3, 3, 3}, {0, 0, 0}))})
    for (int n = 0; n < 300; ++n) {
      const Vector r{20 * random.uniform() - 10, 20 * random.uniform() - 10, 9 * random.uniform()};
      double shortest = 1e30;
      for (int i = -9; i <= 9; ++i)
        for (int j = -9; j <= 9; ++j)
          for (int k = -9; k <= 9; ++k) {
            Vector t = r;
            for (std::size_t d = 0; d < 3; ++d)
              t[d] += i * box.edges()[0][d] + j * box.edges()[1][d] + k * box.edges()[2][d];
            shortest = std::min(shortest, norm(t));
          }
      EXPECT_NEAR(norm(box.nearest(r)), shortest, 1e-12);
    }
}

TEST(Box, NearestLeavesDirectionsThatAreNotPeriodic) {
  const Box box({Vector{2, 0, 0}, Vector{0, 2, 0}, Vector{0, 0, 2}}, {}, {true, false, true});
  const Vector r = box.nearest({1.5, 1.5, -1.5});
  EXPECT_DOUBLE_EQ(r[0], -0.5);
  EXPECT_DOUBLE_EQ(r[1], 1.5);
  EXPECT_DOUBLE_EQ(r[2], 0.5);
}

TEST(Box, ReciprocalVectorsAreOrthogonalToTheOtherEdges) {
  const Box box = tilted();
  for (std::size_t i = 0; i < 3; ++i) {
    Vector hkl{};
    hkl[i] = 1;
    const Vector q = box.reciprocal(hkl);
    for (std::size_t j = 0; j < 3; ++j)
      EXPECT_NEAR(dot(q, box.edges()[j]), i == j ? 2 * std::numbers::pi : 0, 1e-12);
    EXPECT_NEAR(2 * std::numbers::pi / norm(q), box.heights()[i], 1e-12);
  }
}

TEST(Box, AnglesAndTiltsAgree) {
  const auto edges = edges_of_angles({3, 4, 5}, {80, 95, 110});
  const auto angle = [](const Vector& a, const Vector& b) {
    return std::acos(dot(a, b) / norm(a) / norm(b)) * 180 / std::numbers::pi;
  };
  EXPECT_NEAR(angle(edges[1], edges[2]), 80, 1e-10);
  EXPECT_NEAR(angle(edges[0], edges[2]), 95, 1e-10);
  EXPECT_NEAR(angle(edges[0], edges[1]), 110, 1e-10);
  EXPECT_NEAR(norm(edges[2]), 5, 1e-12);
  EXPECT_TRUE(Box(edges_of_angles({3, 4, 5}, {90, 90, 90})).orthogonal());
}

TEST(Box, RefusesWhatIsNoBox) {
  EXPECT_EQ(message_of([] {
              (void)Box(tilted_edges({1, 0, 1}, {0, 0, 0}));
            }),
            "the volume of the box is 0, expected a positive one");
  EXPECT_EQ(message_of([] {
              (void)Box(tilted_edges({1, NAN, 1}, {0, 0, 0}));
            }),
            "an edge of the box is nan, expected finite numbers");
}

Configuration one_atom(const Box& box, Index step, const Vector& at) {
  Configuration c;
  c.step = step;
  c.time = 0.5 * static_cast<double>(step);
  c.box = box;
  c.positions = {at};
  c.species = {0};
  return c;
}

TEST(Unwrapper, RecoversARandomWalkInATiltedBox) {
  const Box box = tilted();
  Random random(3);
  Unwrapper unwrapper;
  Vector r{0, 3, 1}, first = box.wrap(r);
  const Vector start = r;
  for (Index n = 0; n < 500; ++n) {
    auto c = one_atom(box, n, box.wrap(r));
    unwrapper.apply(c);
    for (std::size_t d = 0; d < 3; ++d)
      EXPECT_NEAR(c.positions[0][d] - first[d], r[d] - start[d], 1e-10);
    for (double& x : r)
      x += 0.4 * random.normal();
  }
}

TEST(Unwrapper, RefusesJumpsOfHalfABox) {
  const Box box(tilted_edges({2, 2, 2}, {0, 0, 0}));
  Unwrapper unwrapper;
  auto a = one_atom(box, 0, {0, 0, 0}), b = one_atom(box, 7, {0.95, 0, 0});
  unwrapper.apply(a);
  EXPECT_EQ(message_of([&] { unwrapper.apply(b); }),
            "step 7: atom 0 moved by 0.95 since the frame before, nearly half the box: frames too "
            "far apart to unwrap; write unwrapped positions or image flags");
}

TEST(Trajectory, SelectsFramesAndNamesUnequalSteps) {
  const Box box;
  std::vector<Configuration> frames;
  for (const Index step : {0, 1, 2, 3, 5})
    frames.push_back(one_atom(box, step, {0.1 * static_cast<double>(step), 0, 0}));
  auto all = make_memory_trajectory(frames, {"A"});
  EXPECT_EQ(message_of([&] { (void)equal_time_step(all->info(), "g2"); }),
            "memory: frame 4 is 1 after the one before, the first two are 0.5 apart: g2 needs "
            "equal time steps");
  auto some = select_frames(std::move(all), {1, 4, 1});
  EXPECT_DOUBLE_EQ(equal_time_step(some->info(), "g2"), 0.5);
  Configuration c;
  some->read(2, c);
  EXPECT_EQ(c.step, 3);
}

TEST(Trajectory, RefusesConfigurationsThatDisagree) {
  auto a = one_atom(Box(), 0, {0, 0, 0}), b = one_atom(Box(), 1, {0, 0, 0});
  b.positions.push_back({0, 0, 0});
  b.species.push_back(0);
  EXPECT_EQ(message_of([&] {
              (void)make_memory_trajectory({a, b}, {"A"});
            }),
            "step 1: 2 atoms, 1 before");
  a.species = {3};
  EXPECT_EQ(message_of([&] { (void)make_memory_trajectory({a}, {"A"}); }),
            "atom 0 is of species 3, expected one of 1");
  a.species = {0};
  a.positions[0][1] = NAN;
  EXPECT_EQ(message_of([&] { (void)make_memory_trajectory({a}, {"A"}); }),
            "atom 0 is at nan, expected finite numbers");
}

} // namespace
} // namespace vitrum::atoms
