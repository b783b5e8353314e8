// What an event is not: tells a drop of correlation by the dynamics from one by a jump of the beam
// intensity or by a moved sample, for which the frames themselves are needed.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/aging/events.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::aging {

/// Mean patterns of some frames before and after an event, [y, x]: relative to what the beam alone
/// makes (divided by the mean over a partition bin or the static surface), so that only speckle is
/// left. Pixels with used == 0 are left out; an empty `used` takes all.
struct PatternPair {
  Index height = 0, width = 0;
  std::span<const double> before, after;
  std::span<const std::uint8_t> used;
};

struct ShiftTest {
  double still = 0;          // correlation coefficient of the patterns as they stand
  double moved = 0;          // the largest over all shifts
  double y_px = 0, x_px = 0; // that shift, to a fraction of a pixel by a parabola
  double noise = 0;          // of a coefficient, from the shifts farthest out
  bool shifted = false;      // moved exceeds still by 5 widths of the noise
};

/// Cross-correlates the two patterns over shifts up to `reach` pixels each way. Throws DataError
/// for sizes that disagree, OptionError for a reach that leaves no pixels or is below 2.
[[nodiscard]] ShiftTest test_shift(const PatternPair& patterns, Index reach = 6);

/// Notes the shift in the event and makes it one of kind shift when there is one.
void apply_shift(Event& event, const ShiftTest& test);

/// Mean intensity in `block` frames after each event over that before it; the event becomes of kind
/// intensity when it is off by more than `limit` and by five standard errors. `mean_counts`
/// [frame], NaN in gaps.
void compare_intensity(std::span<Event> events,
                       std::span<const double> mean_counts,
                       Index block,
                       double limit = 0.05);

} // namespace vitrum::aging
