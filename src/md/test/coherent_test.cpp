#include "vitrum/md/coherent.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/md/windows.hpp"

namespace vitrum::md {
namespace {

TEST(Coherent, SiegertHoldsForBrownianAtoms) {
  // free Brownian atoms: F(q, t) = exp(−q²Dt), and g2 − 1 its square
  constexpr Index frames = 150, atoms = 400;
  constexpr double sigma = 0.08; // per axis and frame: D t = σ²t/2
  const atoms::Box box(atoms::tilted_edges({6, 6, 6}, {0, 0, 0}));
  const auto grid = grid_up_to(box, 5.4);
  const auto shell = make_shell(box, grid, 4.6, 5.2);
  Random random(4);
  std::vector<atoms::Vector> at;
  for (Index i = 0; i < atoms; ++i)
    at.push_back(box.position({random.uniform(), random.uniform(), random.uniform()}));
  std::vector<std::complex<float>> density;
  std::vector<Complex> rho(shell.hkl.size());
  for (Index f = 0; f < frames; ++f) {
    direct_density(box, at, shell.hkl, rho);
    for (const auto& one : rho)
      density.emplace_back(one);
    for (auto& r : at)
      for (double& x : r)
        x += sigma * random.normal();
  }
  const auto c = coherent_scattering(density, frames);
  double q2 = 0;
  for (const double q : shell.q)
    q2 += q * q / static_cast<double>(shell.q.size());
  Moments pull;
  for (std::size_t l = 0; l < c.lags.size() && c.lags[l] < frames / 3; ++l) {
    const double truth = std::exp(-0.5 * q2 * sigma * sigma * static_cast<double>(c.lags[l]));
    EXPECT_NEAR(c.field.value[l], truth, 5 * c.field.error[l] + 0.01) << c.lags[l];
    const double f = c.field.value[l];
    // blocks of q: the product of means of n speckles takes 1/n of the contrast away
    const double n = static_cast<double>(shell.q.size()) / 8;
    const double expected = f * f * (1 - 1 / n);
    const double error = std::hypot(c.intensity.error[l], 2 * f * c.field.error[l]);
    pull.add((c.intensity.value[l] - expected) / error);
    EXPECT_NEAR(c.intensity.value[l], expected, 5 * error + 0.01) << c.lags[l];
  }
  EXPECT_LT(std::abs(pull.mean), 2.5);
}

TEST(Coherent, RefusesTooLittle) {
  const std::vector<std::complex<float>> few(12);
  EXPECT_EQ(message_of([&] { (void)coherent_scattering(few, 2); }),
            "2 frames of 6 reciprocal vectors, a scattering function needs 2 of 8");
}

} // namespace
} // namespace vitrum::md
