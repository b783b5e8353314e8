#include "map_bias.hpp"

#include <algorithm>
#include <cmath>

namespace vitrum::app {

std::vector<double>
map_bias(const Tree& tree, std::size_t bin, std::span<const double> lag_frames) {
  const auto* stored = tree.find("entry/g2/g2_bias");
  if (stored == nullptr)
    return {};
  const auto all_lags = tree.numbers("entry/g2/lag_frames");
  const auto all = to_numbers(*stored);
  std::vector<double> lag, bias;
  for (std::size_t l = 0; l < all_lags.size(); ++l)
    if (const double value = all.at(bin * all_lags.size() + l);
        std::isfinite(value) && std::isfinite(all_lags[l])) {
      lag.push_back(all_lags[l]);
      bias.push_back(value);
    }
  if (lag.empty())
    return {};
  std::vector<double> out;
  for (const double wanted : lag_frames) {
    const auto above = std::lower_bound(lag.begin(), lag.end(), wanted);
    const auto i = static_cast<std::size_t>(
        std::min(above - lag.begin(), static_cast<std::ptrdiff_t>(lag.size()) - 1));
    double value = bias[i];
    if (i > 0 && above != lag.end())
      value = bias[i - 1] + (wanted - lag[i - 1]) / (lag[i] - lag[i - 1]) * (value - bias[i - 1]);
    out.push_back(value);
  }
  return out;
}

} // namespace vitrum::app
