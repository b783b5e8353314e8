// The sources of a virtual dark-field sample: complex Gaussian processes on a grid, each a sum of
// Ornstein–Uhlenbeck processes with rates of its own relaxation time.
#pragma once
#include <cstdint>
#include <vector>

#include "correlation.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::synth {

class EcmSources {
public:
  /// `tau`: [row, column] in frames.
  EcmSources(std::uint64_t seed,
             Index rows,
             Index columns,
             const std::vector<double>& tau,
             const RateSpectrum& spectrum);

  /// Takes the sources to `frame`, which must follow the last one (0 first).
  void advance(Index frame);
  /// Real (0) or imaginary (1) part, [row, column], variance 1/2 each.
  [[nodiscard]] const float* part(Index which) const { return field_.data() + which * sites_; }

private:
  void advance_row(Index row, Index frame);

  std::uint64_t seed_;
  Index rows_, columns_, sites_, processes_;
  std::vector<float> scale_;  // [process]: standard deviation
  Buffer<float> loss_, gain_; // [row, process, column]
  Buffer<float> state_;       // [row, part, process, column]
  Buffer<float> field_;       // [part, row, column]
};

/// A Gaussian random field of mean 0 and variance 1 with correlation exp(−(r/length)²), [row,
/// column].
[[nodiscard]] std::vector<double>
make_smooth_field(std::uint64_t seed, Index rows, Index columns, double length_px);

} // namespace vitrum::synth
