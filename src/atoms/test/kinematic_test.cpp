#include "vitrum/atoms/kinematic.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>

#include <gtest/gtest.h>

#include "data_paths.hpp"
#include "message_of.hpp"
#include "vitrum/atoms/form_factors.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::atoms {
namespace {

constexpr double pi = std::numbers::pi;

AtomModel random_model(Index atoms, double edge, std::uint64_t seed) {
  AtomModel model;
  model.edge = {edge, edge, edge};
  Random random(seed);
  for (Index i = 0; i < atoms; ++i) {
    model.position.push_back({edge * (random.uniform() - 0.5),
                              edge * (random.uniform() - 0.5),
                              edge * (random.uniform() - 0.5)});
    model.element.push_back(i % 3 == 0 ? 13 : i % 3 == 1 ? 29 : 40);
  }
  return model;
}

TEST(Kinematic, RotationsTurnAndDoNotStretch) {
  auto all = grid_rotations(40, 20);
  const auto more = random_rotations(20, 3);
  all.insert(all.end(), more.begin(), more.end());
  for (const auto& r : all) {
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t b = 0; b < 3; ++b) {
        double dot = 0;
        for (std::size_t d = 0; d < 3; ++d)
          dot += r[a][d] * r[b][d];
        EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-12);
      }
    const double determinant = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
                               r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
                               r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
    EXPECT_NEAR(determinant, 1, 1e-12);
  }
}

TEST(Kinematic, TurningKeepsTheDensityAndTheIdentityKeepsAll) {
  const auto model = random_model(2000, 20, 1);
  const Rotation identity{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  EXPECT_EQ(rotated(model, identity).position.size(), 2000U);
  for (const auto& r : random_rotations(5, 2))
    EXPECT_NEAR(
        static_cast<double>(rotated(model, r).position.size()), 2000, 5 * std::sqrt(2000.0));
}

/// Atoms in the order of their places.
std::vector<std::pair<std::array<double, 3>, int>> sorted(const AtomModel& model) {
  std::vector<std::pair<std::array<double, 3>, int>> out;
  for (std::size_t i = 0; i < model.position.size(); ++i)
    out.emplace_back(model.position[i], model.element[i]);
  std::sort(out.begin(), out.end());
  return out;
}

// An oblique box and the box of right angles that holds the same twice: the same atoms everywhere.
TEST(Kinematic, AnObliqueBoxIsWhatItRepeats) {
  const Box oblique(tilted_edges({14, 9, 17}, {7, 0, 0})),
      twice(tilted_edges({14, 18, 17}, {0, 0, 0}));
  const auto drawn = random_model(120, 9, 3);
  std::vector<Vector> positions = drawn.position, both = positions;
  for (const auto& p : positions)
    both.push_back({p[0] + 7, p[1] + 9, p[2]});
  auto elements = drawn.element;
  auto tilted = make_model(oblique, positions, elements);
  elements.insert(elements.end(), drawn.element.begin(), drawn.element.end());
  auto straight = make_model(twice, both, elements);
  EXPECT_EQ(tilted.edge, (std::array<double, 3>{14, 9, 17}));
  EXPECT_EQ(straight.edge, (std::array<double, 3>{14, 18, 17}));
  tilted.edge = straight.edge = {20, 19, 21};
  for (const auto& r : random_rotations(10, 4)) {
    const auto a = sorted(rotated(tilted, r)), b = sorted(rotated(straight, r));
    ASSERT_EQ(a.size(), b.size());
    ASSERT_GT(a.size(), 300U);
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].second, b[i].second);
      for (std::size_t d = 0; d < 3; ++d)
        EXPECT_NEAR(a[i].first[d], b[i].first[d], 1e-9);
    }
  }
}

// The same lattice by other edges, in other units: the same variance.
TEST(Kinematic, AnObliqueBoxOfTheSameLatticeHasTheSameVariance) {
  const auto drawn = random_model(400, 22, 5);
  const double unit = 2.5;
  std::vector<Vector> scaled = drawn.position;
  for (auto& p : scaled)
    for (double& x : p)
      x = x / unit + 3; // elsewhere
  const auto straight = make_model(
      Box(tilted_edges({22 / unit, 22 / unit, 22 / unit}, {0, 0, 0})), scaled, drawn.element, unit);
  const auto tilted =
      make_model(Box(tilted_edges({22 / unit, 22 / unit, 22 / unit}, {22 / unit, -22 / unit, 0})),
                 scaled,
                 drawn.element,
                 unit);
  ProbeOptions probe;
  probe.q_inv_angstrom = 0.11;
  const std::vector<double> k{0.3, 0.4, 0.5};
  const auto rotations = random_rotations(12, 6);
  const auto a = model_variance(straight, rotations, probe, k, silent()),
             b = model_variance(tilted, rotations, probe, k, silent());
  for (std::size_t q = 0; q < k.size(); ++q)
    EXPECT_NEAR(a.variance[q], b.variance[q], 1e-9 * a.variance[q]);
  EXPECT_EQ(message_of([&] {
              static_cast<void>(make_model(
                  Box(tilted_edges({9, 9, 9}, {0, 0, 0}), {0, 0, 0}, {true, true, false}), {}, {}));
            }),
            "the box is open on a side: expected one that repeats itself");
}

// One atom counts as far as the probe is said to reach, and no further.
TEST(Kinematic, ProbesReachAsFarAsTheyAreSaidTo) {
  ProbeOptions probe;
  probe.q_inv_angstrom = 0.05;
  EXPECT_NEAR(probe_reach(probe), 1.8305 * 0.61 / 0.05, 0.001); // zeros of J1: 7.0156 and 3.8317
  EXPECT_NEAR(probe_span(probe), 2 * probe_reach(probe), 1e-12);
  ProbeOptions square = probe;
  square.square = true;
  EXPECT_NEAR(probe_span(square), std::sqrt(2.0) * 0.61 / 0.05, 1e-12);
  const std::vector<double> k{0.2};
  for (const auto& one : {probe, square})
    for (const double share : {0.99, 1.01}) {
      const double reach = one.square ? 0.5 * probe_span(one) : probe_reach(one);
      const AtomModel model{{100, 100, 100}, {}, {{share * reach, 0, 0}}, {29}};
      const auto factors = electron_factors(model.element, k);
      EXPECT_EQ(annular_intensity(model, 0, 0, one, RingTable(k, one), factors)[0] > 0, share < 1);
    }
}

/// The annular mean by hand: the pattern's amplitude on points around the ring.
TEST(Kinematic, AnnularIntensityIsTheMeanOfTheRing) {
  for (const Index atoms : {1, 7, 60, 400}) {
    const auto model = random_model(atoms, 18, static_cast<std::uint64_t>(atoms));
    ProbeOptions probe;
    probe.q_inv_angstrom = 0.05;
    const std::vector<double> k{0.05, 0.2, 0.41, 0.8};
    const auto factors = electron_factors(model.element, k);
    const auto fast = annular_intensity(model, 1, -2, probe, RingTable(k, probe), factors);
    for (std::size_t q = 0; q < k.size(); ++q) {
      constexpr int angles = 360;
      double slow = 0;
      for (int a = 0; a < angles; ++a) {
        const double kx = k[q] * std::cos(2 * pi * a / angles),
                     ky = k[q] * std::sin(2 * pi * a / angles);
        double re = 0, im = 0;
        for (std::size_t i = 0; i < model.position.size(); ++i) {
          double dx = model.position[i][0] - 1, dy = model.position[i][1] + 2;
          dx -= 18 * std::round(dx / 18);
          dy -= 18 * std::round(dy / 18);
          const double r = std::hypot(dx, dy);
          if (r > 7.0155867 / (2 * pi * probe.q_inv_angstrom))
            continue;
          const double x = 2 * pi * probe.q_inv_angstrom * r,
                       f = electron_scattering_factor(model.element[i], 2 * pi * k[q]) *
                           (x > 1e-9 ? 2 * std::cyl_bessel_j(1.0, x) / x : 1),
                       phase = 2 * pi * (kx * dx + ky * dy);
          re += f * std::cos(phase);
          im += f * std::sin(phase);
        }
        slow += (re * re + im * im) / angles;
      }
      EXPECT_NEAR(fast[q] / slow, 1, 2e-3) << atoms << " atoms, k " << k[q];
    }
  }
}

TEST(Kinematic, PatternsHaveFriedelsSymmetryAndTheForwardBeam) {
  const auto model = random_model(100, 15, 9);
  ProbeOptions probe;
  probe.q_inv_angstrom = 0.06;
  const auto pattern = kinematic_pattern(model, 0, 0, probe, 33, 0.04);
  double forward = 0;
  for (std::size_t i = 0; i < model.position.size(); ++i) {
    const double r = std::hypot(model.position[i][0], model.position[i][1]);
    if (r <= 7.0155867 / (2 * pi * 0.06))
      forward +=
          electron_scattering_factor(model.element[i], 0) * probe_amplitude(2 * pi * 0.06 * r);
  }
  EXPECT_NEAR(pattern[16 * 33 + 16] / (forward * forward), 1, 1e-5);
  for (std::size_t i = 0; i < pattern.size(); ++i)
    EXPECT_NEAR(pattern[i], pattern[pattern.size() - 1 - i], 1e-4 * pattern[16 * 33 + 16]);
}

TEST(Kinematic, ProbesAreAiryDiscs) {
  EXPECT_NEAR(probe_amplitude(0), 1, 1e-12);
  EXPECT_NEAR(probe_amplitude(3.8317059702075125), 0, 1e-12);
  const double q = aperture_of_fwhm(20);
  EXPECT_NEAR(std::pow(probe_amplitude(2 * pi * q * 10), 2), 0.5, 1e-9);
  const auto model = random_model(10, 28.28427, 1);
  ProbeOptions probe;
  probe.q_inv_angstrom = 0.0305;
  EXPECT_EQ(probe_places(model, probe).size(), 1U);
  probe.q_inv_angstrom = 0.061;
  EXPECT_EQ(probe_places(model, probe).size(), 4U);
}

TEST(Kinematic, ModelsThatMakeNoSense) {
  AtomModel model = random_model(3, 10, 1);
  model.position[1][2] = std::nan("");
  EXPECT_EQ(message_of([&] { validate(model); }), "atom 2: its position is no number");
  model = random_model(3, 10, 1);
  model.edge[1] = 0;
  EXPECT_EQ(message_of([&] { validate(model); }), "box of 10 x 0 x 10 angstrom: must be positive");
}

/// Zr50Cu35Al15 of 1250 atoms with the settings of femsim.in: Q = 0.0305 1/angstrom, one probe, a
/// grid of 40 x 20 rotations.
TEST(Kinematic, AgreesWithFemsim) {
  std::ifstream xyz(shared_data() + "/fem/Zr50Cu35Al15_t3_final.xyz"),
      reference(shared_data() + "/fem/vk_initial_femsim.txt");
  if (!xyz || !reference)
    GTEST_SKIP() << "no femsim data";
  AtomModel model;
  std::size_t atoms = 0;
  xyz >> atoms >> model.edge[0] >> model.edge[1] >> model.edge[2];
  for (std::size_t i = 0; i < atoms; ++i) {
    std::string symbol;
    std::array<double, 3> p{};
    xyz >> symbol >> p[0] >> p[1] >> p[2];
    model.position.push_back(p);
    model.element.push_back(atomic_number(symbol));
  }
  ASSERT_TRUE(xyz);
  std::vector<double> k, v;
  for (double a = 0, b = 0; reference >> a >> b;) {
    k.push_back(a);
    v.push_back(b);
  }
  ASSERT_EQ(k.size(), 103U);
  ProbeOptions probe;
  probe.q_inv_angstrom = 0.0305;
  probe.square = true;
  const auto rotations = grid_rotations(40, 20);
  EXPECT_EQ(rotations.size(), 211U);
  // femsim cuts distances and arguments down to entries of its tables, 0.005 apart: phases are late
  // by 0.007 on average, which adds 2π σ 0.007/q² to the intensity of an atom, σ atoms per square
  // angstrom. Where S(q) is small that is a tenth
  probe.truncation = 0.005;
  const auto cut = model_variance(model, rotations, probe, k, silent());
  probe.truncation = 0;
  const auto exact = model_variance(model, rotations, probe, k, silent());
  double worst = 0, mean = 0, worst_exact = 0, worst_on_peaks = 0;
  for (std::size_t i = 0; i < k.size(); ++i) {
    const double off = cut.variance[i] / v[i] - 1, off_exact = exact.variance[i] / v[i] - 1;
    worst = std::max(worst, std::abs(off));
    mean += off / static_cast<double>(k.size());
    worst_exact = std::max(worst_exact, std::abs(off_exact));
    if (k[i] > 0.36 && k[i] < 0.5)
      worst_on_peaks = std::max(worst_on_peaks, std::abs(off_exact));
    EXPECT_NEAR(cut.variance[i] / v[i], 1, 0.03) << "k " << k[i];
    if (k[i] < 0.34) {
      EXPECT_LT(exact.mean[i], cut.mean[i]) << "k " << k[i];
    }
  }
  EXPECT_LT(worst_on_peaks, 0.03); // and at the first peak without its tables, too
  EXPECT_NEAR(mean, 0, 0.005);
  std::printf(
      "  V(%.4f) = %.5f, femsim %.5f; with its tables worst %.2f %%, mean %+.2f %%; without "
      "%.1f %%, on the first peak %.1f %%\n",
      k[0],
      cut.variance[0],
      v[0],
      100 * worst,
      100 * mean,
      100 * worst_exact,
      100 * worst_on_peaks);
}

} // namespace
} // namespace vitrum::atoms
