// How well any estimator can know the path of the test movies from second moments: the bound of
// Cramér and Rao for speckle that decorrelates in white noise.
#pragma once
#include <cmath>
#include <numbers>
#include <vector>

#include "speckle.hpp"

namespace vitrum::ecm {

/// Inverse of a symmetric positive definite matrix [n, n], in place.
inline void invert(std::vector<double>& a, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    const double pivot = 1 / a[k * n + k];
    for (std::size_t j = 0; j < n; ++j)
      a[k * n + j] *= pivot;
    a[k * n + k] = pivot;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k)
        continue;
      const double f = a[i * n + k];
      a[i * n + k] = 0;
      for (std::size_t j = 0; j < n; ++j)
        a[i * n + j] -= f * a[k * n + j];
    }
  }
}

/// Root mean square error of one coordinate about the mean of the path, px. Spectra X_t(k) =
/// e^{−ik·d_t} S_t(k) + N_t(k) of each frequency are complex normal with the covariance C of the
/// frames; the information on the path is Σ_k 2 k_y² (C⁻¹∘C − 1). The frame's area counts whole,
/// nothing is known of the path beforehand, and speckle is taken as normal: its bright spots make
/// the variance of sums of products larger.
inline double drift_bound_px(const SpeckleMovie& m) {
  const auto n = static_cast<std::size_t>(m.frames);
  const double noise = std::max(m.noise * m.noise, 1e-6), s2 = m.speckle_px * m.speckle_px;
  std::vector<double> information(n * n);
  constexpr double step = 0.05, highest = std::numbers::pi;
  for (double k = 0.5 * step; k < highest; k += step) {
    std::vector<double> c(n * n);
    for (std::size_t t = 0; t < n; ++t)
      for (std::size_t u = 0; u < n; ++u) {
        const double lag = std::abs(static_cast<double>(t) - static_cast<double>(u));
        c[t * n + u] =
            std::numbers::pi * s2 * std::exp(-k * k * s2 / 4) * std::exp(-2 * lag / m.tau) +
            (t == u ? noise : 0);
      }
    auto inverse = c;
    invert(inverse, n);
    // frequencies of a ring in the half plane, with the mean of k_y² over it
    const double count = static_cast<double>(m.height * m.width) /
                         std::pow(2 * std::numbers::pi, 2) * std::numbers::pi * k * step;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        information[i * n + j] +=
            count * k * k * (inverse[i * n + j] * c[i * n + j] - (i == j ? 1 : 0));
  }
  // the mean of the path is free: with a little of it the inverse exists, and is taken out again
  double size = 0;
  for (std::size_t t = 0; t < n; ++t)
    size += information[t * n + t];
  for (double& value : information)
    value += size;
  invert(information, n);
  double trace = 0, all = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      trace += i == j ? information[i * n + j] : 0;
      all += information[i * n + j] / static_cast<double>(n);
    }
  return std::sqrt((trace - all) / static_cast<double>(n));
}

} // namespace vitrum::ecm
