// Which lags of which level of averaging a per-pixel g2 has, and the pairs of frames behind them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/pixel_g2.hpp"

namespace vitrum::correlate {

/// Level m holds the sums of 2^m frames, a gap where one of them is; lags first_lag … first_lag +
/// lags − 1 in units of those. Each lag has a slot of its own in the sums; several share an entry
/// of the result.
struct LagLevel {
  Index frames = 0;
  Index frames_per_step = 1;
  Index first_lag = 1;
  Index lags = 0;
  Index first_slot = 0;     // slots of a level are rounded up to whole passes of the kernel
  std::vector<Index> entry; // of lag first_lag + i

  [[nodiscard]] Index padded_lags() const;
};

struct LagPlan {
  Index frames = 0;
  std::vector<LagLevel> levels;
  Index entries = 0;
  Index slots = 0;
  Index history = 0; // earlier frames of each level that the kernel may read
};

/// Throws DataError when there are no lags.
[[nodiscard]] LagPlan make_lag_plan(Index frames, const PixelG2Options& options);

/// What the pairs of valid frames make of the axis; one value per entry.
struct LagPairs {
  std::vector<double> lag_frames;        // mean lag of the pairs; without pairs, of the lags
  std::vector<double> lag_spread_frames; // its standard deviation, when pairs are evenly spread
  std::vector<Index> pairs;
};

[[nodiscard]] LagPairs count_lag_pairs(const LagPlan& plan, std::span<const std::uint8_t> valid);

/// Pairs of valid frames at lags first_lag … first_lag + lags − 1.
[[nodiscard]] std::vector<Index>
count_valid_pairs(std::span<const std::uint8_t> valid, Index first_lag, Index lags);

} // namespace vitrum::correlate
