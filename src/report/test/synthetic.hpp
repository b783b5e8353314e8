// A made-up XPCS result with everything that the layout knows: several bins, two models, windows
// with aging, two-time maps with an event and a gap.
#pragma once
#include "vitrum/core/tree.hpp"

namespace vitrum::report {

struct SyntheticOptions {
  Index bins = 4, windows = 8, lags = 28, frames = 600, pixels = 96;
};
[[nodiscard]] Tree synthetic_result(const SyntheticOptions& options = {});

} // namespace vitrum::report
