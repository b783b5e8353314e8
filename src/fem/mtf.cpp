#include "vitrum/fem/mtf.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fem {

double noise_share_of_mtf(std::span<const double> frequency, std::span<const double> mtf) {
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
  constexpr int steps = 200; // midpoints along half an axis
  double sum = 0;
  for (int i = 0; i < steps; ++i)
    for (int j = 0; j < steps; ++j) {
      const double m = at(std::hypot(i + 0.5, j + 0.5) / (2 * steps));
      sum += m * m;
    }
  return std::min(1.0, sum / (steps * steps));
}

double noise_share_of_spread(double sigma_px) {
  if (!(sigma_px >= 0))
    throw OptionError(fmt::format("--point-spread {}: must not be negative", sigma_px));
  if (sigma_px == 0)
    return 1;
  double sum = 0; // of squares of the shares that pixels get along an axis
  const int reach = static_cast<int>(6 * sigma_px) + 1;
  for (int i = -reach; i <= reach; ++i) {
    const double share = 0.5 * (std::erf((i + 0.5) / (sigma_px * std::sqrt(2.0))) -
                                std::erf((i - 0.5) / (sigma_px * std::sqrt(2.0))));
    sum += share * share;
  }
  return sum * sum;
}

} // namespace vitrum::fem
