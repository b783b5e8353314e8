#include "../path_solve.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "drift_bound.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::ecm {
namespace {

struct Drawn {
  std::vector<double> y, x;
  std::vector<PathPair> pairs;
  std::vector<double> factor;
};

/// Neighbours at lags 1, 2 and 5 with independent errors.
Drawn draw(Index frames, double error, std::uint64_t seed, double jump = 0) {
  Drawn d;
  Random random(seed);
  for (Index t = 0; t < frames; ++t) {
    const double u = static_cast<double>(t) / static_cast<double>(frames);
    d.y.push_back(4 * u + (2 * t >= frames ? jump : 0));
    d.x.push_back(-3 * u + std::sin(3 * u));
  }
  for (const Index lag : {1, 2, 5})
    for (Index t = 0; t + lag < frames; ++t) {
      const auto i = static_cast<std::size_t>(t), j = static_cast<std::size_t>(t + lag);
      d.pairs.push_back({t,
                         t + lag,
                         d.y[j] - d.y[i] + error * random.normal(),
                         d.x[j] - d.x[i] + error * random.normal(),
                         3.0}); // known up to a factor
    }
  d.factor.assign(d.pairs.size(), 1.0);
  return d;
}

double rms(const std::vector<double>& found, const std::vector<double>& truth) {
  double mean = 0, square = 0;
  for (std::size_t t = 0; t < found.size(); ++t)
    mean += (found[t] - truth[t]) / static_cast<double>(found.size());
  for (std::size_t t = 0; t < found.size(); ++t)
    square += std::pow(found[t] - truth[t] - mean, 2) / static_cast<double>(found.size());
  return std::sqrt(square);
}

/// −2 ln of the marginal likelihood up to a constant, with full matrices; the solution and the
/// trace of its covariance about the mean.
struct Dense {
  double unlikely = 0, trace = 0;
  std::vector<double> y;
};

Dense solve_dense(const Drawn& d, double scale, double step) {
  const std::size_t n = d.y.size();
  std::vector<double> a(n * n), b(n), bx(n);
  double typical = 0;
  for (const auto& p : d.pairs) {
    const double w = scale / p.variance;
    const auto i = static_cast<std::size_t>(p.first), j = static_cast<std::size_t>(p.second);
    a[i * n + i] += w;
    a[j * n + j] += w;
    a[i * n + j] -= w;
    a[j * n + i] -= w;
    b[i] -= w * p.y;
    b[j] += w * p.y;
    bx[i] -= w * p.x;
    bx[j] += w * p.x;
    typical += w / static_cast<double>(d.pairs.size());
  }
  a[0] += typical;
  auto m = a;
  if (std::isfinite(step))
    for (std::size_t t = 1; t + 1 < n; ++t) {
      const double c[3] = {1 / step, -2 / step, 1 / step};
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 3; ++j)
          m[(t - 1 + i) * n + t - 1 + j] += c[i] * c[j];
    }
  // ln det by elimination
  Dense out;
  auto l = m;
  for (std::size_t k = 0; k < n; ++k) {
    out.unlikely += 2 * std::log(l[k * n + k]);
    for (std::size_t i = k + 1; i < n; ++i)
      for (std::size_t j = n; j-- > k;)
        l[i * n + j] -= l[i * n + k] / l[k * n + k] * l[k * n + j];
  }
  out.unlikely += 4 * static_cast<double>(n - 2) * std::log(step);
  invert(m, n);
  double all = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      sum += m[i * n + j] * b[j];
      all += m[i * n + j];
      out.unlikely -= m[i * n + j] * (b[i] * b[j] + bx[i] * bx[j]);
    }
    out.y.push_back(sum);
    out.trace += m[i * n + i];
  }
  out.trace -= all / static_cast<double>(n);
  return out;
}

TEST(SmoothPath, IsThatOfFullMatrices) {
  const auto d = draw(30, 0.2, 7);
  const double error = 0.15;
  const auto smooth = smooth_path(30, d.pairs, d.factor, error);
  const auto free = solve_dense(d, 1, INFINITY);
  const double scale = free.trace / (30 * error * error);
  const auto best = solve_dense(d, scale, smooth.step_px);
  for (std::size_t t = 0; t < 30; ++t)
    EXPECT_NEAR(smooth.y[t], best.y[t] - best.y[0], 1e-6);
  EXPECT_NEAR(smooth.error_ratio, std::sqrt(scale * best.trace / free.trace), 1e-6);
  for (const double factor : {1 / 1.7, 1 / 1.3, 1.3, 1.7})
    EXPECT_LE(best.unlikely, solve_dense(d, scale, factor * smooth.step_px).unlikely);
}

TEST(SmoothPath, OfSteadyDriftIsBetterKnownThanItsFrames) {
  double plain = 0, smoothed = 0, stated = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto d = draw(200, 0.2, seed);
    const auto free = solve_path(200, d.pairs, 1);
    const double error = rms(free.y, d.y);
    const auto smooth = smooth_path(200, d.pairs, d.factor, error);
    plain += error * error;
    smoothed += std::pow(rms(smooth.y, d.y), 2);
    stated += std::pow(error * smooth.error_ratio, 2);
  }
  EXPECT_LT(smoothed, 0.85 * plain);
  EXPECT_NEAR(std::log(stated / smoothed), 0, 0.5);
}

TEST(SmoothPath, KeepsAJumpAndFillsGaps) {
  auto d = draw(60, 0.05, 3, 8);
  const auto smooth = smooth_path(60, d.pairs, d.factor, 0.05);
  EXPECT_NEAR(smooth.y[30] - smooth.y[29], 8, 0.3);
  EXPECT_LT(rms(smooth.y, d.y), 0.15);
  std::erase_if(d.pairs, [](const PathPair& p) { return p.first == 20 || p.second == 20; });
  d.factor.resize(d.pairs.size());
  const auto gap = smooth_path(60, d.pairs, d.factor, 0.05);
  EXPECT_NEAR(gap.y[20], 0.5 * (gap.y[19] + gap.y[21]), 1e-9);
}

} // namespace
} // namespace vitrum::ecm
