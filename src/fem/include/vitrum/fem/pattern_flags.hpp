// Patterns that do not belong: thickness gradients, outliers of intensity, crystals, damage.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitrum/fem/pattern_sums.hpp"
#include "vitrum/fem/peaks.hpp"
#include "vitrum/fem/variance.hpp"

namespace vitrum::fem {

struct FlagOptions {
  double outlier = 5;      // robust standard deviations of the mean counts
  double crystal = 8;      // of the variance within a ring, above that of other patterns
  double significance = 4; // of a gradient or a trend, in standard errors
  double least = 0.02;     // relative change over the scan that matters
};

struct PatternFlags {
  std::vector<double> intensity, intensity_score; // [used pattern] mean counts, robust deviations
  std::vector<double> crystal_score;              // [used pattern] highest of its rings
  std::vector<std::uint8_t> outlier, crystalline; // [used pattern]
  Value gradient_x,
      gradient_y;        // relative change of the intensity over the scan, along columns, rows
  Value damage;          // relative change of the local variance from first to last pattern
  Value intensity_trend; // of the intensity
  bool thickness_gradient = false, damaged = false;
};

/// `columns`: patterns in a row of the scan, 0 when they are in no order. `local` [used pattern]:
/// the variance in the ring of the first peak.
[[nodiscard]] PatternFlags flag_patterns(const PatternSums& sums,
                                         const PolarMap& map,
                                         const DetectorNoise& noise,
                                         std::span<const double> local,
                                         Index columns,
                                         const FlagOptions& options = {});

} // namespace vitrum::fem
