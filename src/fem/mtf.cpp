#include "vitrum/fem/mtf.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fem {

NoiseCorrelation noise_correlation_of_mtf(std::span<const double> frequency,
                                          std::span<const double> mtf,
                                          Index reach) {
  if (frequency.size() < 2)
    throw DataError(fmt::format("{} rows of frequency and MTF, need 2", frequency.size()));
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    if (!(frequency[i] >= 0) || (i > 0 && !(frequency[i] > frequency[i - 1])))
      throw DataError(fmt::format(
          "row {}: frequency {}, expected ascending cycles per pixel", i + 1, frequency[i]));
    constexpr double noise = 1.05; // measured MTFs scatter
    if (!(mtf[i] >= 0 && mtf[i] <= noise))
      throw DataError(fmt::format("row {}: MTF {}, expected 0 to 1", i + 1, mtf[i]));
  }
  if (frequency.back() < 0.5)
    throw DataError(fmt::format("frequencies end at {} cycles per pixel, expected 0.5 or more",
                                frequency.back()));
  const auto at = [&](double f) {
    const auto next = std::upper_bound(frequency.begin(), frequency.end(), f) - frequency.begin();
    const auto i = static_cast<std::size_t>(next);
    if (i == frequency.size())
      return mtf.back();
    const double f0 = i == 0 ? 0 : frequency[i - 1], m0 = i == 0 ? 1 : mtf[i - 1];
    return frequency[i] > f0 ? m0 + (mtf[i] - m0) * (f - f0) / (frequency[i] - f0) : mtf[i];
  };
  constexpr Index steps = 200; // midpoints along half an axis
  const Index side = reach + 1;
  std::vector<double> wave(static_cast<std::size_t>(side * steps)); // cos 2πfd [d, f]
  for (Index d = 0; d < side; ++d)
    for (Index i = 0; i < steps; ++i)
      wave[static_cast<std::size_t>(d * steps + i)] =
          std::cos(std::numbers::pi * static_cast<double>(d) * (static_cast<double>(i) + 0.5) /
                   static_cast<double>(steps));
  NoiseCorrelation out{reach, std::vector<double>(static_cast<std::size_t>(side * side), 0)};
  std::vector<double> row(static_cast<std::size_t>(side));
  for (Index i = 0; i < steps; ++i) {
    std::fill(row.begin(), row.end(), 0);
    for (Index j = 0; j < steps; ++j) {
      const double m = at(std::hypot(static_cast<double>(i) + 0.5, static_cast<double>(j) + 0.5) /
                          static_cast<double>(2 * steps));
      for (Index d = 0; d < side; ++d)
        row[static_cast<std::size_t>(d)] += m * m * wave[static_cast<std::size_t>(d * steps + j)];
    }
    for (Index dy = 0; dy < side; ++dy)
      for (Index dx = 0; dx < side; ++dx)
        out.values[static_cast<std::size_t>(dy * side + dx)] +=
            wave[static_cast<std::size_t>(dy * steps + i)] * row[static_cast<std::size_t>(dx)] /
            static_cast<double>(steps * steps);
  }
  out.values[0] = std::min(1.0, out.values[0]);
  return out;
}

double noise_share_of_mtf(std::span<const double> frequency, std::span<const double> mtf) {
  return noise_correlation_of_mtf(frequency, mtf, 0).values[0];
}

NoiseCorrelation noise_correlation_of_spread(double sigma_px) {
  if (!(sigma_px >= 0))
    throw OptionError(fmt::format("--point-spread {}: must not be negative", sigma_px));
  if (sigma_px == 0)
    return {};
  std::vector<double> share; // that pixels get along an axis
  const auto half = static_cast<Index>(6 * sigma_px) + 1;
  for (Index n = -half; n <= half; ++n) {
    const auto i = static_cast<double>(n);
    share.push_back(0.5 * (std::erf((i + 0.5) / (sigma_px * std::sqrt(2.0))) -
                           std::erf((i - 0.5) / (sigma_px * std::sqrt(2.0)))));
  }
  std::vector<double> along; // an axis, [d]
  constexpr double none = 1e-7;
  for (std::size_t d = 0; d < share.size(); ++d) {
    double sum = 0;
    for (std::size_t i = 0; i + d < share.size(); ++i)
      sum += share[i] * share[i + d];
    if (d > 0 && sum < none * along[0])
      break;
    along.push_back(sum);
  }
  NoiseCorrelation out{static_cast<Index>(along.size()) - 1, {}};
  for (const double y : along)
    for (const double x : along)
      out.values.push_back(y * x);
  return out;
}

double noise_share_of_spread(double sigma_px) {
  return noise_correlation_of_spread(sigma_px).values[0];
}

} // namespace vitrum::fem
