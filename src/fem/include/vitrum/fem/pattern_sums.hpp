// One pass over a set of diffraction patterns: the exact sums from which every variance is made.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/memory.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/fem/polar_map.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::fem {

struct SumOptions {
  std::vector<std::uint8_t> use;       // [pattern] 1 = use; empty: all
  std::vector<float> dark;             // [pixel] counts, subtracted; empty: none
  std::vector<float> factor;           // [pixel] multiplied after that (1/flat); empty: none
  std::vector<double> scale;           // [pattern] multiplied after that; empty: none
  Index groups = 100;                  // of consecutive patterns, whose sums are kept for errors
  Index block_bytes = Index{8} << 20;  // patterns held at a time: within the outer cache
  Index memory_bytes = Index{1} << 30; // fewer groups where they would not fit
};

/// Sums over the patterns in use of I and I², per pixel and per ring and pattern. Without dark,
/// factor and scale, integers of up to 16 bits are summed as integers of 64 bits: exact. Others are
/// summed as doubles.
struct PatternSums {
  Index patterns = 0;               // in use
  std::vector<Index> number;        // [used pattern] its number in the series
  std::vector<double> sum, squares; // [pixel]
  std::vector<double> center;       // [pixel] about which the sums of the groups are taken
  std::vector<double> ring_sum, ring_squares; // [used pattern, ring] Σw I, Σw I²
  Index rings = 0, groups = 0;
  std::vector<Index> group_patterns;      // [group]
  Buffer<float> group_sum, group_squares; // [group, pixel] Σ(I − center), Σ(I − center)²; empty
                                          // where `single` is not
  Buffer<std::uint16_t> single;   // [pattern, pixel] where each group is one pattern of integers of
                                  // 16 bits: the patterns themselves, a quarter of the memory
  bool single_signed = false;     // they are int16_t
  std::vector<Index> group_first; // [group + 1] in terms of used patterns

  /// The sums of each group about the centre for pixels first … first + count − 1, [group, count].
  void read_groups(Index first, Index count, float* sum, float* squares) const;
};

/// Does not depend on the number of threads or the size of the blocks. `center` [pixel]: about the
/// mean of each pixel, so that the floats of the groups hold the fluctuations. Throws DataError
/// when a value is not finite, OptionError when sizes do not fit.
[[nodiscard]] PatternSums sum_patterns(frames::FrameSource& source,
                                       const PolarMap& map,
                                       std::span<const double> center,
                                       const SumOptions& options = {},
                                       const Monitor& monitor = silent());

/// Mean of each pixel over up to `most` patterns spread over the series; the first look at it.
[[nodiscard]] std::vector<double> mean_pattern(frames::FrameSource& source,
                                               std::span<const std::uint8_t> use,
                                               Index most = 256,
                                               const Monitor& monitor = silent());

/// The same of `parts` interleaved parts [part, pixel]: pattern i of those looked at goes to part i
/// mod parts.
[[nodiscard]] std::vector<double> mean_pattern_parts(frames::FrameSource& source,
                                                     std::span<const std::uint8_t> use,
                                                     Index parts,
                                                     Index most = 256,
                                                     const Monitor& monitor = silent());

} // namespace vitrum::fem
