// Laws of aging, collapse and material time on functions whose truth is exact.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "vitrum/aging/superposition.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::aging {
namespace {

AgeSeries series_of(double (*log_tau)(double), Index windows, double error, std::uint64_t seed) {
  Random random(seed);
  AgeSeries s;
  for (Index k = 0; k < windows; ++k) {
    s.age_s.push_back(500 + 1000 * double(k));
    s.log_tau.push_back(log_tau(s.age_s.back()) + error * random.normal());
    s.error.push_back(std::max(error, 1e-6));
  }
  return s;
}

double exponential(double t) {
  return std::log(300.0) + t / 20000;
}
double power(double t) {
  return std::log(2.0) + 0.8 * std::log(t);
}

TEST(AgingLaw, ExponentialAndPowerAreRecovered) {
  const auto exact =
      fit_aging_law(series_of(exponential, 40, 0, 1), AgingLaw::exponential, 0, 40000);
  EXPECT_NEAR(exact.time_s, 20000, 1e-3);
  EXPECT_NEAR(exact.tau0_s, 300, 1e-6);
  EXPECT_EQ(exact.windows, 40);
  const auto noisy =
      fit_aging_law(series_of(exponential, 40, 0.05, 2), AgingLaw::exponential, 0, 40000);
  EXPECT_NEAR(noisy.time_s, 20000, 4 * noisy.time_error_s);
  EXPECT_LT(noisy.time_error_s, 1000);
  EXPECT_GT(noisy.probability, 0.01);
  const auto law = fit_aging_law(series_of(power, 40, 0.05, 3), AgingLaw::power, 0, 40000);
  EXPECT_NEAR(law.power, 0.8, 4 * law.power_error);
  EXPECT_LT(
      fit_aging_law(series_of(power, 40, 0.05, 3), AgingLaw::exponential, 0, 40000).probability,
      1e-6);
  EXPECT_EQ(fit_aging_law(series_of(power, 40, 0, 1), AgingLaw::power, 0, 2000).reason,
            "2 windows with a relaxation time between 0 s and 2000 s: need at least 4");
}

TEST(Collapse, ScaledDecaysLieOnOneCurve) {
  Random random(4);
  std::vector<DecayCurve> curves;
  for (int k = 0; k < 12; ++k) {
    DecayCurve c;
    c.tau_s = 100 * std::pow(1.5, k);
    for (double lag = 5; lag < 1e4; lag *= 1.3) {
      c.lag_s.push_back(lag);
      c.decay.push_back(std::exp(-2 * std::pow(lag / c.tau_s, 0.7)) + 0.01 * random.normal());
      c.error.push_back(0.01);
    }
    curves.push_back(c);
  }
  const auto good = collapse(curves);
  EXPECT_EQ(good.curves, 12);
  EXPECT_NEAR(good.chi2_reduced, 1, 0.25);
  EXPECT_GT(good.explained, 0.99);
  for (auto& c : curves)
    c.tau_s = 1000; // no superposition
  EXPECT_NEAR(collapse(curves).explained, 0, 0.05);
  curves.resize(2);
  EXPECT_EQ(collapse(curves).reason, "2 windows with a relaxation time: need at least 3");
}

TEST(MaterialTime, MakesAgingStationary) {
  constexpr Index n = 400;
  // τ = 20 exp(t/200): ξ = 10 (1 − exp(−t/200))
  const auto xi = [](double t) { return 10 * -std::expm1(-t / 200); };
  std::vector<float> map(std::size_t(n * n), 5.0F);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < i; ++j)
      map[std::size_t(i * n + j)] =
          float(1 + 0.3 * std::exp(-2 * std::pow(xi(double(i)) - xi(double(j)), 0.8)));
  for (Index k = 0; k < n; ++k) // a gap
    for (Index g = 100; g < 110; ++g)
      map[std::size_t(g * n + k)] = map[std::size_t(k * n + g)] =
          std::numeric_limits<float>::quiet_NaN();
  AgeSeries series;
  for (double t = 10; t < 400; t += 20) {
    series.age_s.push_back(t);
    series.log_tau.push_back(std::log(20.0) + t / 200);
    series.error.push_back(0.01);
  }
  const auto m = make_material_time(MemoryRows(map, n), series, 1, 40);
  EXPECT_EQ(m.cells, 40);
  EXPECT_NEAR(m.material[300], xi(300), 0.02);
  EXPECT_LT(m.residual_rms, 0.003);
  EXPECT_GT(m.uniform_rms, 0.02);
  EXPECT_GT(m.explained, 0.98);
  EXPECT_TRUE(std::isnan(m.residual[10 * 40 + 3]));
  EXPECT_FALSE(std::isnan(m.residual[3 * 40 + 3]));
  EXPECT_EQ(m.residual[7 * 40 + 3], m.residual[3 * 40 + 7]);
  EXPECT_EQ(make_material_time(MemoryRows(map, n), {}, 1).reason,
            "0 windows with a relaxation time: need at least 2");
}

/// The definitions, element by element.
void compare_with_definition(Index n, Index cells) {
  Random random(7, std::uint64_t(n));
  std::vector<float> map(std::size_t(n * n));
  for (float& c : map)
    c = random.uniform() < 0.02 ? std::numeric_limits<float>::quiet_NaN()
                                : float(1 + 0.3 * random.uniform());
  AgeSeries series;
  for (double t = 0; t < double(n); t += double(n) / 7) {
    series.age_s.push_back(t);
    series.log_tau.push_back(2 + std::sin(t));
    series.error.push_back(0.01);
  }
  const auto m = make_material_time(MemoryRows(map, n), series, 0.5, cells);
  const std::size_t bins = m.x.size();
  std::vector<double> sum(bins, 0), count(bins, 0);
  const auto for_pairs = [&](auto&& visit) {
    for (Index t = 0; t < n; ++t)
      for (Index u = 0; u < t; ++u)
        if (const float c = map[std::size_t(t * n + u)]; !std::isnan(c))
          visit(t, u, double(c), m.material[std::size_t(t)] - m.material[std::size_t(u)]);
  };
  for_pairs([&](Index, Index, double c, double x) { // the nearest bin, in octaves
    const auto b = std::min(bins - 1, std::size_t(std::max(0.0, 4 * std::log2(x / m.x[0]) + 0.5)));
    sum[b] += c;
    count[b] += 1;
  });
  for (std::size_t b = 0; b < bins; ++b)
    if (count[b] > 0) {
      ASSERT_NEAR(m.master[b], sum[b] / count[b], 1e-12) << n << " frames, bin " << b;
    }
  std::vector<double> rest(std::size_t(m.cells * m.cells), 0), pairs = rest;
  for_pairs([&](Index t, Index u, double c, double x) {
    std::size_t b = 0;
    while (b + 1 < bins && m.x[b + 1] <= x)
      ++b;
    const std::size_t next = std::min(b + 1, bins - 1);
    const double part = next > b ? (x - m.x[b]) / (m.x[next] - m.x[b]) : 0;
    const auto cell = std::size_t(t * m.cells / n * m.cells + u * m.cells / n);
    rest[cell] += c - (m.master[b] + part * (m.master[next] - m.master[b]));
    pairs[cell] += 1;
  });
  for (std::size_t cell = 0; cell < rest.size(); ++cell)
    if (pairs[cell] > 0) {
      ASSERT_NEAR(m.residual[cell], rest[cell] / pairs[cell], 1e-6)
          << n << " frames, cell " << cell;
    }
}

TEST(MaterialTime, IsItsDefinition) {
  for (const Index n : {2, 3, 17, 63, 64, 65, 66, 200})
    for (const Index cells : {2, 7, 128})
      compare_with_definition(n, cells);
}

} // namespace
} // namespace vitrum::aging
