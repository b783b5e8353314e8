#include "vitrum/md/waiting.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/md/clusters.hpp"
#include "vitrum/md/windows.hpp"

namespace vitrum::md {
namespace {

atoms::Configuration one(const std::vector<atoms::Vector>& at) {
  atoms::Configuration c;
  c.positions = at;
  c.species.assign(at.size(), 0);
  c.unwrapped = true;
  return c;
}

TEST(Waiting, CountsTheStepsOfKnownJumps) {
  // atom 0 jumps by 1.2 before frames 5 and 12; atom 1 never
  WaitingCounter counter({.distance = 1, .average = 1, .origins = 2, .frame_time = 0.5}, 2, 20);
  for (int t = 0; t < 20; ++t)
    counter.add(one({{1.2 * (t >= 5) + 1.2 * (t >= 12), 0, 0}, {0.3 * (t % 2), 0, 0}}));
  const auto w = counter.result();
  EXPECT_EQ(w.moves, (std::vector<Index>{2, 0}));
  ASSERT_EQ(w.exchange.size(), 2U);
  EXPECT_DOUBLE_EQ(w.exchange[0].time, 3.5);
  EXPECT_TRUE(w.exchange[0].ended);
  EXPECT_DOUBLE_EQ(w.exchange[1].time, 3.5); // from 12 to the last frame, 19
  EXPECT_FALSE(w.exchange[1].ended);
  // origins at frames 0 and 10
  ASSERT_EQ(w.persistence.size(), 4U);
  EXPECT_DOUBLE_EQ(w.persistence[0].time, 2.5);
  EXPECT_DOUBLE_EQ(w.persistence[1].time, 1.0);
  EXPECT_FALSE(w.persistence[2].ended);
  EXPECT_DOUBLE_EQ(w.persistence[2].time, 9.5);
  EXPECT_DOUBLE_EQ(w.persistence[3].time, 4.5);
}

TEST(Waiting, AveragesRattlingAway) {
  // far excursions of single frames are no moves once three frames are averaged
  const auto moves = [](Index average) {
    WaitingCounter counter({.distance = 1, .average = average, .origins = 0}, 1, 30);
    for (int t = 0; t < 30; ++t)
      counter.add(one({{t % 10 == 9 ? 1.5 : 0.0, 0, 0}}));
    return counter.result().moves[0];
  };
  EXPECT_GT(moves(1), 0);
  EXPECT_EQ(moves(3), 0);
}

TEST(Waiting, RecoversAContinuousTimeRandomWalk) {
  // waits of density t^−1.6 from 1, jumps of 1.5 in frames of 0.25
  constexpr double frame_time = 0.25;
  constexpr Index frames = 4000;
  Random random(2);
  std::vector<double> next(300), x(300, 0);
  for (double& t : next)
    t = std::pow(random.uniform(), -1 / 0.6);
  WaitingCounter counter(
      {.distance = 1, .average = 1, .origins = 4, .frame_time = frame_time}, 300, frames);
  for (Index f = 0; f < frames; ++f) {
    std::vector<atoms::Vector> at;
    for (std::size_t i = 0; i < x.size(); ++i) {
      while (next[i] < static_cast<double>(f) * frame_time) {
        x[i] += 1.5;
        next[i] += std::pow(random.uniform(), -1 / 0.6);
      }
      at.push_back({x[i], 0, 0});
    }
    counter.add(one(at));
  }
  const auto fit = fit_power_law(counter.result().exchange, {.t_min = 4, .resolution = frame_time});
  EXPECT_NEAR(fit.exponent, 1.6, 4 * fit.exponent_error + 0.01);
  EXPECT_LT(fit.exponent_error, 0.02);
}

TEST(Waiting, RefusesWhatItCannotCount) {
  EXPECT_EQ(message_of([] { WaitingCounter({.distance = 0}, 1, 10); }),
            "distance 0: must be positive");
  EXPECT_EQ(message_of([] { WaitingCounter({.average = 11}, 1, 10); }),
            "average over 11 frames: must be 1 to 10");
  WaitingCounter counter({}, 1, 10);
  auto folded = one({{0, 0, 0}});
  folded.unwrapped = false;
  EXPECT_EQ(message_of([&] { counter.add(folded); }), "waiting times need unwrapped positions");
}

TEST(Clusters, WrappingIsWhatPercolates) {
  const atoms::Box box(atoms::tilted_edges({4, 4, 4}, {1, 0, 0}));
  // a chain of four along a closes on its image; a chain of three does not, a ring neither
  std::vector<atoms::Vector> at;
  std::vector<Link> chain, ring;
  for (int k = 0; k < 4; ++k)
    at.push_back({k + 0.5, 0.5, 0.5});
  for (Index k = 0; k < 4; ++k)
    chain.push_back({k, (k + 1) % 4, {1, 0, 0}});
  const std::vector<std::uint8_t> all(4, 1);
  std::vector<std::uint8_t> three = all;
  three[2] = 0;
  const auto closed = find_clusters(box, at, all, chain);
  EXPECT_TRUE(closed.percolates());
  EXPECT_EQ(closed.sizes, (std::vector<Index>{4}));
  EXPECT_EQ(closed.wraps[0], (std::array<bool, 3>{true, false, false}));
  const auto open = find_clusters(box, at, three, chain);
  EXPECT_FALSE(open.percolates());
  EXPECT_EQ(open.sizes, (std::vector<Index>{3}));
  at = {{0.5, 0.5, 0.5}, {1.5, 0.5, 0.5}, {1.5, 1.5, 0.5}, {0.5, 1.5, 0.5}};
  ring = {{0, 1, {1, 0, 0}}, {1, 2, {0, 1, 0}}, {2, 3, {-1, 0, 0}}, {3, 0, {0, -1, 0}}};
  EXPECT_FALSE(find_clusters(box, at, all, ring).percolates());
}

TEST(Clusters, AgreeWithAFloodFill) {
  const Index edge = 6;
  const atoms::Box box(atoms::tilted_edges({6, 6, 6}, {0, 0, 0}));
  std::vector<atoms::Vector> at;
  for (Index i = 0; i < edge * edge * edge; ++i)
    at.push_back({static_cast<double>(i / 36) + 0.5,
                  static_cast<double>(i / 6 % 6) + 0.5,
                  static_cast<double>(i % 6) + 0.5});
  const auto shifted = [&](Index i, std::size_t d, Index by) {
    std::array<Index, 3> x{i / 36, i / 6 % 6, i % 6};
    x[d] = (x[d] + by + edge) % edge;
    return x[0] * 36 + x[1] * 6 + x[2];
  };
  int wrapped = 0, open = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    std::vector<std::uint8_t> member;
    for (std::size_t i = 0; i < at.size(); ++i)
      member.push_back(random.uniform() < 0.25 + 0.005 * static_cast<double>(seed) ? 1 : 0);
    std::vector<Link> links;
    for (Index i = 0; i < 216; ++i)
      for (std::size_t d = 0; d < 3; ++d) {
        Link link{i, shifted(i, d, 1), {}};
        link.step[d] = 1;
        links.push_back(link);
      }
    const auto found = find_clusters(box, at, member, links);
    // a flood over unfolded space: a site reached at two places wraps
    bool wraps = false;
    std::vector<Index> sizes;
    std::vector<std::array<Index, 3>> place(216, {-999, 0, 0});
    for (Index start = 0; start < 216; ++start) {
      if (member[static_cast<std::size_t>(start)] == 0 ||
          place[static_cast<std::size_t>(start)][0] != -999)
        continue;
      std::vector<Index> todo{start};
      place[static_cast<std::size_t>(start)] = {0, 0, 0};
      Index size = 0;
      while (!todo.empty()) {
        const Index i = todo.back();
        todo.pop_back();
        ++size;
        for (std::size_t d = 0; d < 3; ++d)
          for (const Index by : {-1, 1}) {
            const auto j = static_cast<std::size_t>(shifted(i, d, by));
            if (member[j] == 0)
              continue;
            auto there = place[static_cast<std::size_t>(i)];
            there[d] += by;
            if (place[j][0] == -999) {
              place[j] = there;
              todo.push_back(static_cast<Index>(j));
            } else if (place[j] != there) {
              wraps = true;
            }
          }
      }
      sizes.push_back(size);
    }
    std::sort(sizes.rbegin(), sizes.rend());
    EXPECT_EQ(found.sizes, sizes);
    EXPECT_EQ(found.percolates(), wraps);
    (wraps ? wrapped : open) += 1;
  }
  EXPECT_GT(wrapped, 5);
  EXPECT_GT(open, 5);
}

TEST(Windows, HoldIndependentVectorsOnce) {
  const atoms::Box box(atoms::tilted_edges({9, 10, 11}, {1, 0, -2}));
  const auto grid = grid_up_to(box, 8);
  const auto shell = make_shell(box, grid, 6.5, 7.5);
  const double expected = 0.5 * 4.0 / 3 * M_PI * (std::pow(7.5, 3) - std::pow(6.5, 3)) *
                          box.volume() / std::pow(2 * M_PI, 3);
  EXPECT_NEAR(static_cast<double>(shell.hkl.size()), expected, 0.05 * expected);
  std::vector<Miller> sorted = shell.hkl;
  std::sort(sorted.begin(), sorted.end());
  for (const auto& m : shell.hkl)
    EXPECT_FALSE(std::binary_search(sorted.begin(), sorted.end(), Miller{-m[0], -m[1], -m[2]}));
  for (const auto& m : make_slice(box, grid, 6.5, 7.5).hkl)
    EXPECT_EQ(m[2], 0);
  EXPECT_EQ(make_spot(box, grid, 7, 3).hkl.size(), 27U);
  // a short wave bends the sphere less than a lattice vector: the flat slice
  EXPECT_EQ(make_slice(box, grid, 6.5, 7.5, 1e-4).hkl, make_slice(box, grid, 6.5, 7.5).hkl);
  const auto bent = make_slice(box, grid, 5, 7, 0.4);
  for (std::size_t i = 0; i < bent.hkl.size(); ++i) {
    const auto q = box.reciprocal({static_cast<double>(bent.hkl[i][0]),
                                   static_cast<double>(bent.hkl[i][1]),
                                   static_cast<double>(bent.hkl[i][2])});
    EXPECT_LT(std::abs(q[2]), 4);
  }
  EXPECT_NE(
      message_of([&] { (void)make_shell(box, grid, 6.5, 6.50001); })
          .find("reciprocal vectors of the box from q = 6.5 to 6.5, a contrast needs 4: take a "
                "wider shell or a larger box"),
      std::string::npos);
}

} // namespace
} // namespace vitrum::md
