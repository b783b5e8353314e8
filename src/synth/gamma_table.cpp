#include "gamma_table.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::synth {
namespace {

constexpr double reach = 6; // of z

/// x with P(X > x) = tail for X of the gamma distribution of this shape and scale 1.
double gamma_quantile(double shape, double tail) {
  double low = 0, high = shape + 60 * std::sqrt(shape) + 60;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (upper_gamma(shape, middle) > tail ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

} // namespace

GammaTable::GammaTable(double largest) {
  if (!(largest > 0 && largest <= 4))
    throw OptionError(fmt::format("variance of speckle {}: must lie between 0 and 4", largest));
  constexpr Index tables = 48;
  constexpr double smallest = 1e-4;
  const double top = std::max(largest, 2 * smallest) * 1.001;
  for (Index i = 0; i < tables; ++i)
    variance_.push_back(
        smallest *
        std::pow(top / smallest, static_cast<double>(i) / static_cast<double>(tables - 1)));
  table_.resize(static_cast<std::size_t>(tables * nodes));
  parallel_for(0, tables, 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const double v = variance_[static_cast<std::size_t>(i)];
      for (Index j = 0; j < nodes; ++j) {
        const double z = reach * (2 * static_cast<double>(j) / static_cast<double>(nodes - 1) - 1);
        const double x = gamma_quantile(1 / v, 0.5 * std::erfc(z / std::sqrt(2.0))) * v;
        table_[static_cast<std::size_t>(i * nodes + j)] = (x - 1) / std::sqrt(v);
      }
    }
  });
}

double GammaTable::value(double z, double variance) const {
  if (!(variance > 0))
    return 1;
  const double place =
      (std::clamp(z, -reach, reach) / reach + 1) * 0.5 * static_cast<double>(nodes - 1);
  const auto node = std::min(static_cast<Index>(place), nodes - 2);
  const double part = place - static_cast<double>(node);
  const double ratio = std::log(variance_[1] / variance_[0]);
  const double row = std::clamp(std::log(variance / variance_[0]) / ratio,
                                0.0,
                                static_cast<double>(variance_.size() - 1) - 1e-9);
  const auto line = static_cast<Index>(row);
  const double above = row - static_cast<double>(line);
  const auto at = [&](Index i) {
    const double* t = table_.data() + i * nodes + node;
    return t[0] + part * (t[1] - t[0]);
  };
  const double scaled = at(line) + above * (at(line + 1) - at(line));
  return std::max(0.0, 1 + std::sqrt(variance) * scaled);
}

} // namespace vitrum::synth
