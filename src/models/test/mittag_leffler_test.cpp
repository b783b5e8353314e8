// The Mittag-Leffler function against tables of 20 digits, closed forms, a direct integral, and its
// own relations.
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../mittag_leffler_kernels.hpp"
#include "data_paths.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/models/mittag_leffler.hpp"

namespace vitrum::models {
namespace {

constexpr double pi = std::numbers::pi;

struct Row {
  double alpha = 0, beta = 0, z = 0, value = 0;
};

// Tables of four columns and a header. z > 0 and alpha > 1 are outside of what vitrum needs.
std::vector<Row> read_table(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    for (char& c : line)
      c = c == ',' ? ' ' : c;
    std::istringstream words(line);
    Row row;
    words >> row.alpha >> row.beta >> row.z >> row.value;
    if (row.z <= 0 && row.alpha <= 1)
      rows.push_back(row);
  }
  return rows;
}

// The promised errors: relative 2e-12 for beta = 1 and beta = alpha up to alpha = 0.95; elsewhere
// that or 1e-14 absolute. Each row alone and all rows of one (alpha, beta) as a batch agree.
void expect_table(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const double value = mittag_leffler(row.alpha, row.beta, row.z);
    const bool strict = (row.beta == 1 || row.beta == row.alpha) && row.alpha <= 0.95;
    const double allowed = std::max(2e-12 * std::abs(row.value), strict ? 0 : 1e-14);
    EXPECT_NEAR(value, row.value, allowed)
        << "alpha " << row.alpha << " beta " << row.beta << " z " << row.z;
    std::vector<double> x(11, -row.z), batch(11);
    MittagLeffler(row.alpha, row.beta).evaluate(x, batch);
    for (const double v : batch)
      EXPECT_EQ(v, value);
  }
}

void expect_dalpha(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const double x = -row.z;
    double value = 0, dx = 0, dalpha = 0, dbeta = 0;
    MittagLeffler(row.alpha, row.beta)
        .evaluate({&x, 1}, {{&value, 1}, {&dx, 1}, {&dalpha, 1}, {&dbeta, 1}});
    EXPECT_NEAR(dalpha, row.value, 1e-12)
        << "alpha " << row.alpha << " beta " << row.beta << " z " << row.z;
  }
}

TEST(MittagLeffler, EqualsTheSmallTables) {
  const auto rows = read_table(test_data() + "/ml_reference_cut.csv");
  ASSERT_GT(rows.size(), 100U);
  expect_table(rows);
  const auto derivatives = read_table(test_data() + "/ml_dalpha_reference_cut.csv");
  ASSERT_GT(derivatives.size(), 30U);
  expect_dalpha(derivatives);
}

TEST(MittagLeffler, EqualsTheWholeTables) {
  const std::filesystem::path folder = std::filesystem::path(shared_data()) / "models";
  if (!std::filesystem::exists(folder / "ml_reference.csv"))
    GTEST_SKIP() << "no tables in " << folder;
  const auto rows = read_table(folder / "ml_reference.csv");
  ASSERT_GT(rows.size(), 1000U);
  expect_table(rows);
  const auto derivatives = read_table(folder / "ml_dalpha_reference.csv");
  ASSERT_EQ(derivatives.size(), 288U);
  expect_dalpha(derivatives);
}

// exp(x²)·erfc(x) = E_{1/2,1}(−x): by erfc where that has digits, by its continued fraction beyond.
double erfcx(double x) {
  if (x < 5)
    return std::exp(x * x) * std::erfc(x);
  double tail = x;
  for (int k = 60; k > 0; --k)
    tail = x + k / 2.0 / tail;
  return 1 / (std::sqrt(pi) * tail);
}

TEST(MittagLeffler, ClosedForms) {
  const MittagLeffler half(0.5, 1), one(1, 1), two(1, 2), three(1, 3);
  for (double x = 1e-3; x < 1e6; x *= 1.3) {
    EXPECT_NEAR(half(x) / erfcx(x), 1, 1e-12) << x; // exp(x²) alone costs 25·eps·2
    EXPECT_EQ(one(x), std::exp(-x));
    EXPECT_NEAR(two(x) / (-std::expm1(-x) / x), 1, 1e-12) << x;
    if (x > 0.1) { // the closed form cancels below
      EXPECT_NEAR(three(x) / ((x + std::expm1(-x)) / (x * x)), 1, 1e-12) << x;
    }
  }
  EXPECT_EQ(half(std::numeric_limits<double>::infinity()), 0);
  EXPECT_NEAR(half(0), 1, 1e-14);
  EXPECT_TRUE(std::isnan(half(std::nan(""))));
}

// The slow obvious twin: E_{a,b}(−x), b = 1 or a, is the Laplace transform of a positive spectrum,
// ∫ exp(−r t) K(r) dr with t = x^(1/a) (Gorenflo and Mainardi 1997), by the midpoint rule in ln r.
double by_spectrum(double a, bool beta_is_alpha, double x) {
  const double t = std::pow(x, 1 / a), h = 0.005;
  double sum = 0;
  for (double v = -400; v < 100; v += h) {
    const double r = std::exp(v), ra = std::pow(r, a);
    const double power = beta_is_alpha ? ra * r : ra; // r^a dr/r · (r for b = a)
    const double kernel = std::sin(a * pi) / pi * power / (ra * ra + 2 * ra * std::cos(a * pi) + 1);
    sum += std::exp(-r * t) * kernel * h;
  }
  // For b = a the inverse transform is t^(a−1) E_{a,a}(−t^a).
  return beta_is_alpha ? sum * std::pow(t, 1 - a) : sum;
}

TEST(MittagLeffler, EqualsTheIntegralOverItsSpectrum) {
  for (const double a : {0.2, 0.45, 0.6, 0.8, 0.9})
    for (const double x : {0.01, 0.3, 1.0, 3.0, 20.0, 1e3, 1e6}) {
      EXPECT_NEAR(MittagLeffler(a, 1)(x) / by_spectrum(a, false, x), 1, 1e-10) << a << " " << x;
      EXPECT_NEAR(MittagLeffler(a, a)(x) / by_spectrum(a, true, x), 1, 1e-10) << a << " " << x;
    }
}

TEST(MittagLeffler, RelationsHold) {
  Random random(11);
  for (int trial = 0; trial < 500; ++trial) {
    const double a = 0.05 + 0.95 * random.uniform();
    const double b = 0.2 + 1.8 * random.uniform();
    const double x = std::exp(-3 + 10 * random.uniform());
    // E_{a,b}(z) = 1/Γ(b) + z·E_{a,a+b}(z); the right side cancels for large x
    EXPECT_NEAR(MittagLeffler(a, b)(x),
                1 / std::tgamma(b) - x * MittagLeffler(a, a + b)(x),
                1e-13 * (1 + x))
        << a << " " << b << " " << x;
    // dE_{a,1}(−x)/dx = −E_{a,a}(−x)/a
    double value = 0, dx = 0, dalpha = 0, dbeta = 0;
    MittagLeffler(a, 1).evaluate({&x, 1}, {{&value, 1}, {&dx, 1}, {&dalpha, 1}, {&dbeta, 1}});
    EXPECT_NEAR(dx, -MittagLeffler(a, a)(x) / a, 1e-13 / a) << a << " " << x;
  }
}

TEST(MittagLeffler, LargeBeta) {
  // Against the power series, which converges without loss for x <= 1/2.
  for (const double a : {0.1, 0.5, 0.9, 1.0})
    for (const double b : {2.5, 3.0, 3.7, 4.0})
      for (const double x : {0.0, 0.1, 0.5}) {
        double sum = 0;
        for (int k = 0; k < 60; ++k)
          sum += std::pow(-x, k) / std::tgamma(b + a * k);
        EXPECT_NEAR(MittagLeffler(a, b)(x) / sum, 1, 2e-12) << a << " " << b << " " << x;
      }
}

TEST(MittagLeffler, IsCompletelyMonotone) {
  // Differences of order k on an even grid have the sign (−1)^k for beta >= alpha.
  for (const double a : {0.1, 0.4, 0.7, 0.95, 1.0})
    for (const double b : {a, 1.0}) {
      const MittagLeffler function(a, b);
      for (const double step : {0.1, 1.0, 10.0})
        for (int i = 0; i < 40; ++i) {
          std::vector<double> d;
          for (int k = 0; k < 5; ++k)
            d.push_back(function((i + k) * step));
          for (std::size_t order = 1; order < 5; ++order) {
            for (std::size_t k = 0; k + order < 5; ++k)
              d[k] = d[k] - d[k + 1];
            EXPECT_GT(d[0], -2e-13) << a << " " << b << " " << i * step << " " << order;
          }
        }
    }
}

TEST(MittagLeffler, DerivativesAgreeWithFiniteDifferences) {
  Random random(5);
  for (int trial = 0; trial < 300; ++trial) {
    const double a = 0.1 + 0.85 * random.uniform();
    const double b = trial % 3 == 0 ? a : 0.3 + 1.6 * random.uniform();
    const double x = std::exp(-4 + 10 * random.uniform());
    const double h = 1e-5;
    double value = 0, dx = 0, dalpha = 0, dbeta = 0;
    MittagLeffler(a, b).evaluate({&x, 1}, {{&value, 1}, {&dx, 1}, {&dalpha, 1}, {&dbeta, 1}});
    EXPECT_NEAR(value, MittagLeffler(a, b)(x), 1e-14);
    const double hx = h * x;
    EXPECT_NEAR(
        dx * x, (MittagLeffler(a, b)(x + hx) - MittagLeffler(a, b)(x - hx)) / (2 * h), 1e-9);
    EXPECT_NEAR(dalpha, (MittagLeffler(a + h, b)(x) - MittagLeffler(a - h, b)(x)) / (2 * h), 1e-8);
    EXPECT_NEAR(dbeta, (MittagLeffler(a, b + h)(x) - MittagLeffler(a, b - h)(x)) / (2 * h), 1e-8);
  }
}

TEST(MittagLeffler, BatchesOfEverySizeAreTheSame) {
  const MittagLeffler function(0.7, 1);
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<double> x(n), value(n, -1);
    for (std::size_t i = 0; i < n; ++i)
      x[i] = 0.1 * static_cast<double>(i * i);
    function.evaluate(x, value);
    for (std::size_t i = 0; i < n; ++i)
      EXPECT_EQ(value[i], function(x[i]));
  }
}

// The sum over nodes with complex numbers, as the formula stands.
struct Sums {
  double value = 0, dx = 0, dalpha = 0, dbeta = 0;
};

Sums sum_plainly(const MittagLeffler::Nodes& n, double x) {
  using Complex = std::complex<double>;
  Sums sums;
  const double y = 1 / (1 + x);
  for (int k = 0; k < n.count; ++k) {
    const auto i = static_cast<std::size_t>(k);
    const Complex b{n.b_re[i], n.b_im[i]}, c{n.c_re[i], n.c_im[i]}, g{n.g_re[i], n.g_im[i]};
    const Complex d = 1.0 + b * y;
    sums.value += std::pow(y, n.power) * (c / d).real();
    sums.dx -= n.power == 1 ? y * y * (c / d / d).real() : y * y * y * (c / d + c / d / d).real();
    sums.dalpha += y * (1 - y) * (g / d / d).real();
    sums.dbeta -= y * (g / d).real();
  }
  return sums;
}

TEST(MittagLeffler, EveryInstructionSetSumsTheSame) {
  for (const auto& kernels : detail::supported_kernels())
    for (const auto& [a, b] : {std::pair{0.3, 1.0}, {0.8, 0.8}, {0.6, 1.7}, {0.9, 3.5}}) {
      const MittagLeffler function(a, b);
      for (std::size_t n = 1; n < 30; n += 4) {
        std::vector<double> x(n), value(n), dx(n), dalpha(n), dbeta(n), again(n);
        for (std::size_t i = 0; i < n; ++i)
          x[i] = std::exp(-3 + 0.7 * static_cast<double>(i));
        const auto count = static_cast<Index>(n);
        kernels.values(function.nodes(), x.data(), again.data(), count);
        kernels.gradient(function.nodes(),
                         x.data(),
                         value.data(),
                         dx.data(),
                         dalpha.data(),
                         dbeta.data(),
                         count);
        for (std::size_t i = 0; i < n; ++i) { // terms of size e^3.6 or e^5 times 1e-16
          const Sums plain = sum_plainly(function.nodes(), x[i]);
          EXPECT_NEAR(again[i], plain.value, 2e-14) << kernels.name;
          EXPECT_NEAR(value[i], plain.value, 2e-14) << kernels.name;
          EXPECT_NEAR(dx[i], plain.dx, 2e-14) << kernels.name;
          EXPECT_NEAR(dalpha[i], plain.dalpha, 5e-14) << kernels.name;
          EXPECT_NEAR(dbeta[i], plain.dbeta, 5e-14) << kernels.name;
        }
      }
    }
}

TEST(MittagLeffler, RefusesWhatItCannotDo) {
  EXPECT_THROW(MittagLeffler(0, 1), OptionError);
  EXPECT_THROW(MittagLeffler(1.2, 1), OptionError);
  EXPECT_THROW(MittagLeffler(0.5, 0), OptionError);
  EXPECT_THROW(MittagLeffler(0.5, 4.5), OptionError);
  EXPECT_THROW((void)mittag_leffler(0.5, 1, 0.1), OptionError);
  const std::vector<double> x{1, 2};
  std::vector<double> value(3);
  EXPECT_THROW(MittagLeffler(0.5, 1).evaluate(x, value), OptionError);
}

} // namespace
} // namespace vitrum::models
