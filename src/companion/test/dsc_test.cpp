#include "vitrum/companion/dsc.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "virtual_heat_flow.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {
namespace {

using testing::VirtualCurve;

double value(const DscResult& result, const std::string& name) {
  const auto* number = result.find(name);
  EXPECT_NE(number, nullptr) << name;
  return number == nullptr ? std::nan("") : number->value;
}

TEST(Dsc, ACurveWithoutNoiseGivesWhatItWasMadeOf) {
  VirtualCurve curve;
  curve.noise = 0;
  const auto result = analyse_heat_flow(curve.make(1), {}, silent());
  ASSERT_TRUE(result.search.found) << result.search.reason;
  EXPECT_NEAR(value(result, "tg_onset_c"), 401, 0.05);
  EXPECT_NEAR(value(result, "tg_midpoint_c"), 407, 0.02);
  EXPECT_NEAR(value(result, "tg_end_c"), 413, 0.05);
  EXPECT_NEAR(value(result, "cp_step_j_per_g_k"), 0.45, 0.45 * 0.005);
  EXPECT_NEAR(value(result, "tx_onset_c"), 467, 0.05);
  EXPECT_NEAR(value(result, "tx_peak_c"), 474, 0.02);
  EXPECT_NEAR(value(result, "tx_enthalpy_j_per_g"), 60, 0.3);
  EXPECT_NEAR(value(result, "supercooled_range_k"), 66, 0.1);
  EXPECT_EQ(result.find("trg"), nullptr);
}

TEST(Dsc, ReducedTemperaturesWithALiquidusThatIsGiven) {
  VirtualCurve curve;
  DscOptions options;
  options.liquidus_c = 900;
  options.temperature_error_k = 1;
  const auto result = analyse_heat_flow(curve.make(1), options, silent());
  EXPECT_NEAR(value(result, "trg"), (401 + 273.15) / (900 + 273.15), 1e-3);
  EXPECT_NEAR(value(result, "gamma"), (467 + 273.15) / (401 + 900 + 2 * 273.15), 1e-3);
  EXPECT_GT(result.find("tg_onset_c")->error, 1);
  EXPECT_LT(result.find("supercooled_range_k")->error, 1);
}

TEST(Dsc, WithoutAGlassTransitionThereIsNoNumber) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    VirtualCurve curve;
    curve.glass = false;
    curve.noise_correlation = seed % 2 == 0 ? 0.6 : 0;
    const auto result = analyse_heat_flow(curve.make(seed), {}, silent());
    EXPECT_FALSE(result.search.found) << seed << ": " << result.search.at_c;
    EXPECT_FALSE(result.search.reason.empty());
    EXPECT_EQ(result.find("tg_onset_c"), nullptr);
    EXPECT_NEAR(value(result, "tx_onset_c"), 467, 0.5);
  }
}

TEST(Dsc, ACurvedBaselineIsNoGlassTransition) {
  for (const double bend : {1e-6, 4e-6}) {
    VirtualCurve curve;
    curve.glass = false;
    auto flow = curve.make(3);
    for (std::size_t i = 0; i < flow.flow.size(); ++i) {
      const double u = flow.temperature_c[i] - 350;
      flow.flow[i] += bend * u * u + bend * 3e-3 * u * u * u;
    }
    EXPECT_FALSE(analyse_heat_flow(flow, {}, silent()).search.found) << bend;
  }
}

TEST(Dsc, AnOvershootDoesNotMoveTheOnset) {
  VirtualCurve curve;
  auto flow = curve.make(4);
  for (std::size_t i = 0; i < flow.flow.size(); ++i) {
    const double z = (flow.temperature_c[i] - 420) / 4;
    flow.flow[i] += 0.08 * std::exp(-0.5 * z * z);
  }
  const auto result = analyse_heat_flow(flow, {}, silent());
  ASSERT_TRUE(result.search.found) << result.search.reason;
  EXPECT_GT(result.search.ranges.liquid_first_c, 425);
  EXPECT_NEAR(value(result, "tg_onset_c"), 401, 1.2); // the flank is steeper by the overshoot
}

TEST(Dsc, TwoMaximaOfOneExothermAndMeltingAfterIt) {
  VirtualCurve curve;
  curve.last_c = 900;
  curve.spacing_k = 0.2;
  auto flow = curve.make(5);
  for (std::size_t i = 0; i < flow.flow.size(); ++i) {
    const double z = (flow.temperature_c[i] - 486) / 3.5, m = (flow.temperature_c[i] - 800) / 6;
    flow.flow[i] += -1.5 * std::exp(-0.5 * z * z) + 3 * std::exp(-0.5 * m * m);
  }
  const auto result = analyse_heat_flow(flow, {}, silent());
  ASSERT_EQ(result.exotherms.size(), 1U);
  EXPECT_EQ(result.exotherms[0].maximum_c.size(), 2U);
  EXPECT_NEAR(value(result, "tm_onset_c"), 788, 0.3);
  EXPECT_NEAR(value(result, "tl_c"), 812, 0.3);
  EXPECT_NEAR(value(result, "trg"), (401 + 273.15) / (812 + 273.15), 2e-3);
}

/// Pulls over virtual curves of V25's numbers.
void check_pulls(VirtualCurve curve, Index rounds) {
  struct Known {
    const char* name;
    double truth;
  };
  const Known known[] = {{"tg_onset_c", curve.tg_onset_c},
                         {"tg_midpoint_c", curve.tg_midpoint_c()},
                         {"tx_onset_c", curve.tx_onset_c},
                         {"tx_peak_c", curve.tx_peak_c},
                         {"cp_step_j_per_g_k", curve.cp_step},
                         {"tx_enthalpy_j_per_g", curve.enthalpy}};
  std::vector<Moments> pulls(std::size(known)), errors(std::size(known));
  Index found = 0;
  for (Index k = 0; k < rounds; ++k) {
    DscOptions options;
    options.replicates = 100;
    options.seed = static_cast<std::uint64_t>(k) + 7777;
    const auto result =
        analyse_heat_flow(curve.make(static_cast<std::uint64_t>(k) + 1), options, silent());
    found += result.search.found;
    for (std::size_t j = 0; j < std::size(known); ++j)
      if (const auto* number = result.find(known[j].name)) {
        pulls[j].add((number->value - known[j].truth) / number->error);
        errors[j].add(number->error);
      }
  }
  EXPECT_EQ(found, rounds);
  for (std::size_t j = 0; j < std::size(known); ++j) {
    std::printf("  %-22s error %.3g, pulls %+.3f +- %.3f, width %.3f\n",
                known[j].name,
                errors[j].mean,
                pulls[j].mean,
                pulls[j].error(),
                pulls[j].deviation());
    EXPECT_LT(std::abs(pulls[j].mean), 0.25 + 2 * pulls[j].error()) << known[j].name;
    EXPECT_GT(pulls[j].deviation(), 0.88) << known[j].name;
    EXPECT_LT(pulls[j].deviation(), 1.12) << known[j].name;
  }
}

TEST(DscCalibration, PullsOfACurveAfterV25) {
  check_pulls({}, 300);
}

TEST(DscCalibration, PullsWithCorrelatedNoise) {
  VirtualCurve curve;
  curve.noise_correlation = 0.7;
  check_pulls(curve, 300);
}

TEST(DscCalibration, FalseGlassTransitions) {
  Index found = 0;
  constexpr Index rounds = 300;
  for (Index k = 0; k < rounds; ++k) {
    VirtualCurve curve;
    curve.glass = false;
    curve.spacing_k = 0.3;
    curve.noise_correlation = 0.5 * static_cast<double>(k % 2);
    DscOptions options;
    options.replicates = 20;
    found += analyse_heat_flow(curve.make(static_cast<std::uint64_t>(k) + 900), options, silent())
                 .search.found;
  }
  std::printf("  %td false glass transitions in %td curves\n", found, rounds);
  EXPECT_LE(found, 3);
}

TEST(Kissinger, FindsTheEnergyOfItsOwnEquation) {
  constexpr double energy = 300e3, r = 8.314462618, k0 = 1e18;
  std::vector<double> rates{5, 10, 20, 40}, temperature, error;
  for (const double rate : rates) {
    double t = 750; // solves rate/60/T² = k0 exp(−E/RT)
    for (int i = 0; i < 200; ++i)
      t = energy / r / std::log(k0 * t * t / (rate / 60));
    temperature.push_back(t - 273.15);
    error.push_back(0.2);
  }
  const auto fit = fit_kissinger(rates, temperature, error);
  EXPECT_EQ(fit.rates, 4);
  EXPECT_NEAR(fit.energy_kj_mol, 300, 1e-6);
  EXPECT_GT(fit.energy_error, 0);
  EXPECT_NEAR(fit.chi2, 0, 1e-9);
  EXPECT_TRUE(std::isnan(fit_kissinger({20, 20.1}, {470, 471}, {0.2, 0.2}).energy_kj_mol));
}

TEST(KissingerCalibration, PullsOfTheEnergy) {
  constexpr double energy = 250e3, r = 8.314462618;
  Random random(3);
  Moments pulls;
  for (int k = 0; k < 2000; ++k) {
    std::vector<double> rates{5, 10, 20, 40}, temperature, error;
    for (const double rate : rates) {
      double t = 740;
      for (int i = 0; i < 60; ++i)
        t = energy / r / std::log(3e15 * t * t / (rate / 60));
      temperature.push_back(t - 273.15 + 0.3 * random.normal());
      error.push_back(0.3);
    }
    const auto fit = fit_kissinger(rates, temperature, error);
    // with the errors themselves, not grown by the scatter of two degrees of freedom
    const double growth = std::max(1.0, std::sqrt(fit.chi2 / 2));
    pulls.add((fit.energy_kj_mol - 250) / (fit.energy_error / growth));
  }
  std::printf("  pulls of the energy %+.3f, width %.3f\n", pulls.mean, pulls.deviation());
  EXPECT_NEAR(pulls.mean, 0, 0.1);
  EXPECT_NEAR(pulls.deviation(), 1, 0.06);
}

} // namespace
} // namespace vitrum::companion
