#include "vitrum/companion/pair_distribution.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "../sine_transform.hpp"
#include "message_of.hpp"
#include "vitrum/companion/azimuthal_mean.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {
namespace {

constexpr double pi = std::numbers::pi;

/// Structure factor of hard spheres of diameter 1 (Percus & Yevick 1958, Wertheim 1963): direct
/// correlation λ1 + 6 η λ2 r + η λ1 r³/2 inside the core, negative.
double percus_yevick(double q, double eta) {
  const double a = std::pow(1 + 2 * eta, 2) / std::pow(1 - eta, 4),
               b = -6 * eta * std::pow(1 + eta / 2, 2) / std::pow(1 - eta, 4), c = eta * a / 2;
  // ∫ over the core of (a + b r + c r³) 4π r² sin(qr)/(qr) dr, by Simpson's rule
  constexpr int steps = 2000;
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    const double r = static_cast<double>(i) / steps, x = q * r,
                 f = (a + b * r + c * r * r * r) * 4 * pi * r * r * (x > 0 ? std::sin(x) / x : 1);
    sum += f * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2);
  }
  const double density = 6 * eta / pi;
  return 1 / (1 + density * sum / (3 * steps));
}

/// Shells of atoms at known distances with Gaussian spread on a known density: F(q) is in closed
/// form, N sin(qR)/R exp(−q²s²/2) each, minus the mean density, which shows at q = 0 alone but for
/// shells that end somewhere: they end at the mean density by construction of G(r) below.
struct Shells {
  std::vector<double> distance{2.75, 4.6, 5.4, 7.0}, number{12, 24, 26, 50},
      spread{0.14, 0.3, 0.35, 0.5};

  [[nodiscard]] double f(double q) const {
    double sum = 0;
    for (std::size_t k = 0; k < distance.size(); ++k)
      sum += number[k] * std::sin(q * distance[k]) / distance[k] *
             std::exp(-0.5 * q * q * spread[k] * spread[k]);
    return sum;
  }
};

Scattering spheres(double eta, double diameter, double q_max, double step) {
  Scattering s;
  s.normalised = true;
  for (double q = step; q <= q_max; q += step) {
    s.q_inv_angstrom.push_back(q);
    s.intensity.push_back(percus_yevick(q * diameter, eta));
    s.intensity_error.push_back(1e-4);
  }
  return s;
}

TEST(SineTransform, IsExactForStraightPieces) {
  // f = q from 0 to 3 in uneven steps: ∫ q sin(qr) = (sin 3r − 3r cos 3r)/r²
  const std::vector<double> q{0, 0.1, 0.7, 1.9, 2, 3}, r{0.01, 0.5, 3, 17};
  const SineTransform transform(q, r);
  const auto got = transform.apply(q);
  for (std::size_t k = 0; k < r.size(); ++k)
    EXPECT_NEAR(got[k], (std::sin(3 * r[k]) - 3 * r[k] * std::cos(3 * r[k])) / (r[k] * r[k]), 1e-9);
  // against a fine sum over a sweep of sizes
  Random random(2);
  for (const std::size_t n : {2, 5, 17, 64}) {
    std::vector<double> x{0}, f{random.normal()};
    for (std::size_t i = 1; i < n; ++i) {
      x.push_back(x.back() + 0.02 + 0.3 * random.uniform());
      f.push_back(random.normal());
    }
    const auto fast = SineTransform(x, r).apply(f);
    for (std::size_t k = 0; k < r.size(); ++k) {
      double slow = 0;
      constexpr int parts = 4000;
      for (std::size_t i = 1; i < n; ++i)
        for (int p = 0; p < parts; ++p) {
          const double u = (p + 0.5) / parts, at = x[i - 1] + u * (x[i] - x[i - 1]);
          slow +=
              (f[i - 1] + u * (f[i] - f[i - 1])) * std::sin(at * r[k]) * (x[i] - x[i - 1]) / parts;
        }
      EXPECT_NEAR(fast[k], slow, 1e-5) << n << " points, r " << r[k];
    }
  }
}

TEST(PairDistribution, HardSpheresOfPercusAndYevick) {
  // known values: S(0) = (1 − η)⁴/(1 + 2η)²
  for (const double eta : {0.2, 0.35, 0.45})
    EXPECT_NEAR(percus_yevick(1e-3, eta), std::pow(1 - eta, 4) / std::pow(1 + 2 * eta, 2), 1e-5);
  constexpr double eta = 0.45, diameter = 2.7;
  const double density = 6 * eta / pi / std::pow(diameter, 3);
  PairOptions o;
  o.window = Window::lorch;
  const auto g = pair_distribution(spheres(eta, diameter, 30, 0.02), o, silent());
  EXPECT_TRUE(g.density_found);
  EXPECT_NEAR(g.density, density, 0.01 * density);
  // no pairs within the core, G = −4π ρ r there
  for (std::size_t i = 0; i < g.r.size(); ++i)
    if (g.r[i] > 0.5 && g.r[i] < 2.3) {
      EXPECT_NEAR(g.pair_correlation[i], 0, 0.03) << g.r[i];
    }
  // contact value (1 + η/2)/(1 − η)² = 4.05 and its fall, spread by the window
  ASSERT_TRUE(g.has_first_shell());
  EXPECT_NEAR(g.shells[0].position, diameter + 0.1, 0.1);
  EXPECT_GT(*std::max_element(g.pair_correlation.begin(), g.pair_correlation.end()), 3.2);
  EXPECT_LT(*std::max_element(g.pair_correlation.begin(), g.pair_correlation.end()), 4.05);
  // the first peak of S and what both relations make of it
  EXPECT_NEAR(first_bessel_maximum / std::tan(first_bessel_maximum), 1, 1e-12);
  const double exact = first_bessel_maximum / g.first_q.position,
               r24 = 5 * pi / (2 * g.first_q.position);
  EXPECT_NEAR(r24 / exact, 1.0167, 1e-4);
  EXPECT_NEAR(exact, 3.0, 0.15); // the shell is at 2.7 to 2.8: one peak of S is not one shell
  // S is the one that went in
  for (std::size_t i = 0; i < g.q.size(); i += 50)
    EXPECT_NEAR(g.structure_factor[i], percus_yevick(g.q[i] * diameter, eta), 1e-9);
}

Scattering measured(const Shells& shells, double density, std::uint64_t seed, double noise) {
  // shells up to 7 Å, then the mean density: what is missing of −4π ρ r below the shells is a ball
  (void)density;
  Scattering s;
  Random random(seed);
  for (double q = 0.02; q <= 20; q += 0.02) {
    const double f2 = 100 * std::exp(-0.02 * q * q) + 20, ff = 0.97 * f2;
    const double structure = 1 + shells.f(q) / q;
    s.q_inv_angstrom.push_back(q);
    s.mean_square.push_back(f2);
    s.square_mean.push_back(ff);
    const double intensity = 37 * (f2 + ff * (structure - 1));
    s.intensity_error.push_back(noise * intensity);
    s.intensity.push_back(intensity + s.intensity_error.back() * random.normal());
  }
  return s;
}

TEST(PairDistribution, ShellsOfKnownPlaceAndNumber) {
  const Shells shells;
  PairOptions o;
  o.q_max = 20;
  o.r_poly = 0;
  o.density = 1e-6; // the shells stand in nothing: r G alone
  const auto g = pair_distribution(measured(shells, o.density, 1, 1e-4), o, silent());
  EXPECT_NEAR(g.scale, 1 / 37.0, 1e-4);
  ASSERT_GE(g.shells.size(), 3U);
  EXPECT_NEAR(g.shells[0].position, 2.75, 0.02); // G = N/(4π…R r): falls with r over the shell
  EXPECT_NEAR(g.shells[1].position, 4.6, 0.1);
  o.shell_last = 3.6;
  const auto first = pair_distribution(measured(shells, o.density, 1, 1e-4), o, silent());
  EXPECT_NEAR(first.coordination, 12, 0.3);
  EXPECT_LT(std::abs(first.window_shift), 0.01);
  o.window = Window::step;
  const auto step = pair_distribution(measured(shells, o.density, 1, 1e-4), o, silent());
  EXPECT_LT(step.resolution, g.resolution);
  EXPECT_NEAR(step.shells[0].position, 2.745, 0.01);
}

TEST(PairDistribution, ThePolynomialTakesWhatStructureCannotBe) {
  const Shells shells;
  auto s = measured(shells, 0, 1, 1e-4);
  for (std::size_t i = 0; i < s.intensity.size(); ++i) // a background that grows with q
    s.intensity[i] += 37 * (2 + 0.15 * s.q_inv_angstrom[i] * s.q_inv_angstrom[i]);
  PairOptions o;
  o.density = 1e-6;
  const auto bad = pair_distribution(s, o, silent());
  o.r_poly = 1.2;
  const auto good = pair_distribution(s, o, silent());
  const auto low = [](const PairDistribution& g) {
    double worst = 0;
    for (std::size_t i = 0; i < g.r.size(); ++i)
      if (g.r[i] > 0.2 && g.r[i] < 1)
        worst = std::max(worst, std::abs(g.reduced[i]));
    return worst;
  };
  EXPECT_LT(low(good), 0.3 * low(bad));
  EXPECT_NEAR(good.shells[0].position, 2.75, 0.03);
}

TEST(AzimuthalMean, RingsOfAnImage) {
  const std::vector<double> q{0.1, 0.2, 1.1, 1.2, 1.9, 2.0, 1.3},
      image{1, 3, 10, 12, 7, std::nan(""), 1000};
  const std::vector<std::uint8_t> use{1, 1, 1, 1, 1, 1, 0};
  const auto profile = azimuthal_mean(image, q, use, 2); // up to 1.9: a ring ends at 0.95
  ASSERT_EQ(profile.q.size(), 2U);
  EXPECT_DOUBLE_EQ(profile.intensity[0], 2);
  EXPECT_DOUBLE_EQ(profile.error[0], 1);
  EXPECT_NEAR(profile.intensity[1], 29.0 / 3, 1e-12);
  EXPECT_EQ(profile.pixels, (std::vector<Index>{2, 3}));
  EXPECT_EQ(message_of([&] {
              static_cast<void>(azimuthal_mean(image, q, std::vector<std::uint8_t>(7, 0), 2));
            }),
            "no pixel is left for I(q)");
}

TEST(PairDistribution, RefusesWhatItCannotUse) {
  Scattering s = spheres(0.3, 2.7, 20, 0.05);
  s.q_inv_angstrom[7] = s.q_inv_angstrom[6];
  EXPECT_EQ(message_of([&] { static_cast<void>(pair_distribution(s, {}, silent())); }),
            "row 8 of I(q): q 0.35 after 0.35, expected ascending q");
  PairOptions o;
  o.q_max = 0.6;
  EXPECT_EQ(message_of([&] {
              static_cast<void>(pair_distribution(spheres(0.3, 2.7, 20, 0.05), o, silent()));
            }),
            "12 points of I(q) between 0 and 0.6 1/angstrom, expected 20 or more");
  o.q_max = 0;
  EXPECT_EQ(message_of([&] { validate(o); }), "q_max = 0: must be above q_min");
  EXPECT_EQ(message_of([] { static_cast<void>(parse_window("hann")); }),
            "window 'hann': expected lorch or step");
}

TEST(PairDistributionCalibration, PullsOfPlaceAndNumber) {
  const Shells shells;
  PairOptions o;
  o.density = 1e-6;
  o.shell_last = 3.6;
  const auto exact = pair_distribution(measured(shells, 0, 1, 1e-9), o, silent());
  Moments place, g_of_r, scale;
  for (std::uint64_t k = 0; k < 150; ++k) {
    o.seed = k + 77;
    auto s = measured(shells, 0, k + 5, 3e-3);
    if (k % 2 == 1)
      s.intensity_error.clear(); // found from the noise
    const auto g = pair_distribution(s, o, silent());
    place.add((g.shells[0].position - exact.shells[0].position) / g.shells[0].position_error);
    scale.add((g.scale - exact.scale) / g.scale_error);
    for (std::size_t i = 20; i < g.r.size(); i += 90)
      g_of_r.add((g.reduced[i] - exact.reduced[i]) / g.reduced_error[i]);
  }
  std::printf("  pulls: place %+.3f width %.3f, scale %+.3f width %.3f, G(r) %+.3f width %.3f\n",
              place.mean,
              place.deviation(),
              scale.mean,
              scale.deviation(),
              g_of_r.mean,
              g_of_r.deviation());
  EXPECT_NEAR(place.deviation(), 1, 0.15);
  EXPECT_NEAR(scale.deviation(), 1, 0.15);
  EXPECT_NEAR(g_of_r.deviation(), 1, 0.1);
}

} // namespace
} // namespace vitrum::companion
