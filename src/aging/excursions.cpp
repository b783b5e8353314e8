#include "excursions.hpp"

#include <algorithm>
#include <cmath>

#include "vitrum/core/random.hpp"

namespace vitrum::aging {

double normal_survival(double z) {
  return 0.5 * std::erfc(z / std::sqrt(2.0));
}

double normal_equivalent(double t, double degrees) {
  const double z = std::sqrt(degrees * std::log1p(t * t / degrees));
  return std::copysign((8 * degrees + 1) / (8 * degrees + 3) * z, t);
}

std::vector<double> autocorrelation(std::span<const double> values, Index reach) {
  std::vector<double> out;
  const auto n = static_cast<Index>(values.size());
  for (Index k = 0; k <= reach; ++k) {
    double sum = 0;
    Index pairs = 0;
    for (Index i = 0; i + k < n; ++i) {
      const double product =
          values[static_cast<std::size_t>(i)] * values[static_cast<std::size_t>(i + k)];
      if (std::isnan(product))
        continue;
      sum += product;
      ++pairs;
    }
    out.push_back(pairs > 0 ? sum / static_cast<double>(pairs) : 0);
  }
  const double variance = out[0];
  for (double& x : out)
    x /= variance > 0 ? variance : 1;
  return out;
}

std::vector<double> tapered(std::vector<double> correlation) {
  const auto reach = static_cast<double>(correlation.size()) - 1;
  for (std::size_t k = 0; k < correlation.size(); ++k) {
    const double x = reach > 0 ? static_cast<double>(k) / (2 * reach) : 0;
    correlation[k] *= x < 0.5 ? 1 - 6 * x * x * (1 - x) : 2 * std::pow(1 - x, 3);
  }
  return correlation;
}

ExcursionRate::ExcursionRate(std::vector<double> correlation, double frames)
    : correlation_(std::move(correlation)), frames_(frames) {
  // values at −K … −1, 1 … K given the one at 0
  const auto reach = static_cast<Index>(correlation_.size()) - 1;
  const Index n = 2 * reach;
  const auto place = [&](Index i) { return i < reach ? i - reach : i - reach + 1; };
  const auto rho = [&](Index k) {
    const auto at = static_cast<std::size_t>(std::abs(k));
    return at < correlation_.size() ? correlation_[at] : 0.0;
  };
  factor_.assign(static_cast<std::size_t>(n * n), 0);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j <= i; ++j) {
      double sum = rho(place(i) - place(j)) - rho(place(i)) * rho(place(j)) + (i == j ? 1e-9 : 0);
      for (Index k = 0; k < j; ++k)
        sum -= factor_[static_cast<std::size_t>(i * n + k)] *
               factor_[static_cast<std::size_t>(j * n + k)];
      // a sampled correlation may be positive definite only within its noise
      factor_[static_cast<std::size_t>(i * n + j)] =
          i == j ? std::sqrt(std::max(sum, 1e-9))
                 : sum / factor_[static_cast<std::size_t>(j * n + j)];
    }
}

double ExcursionRate::clump(double u) const {
  constexpr Index draws = 600; // 2 % of the mean
  const auto reach = static_cast<Index>(correlation_.size()) - 1;
  const Index n = 2 * reach;
  Random random(20240718);
  std::vector<double> g(static_cast<std::size_t>(n));
  double sum = 0;
  for (Index draw = 0; draw < draws; ++draw) {
    // the tail of a normal (Marsaglia 1964)
    double z = 0;
    do
      z = std::sqrt(u * u - 2 * std::log(random.uniform()));
    while (random.uniform() * z > u);
    for (double& x : g)
      x = random.normal();
    Index count = 1;
    for (Index i = 0; i < n; ++i) {
      const Index k = i < reach ? reach - i : i - reach + 1;
      double value = correlation_[static_cast<std::size_t>(k)] * z;
      for (Index j = 0; j <= i; ++j)
        value += factor_[static_cast<std::size_t>(i * n + j)] * g[static_cast<std::size_t>(j)];
      if (value > u)
        ++count;
    }
    sum += 1 / static_cast<double>(count);
  }
  return sum / static_cast<double>(draws);
}

double ExcursionRate::expected(double level) const {
  return frames_ * normal_survival(level) * clump(std::max(level, 0.5));
}

double ExcursionRate::level(double rate) const {
  double low = 0, high = 0, share = 0.5, u = 3;
  for (int pass = 0; pass < 4; ++pass) {
    low = 0;
    high = 12;
    for (int i = 0; i < 60; ++i) {
      u = (low + high) / 2;
      (frames_ * normal_survival(u) * share > rate ? low : high) = u;
    }
    share = clump(std::max(u, 0.5));
  }
  return u;
}

} // namespace vitrum::aging
