#include "pair_weights.hpp"

#include <algorithm>
#include <cmath>

namespace vitrum::ecm {
namespace {

/// Column `which` of the inverse of a positive definite matrix [n, n].
std::vector<double> inverse_column(std::vector<double> a, Index n, Index which) {
  const auto at = [&](Index i, Index j) -> double& {
    return a[static_cast<std::size_t>(i * n + j)];
  };
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j <= i; ++j) {
      double sum = at(i, j);
      for (Index k = 0; k < j; ++k)
        sum -= at(i, k) * at(j, k);
      at(i, j) = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / at(j, j);
    }
  std::vector<double> b(static_cast<std::size_t>(n));
  b[static_cast<std::size_t>(which)] = 1;
  for (Index i = 0; i < n; ++i) {
    for (Index k = 0; k < i; ++k)
      b[static_cast<std::size_t>(i)] -= at(i, k) * b[static_cast<std::size_t>(k)];
    b[static_cast<std::size_t>(i)] /= at(i, i);
  }
  for (Index i = n - 1; i >= 0; --i) {
    for (Index k = i + 1; k < n; ++k)
      b[static_cast<std::size_t>(i)] -= at(k, i) * b[static_cast<std::size_t>(k)];
    b[static_cast<std::size_t>(i)] /= at(i, i);
  }
  return b;
}

} // namespace

std::vector<Index> compared_lags(Index window) {
  std::vector<Index> lags;
  for (double lag = 1; lag <= static_cast<double>(window); lag *= 1.4)
    if (const auto whole = static_cast<Index>(std::llround(lag));
        lags.empty() || whole > lags.back())
      lags.push_back(whole);
  return lags;
}

std::vector<double> speckle_coherence(const std::vector<Index>& lags,
                                      const std::vector<double>& measured,
                                      Index window) {
  // a line through ln(−ln γ) against ln t; powers up to one, for which γ is a covariance for sure
  constexpr double least = 1e-4, most = 6; // of −ln: a still sample, nothing left
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < lags.size(); ++i) {
    if (!(measured[i] > 0))
      continue;
    const double x = std::log(static_cast<double>(lags[i]));
    const double y = std::log(std::clamp(-std::log(measured[i]), least, most));
    n += 1;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const double spread = n * sxx - sx * sx;
  const double slope = spread > 0 ? std::clamp((n * sxy - sx * sy) / spread, 0.1, 1.0) : 1.0;
  const double at_one = n > 0 ? (sy - slope * sx) / n : 0.0;
  std::vector<double> gamma = {1.0};
  for (Index lag = 1; lag <= window; ++lag)
    gamma.push_back(std::exp(-std::exp(at_one + slope * std::log(static_cast<double>(lag)))));
  return gamma;
}

std::vector<std::vector<float>> pair_weights(const TileTransform& transform,
                                             const std::vector<double>& coherence,
                                             const std::vector<Index>& lags) {
  constexpr Index most = 48; // frames on either side: farther ones add nothing new
  const Index window = std::min(static_cast<Index>(coherence.size()) - 1, most);
  const Index n = 2 * window + 1;
  const auto& signal = transform.signal();
  std::vector<std::vector<double>> by_shell(lags.size(), std::vector<double>(signal.size()));
  constexpr double floor = 1e-4; // of noise: what is left of the taper, of blur within an exposure
  for (std::size_t shell = 0; shell < signal.size(); ++shell) {
    const double s = std::clamp(signal[shell], 0.0, 1 - floor);
    if (!(s > 0))
      continue;
    std::vector<double> covariance(static_cast<std::size_t>(n * n));
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) {
        const Index lag = std::abs(i - j);
        covariance[static_cast<std::size_t>(i * n + j)] =
            (lag == 0 ? 1 - s : 0.0) +
            s * (lag <= window ? coherence[static_cast<std::size_t>(lag)]
                               : std::pow(coherence[static_cast<std::size_t>(window)],
                                          static_cast<double>(lag) / static_cast<double>(window)));
      }
    const auto precision = inverse_column(std::move(covariance), n, window);
    for (std::size_t i = 0; i < lags.size(); ++i)
      for (Index lag = i == 0 ? 1 : lags[i - 1] + 1; lag <= lags[i]; ++lag)
        by_shell[i][shell] +=
            std::max(0.0, -precision[static_cast<std::size_t>(window + std::min(lag, window))]);
  }
  std::vector<std::vector<float>> weights;
  for (const auto& shells : by_shell) {
    std::vector<float> one;
    const auto& shell = transform.shells();
    for (std::size_t i = 0; i < shell.size(); ++i) {
      // a column other than the first stands for its mirror image, too
      const double twice = static_cast<Index>(i) % transform.columns() == 0 ? 1 : 2;
      one.push_back(static_cast<float>(twice * shells[static_cast<std::size_t>(shell[i])]));
    }
    weights.push_back(std::move(one));
  }
  return weights;
}

} // namespace vitrum::ecm
