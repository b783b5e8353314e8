// Gamma-distributed numbers from normal ones, so that correlated normal fields become speckle of
// any contrast.
#pragma once
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::synth {

/// The number with the rank of a normal number z in the gamma distribution of mean 1 and variance
/// v.
class GammaTable {
public:
  /// For variances from 0 to `largest` (at most 4).
  explicit GammaTable(double largest);
  [[nodiscard]] double value(double z, double variance) const;

private:
  static constexpr Index nodes = 241; // z from −6 to 6
  std::vector<double> variance_;      // of the tables, ascending
  std::vector<double> table_;         // [variance, node] (value − 1)/√variance
};

} // namespace vitrum::synth
