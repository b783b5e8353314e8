#include "vitrum/atoms/form_factors.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::atoms {
namespace {

double q_of(double s) {
  return 4 * std::numbers::pi * s;
}

TEST(FormFactors, AllElectronsScatterForward) {
  for (int z = 1; z <= 98; ++z) {
    EXPECT_NEAR(xray_form_factor(z, 0), z, 0.04) << element_symbol(z);
    EXPECT_EQ(atomic_number(element_symbol(z)), z);
    double before = xray_form_factor(z, 0);
    for (double s = 0.1; s < 6; s += 0.1) { // falls everywhere, and stays positive
      const double now = xray_form_factor(z, q_of(s));
      EXPECT_LT(now, before + 1e-3) << element_symbol(z) << " at " << s;
      EXPECT_GT(now, -0.02) << element_symbol(z) << " at " << s;
      before = now;
    }
  }
}

/// Hydrogen has a form factor in closed form: (1 + (q a0/2)²)⁻².
TEST(FormFactors, HydrogenAsQuantumMechanicsHasIt) {
  constexpr double a0 = 0.529177210903;
  for (const double s : {0.0, 0.1, 0.2, 0.3, 0.5, 0.8}) {
    const double u = q_of(s) * a0 / 2, exact = std::pow(1 + u * u, -2);
    EXPECT_NEAR(xray_form_factor(1, q_of(s)), exact, 0.004) << s;
    if (s > 0) {
      EXPECT_NEAR(electron_scattering_factor(1, q_of(s)), 0.0239337 * (1 - exact) / (s * s), 3e-3)
          << s;
    }
  }
  // f_e(0) = 2 a0/2 · … = a0 in the first Born approximation
  EXPECT_NEAR(electron_scattering_factor(1, 0), a0, 0.01);
}

/// An independent parametrisation: E. J. Kirkland, Advanced Computing in Electron Microscopy
/// (1998), Σ a/(k² + b) + Σ c exp(−d k²), k = 2 s, in angstrom; coefficients of aluminium and
/// oxygen.
double kirkland(const double (&a)[3],
                const double (&b)[3],
                const double (&c)[3],
                const double (&d)[3],
                double k) {
  double sum = 0;
  for (int i = 0; i < 3; ++i)
    sum += a[i] / (k * k + b[i]) + c[i] * std::exp(-d[i] * k * k);
  return sum;
}

TEST(FormFactors, ElectronsAgreeWithAnotherParametrisation) {
  for (const double k : {0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0}) {
    const double aluminium = kirkland({0.7796345, 0.4261750, 5.7230096e-2},
                                      {2.724059, 9.1137588e-2, 79.76358},
                                      {3.2735068e-2, 0.7859108, 0.1137047},
                                      {0.1796983, 8.646112, 0.4507743},
                                      k),
                 iron = kirkland({1.449024, 0.3358044, 0.6901630},
                                 {0.6386409, 9.3031421e-2, 13.18519},
                                 {1.0505452e-2, 0.2542427, 0.9709926},
                                 {4.8232090e-2, 0.6061126, 11.28473},
                                 k);
    EXPECT_NEAR(electron_scattering_factor(13, 2 * std::numbers::pi * k) / aluminium, 1, 0.02) << k;
    EXPECT_NEAR(electron_scattering_factor(26, 2 * std::numbers::pi * k) / iron, 1, 0.02) << k;
  }
}

TEST(FormFactors, ElectronsAndXraysObeyMottAndBethe) {
  for (const int z : {6, 13, 29, 40, 79})
    for (const double s : {0.2, 0.5, 1.0}) {
      const double x = xray_form_factor(z, q_of(s)), whole = xray_form_factor(z, 0);
      EXPECT_NEAR(
          electron_scattering_factor(z, q_of(s)), 0.0239337 * (whole - x) / (s * s), 1e-4 * z);
    }
}

TEST(FormFactors, Compositions) {
  const auto alloy = parse_composition("Zr59.3Cu28.8Al10.4Nb1.5");
  EXPECT_EQ(alloy.element, (std::vector<int>{40, 29, 13, 41}));
  EXPECT_DOUBLE_EQ(alloy.fraction[0], 0.593);
  EXPECT_EQ(parse_composition("SiO2").fraction[1], 2.0 / 3);
  EXPECT_EQ(message_of([] { static_cast<void>(parse_composition("Zr50Qx50")); }),
            "composition 'Zr50Qx50': 'Qx' is no element, expected symbols with parts, Zr50Cu50");
  EXPECT_EQ(message_of([] { static_cast<void>(parse_composition("Zr-5")); }),
            "composition 'Zr-5': '-5' after Zr: expected a part above zero");
  EXPECT_EQ(message_of([] { static_cast<void>(xray_form_factor(99, 1)); }),
            "atomic number 99: scattering factors are known for 1 to 98");
  EXPECT_EQ(message_of([] { static_cast<void>(xray_form_factor(40, 80)); }),
            "q = 80 1/angstrom: form factors are known up to 75.4");
}

} // namespace
} // namespace vitrum::atoms
