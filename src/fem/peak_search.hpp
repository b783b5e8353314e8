// Where the peaks of a curve are, before anything is fitted.
#pragma once
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/fem/peaks.hpp"

namespace vitrum::fem {

struct Crest {
  Index top = 0, left = 0, right = 0;    // places of the maximum and of the valleys beside it
  Index outer_left = 0, outer_right = 0; // of what lies beyond the valleys without standing out
  Index half_left = 0, half_right = 0;   // where half of the prominence is left
  double prominence = 0;
};

/// Local maxima of the curve smoothed over `half` points to either side that stand out of both
/// valleys by `significance` errors of the difference or more; at most `most`, the most prominent,
/// by place. Of maxima nearer to each other than `closest` of their k only the higher is one, with
/// its own prominence and the half widths of both: from where the first has half of its own to
/// where the last has, as they are one peak. A valley on the left is needed (V rises towards the
/// direct beam); on the right the end will do.
[[nodiscard]] std::vector<Crest> find_crests(std::span<const double> k,
                                             std::span<const double> value,
                                             std::span<const double> error,
                                             Index half,
                                             const PeakOptions& options);

/// Place and height of the top of the parabola through the points within `reach` of the largest
/// value near `top`, with errors from those of the points (taken as independent, or from samples).
void find_maximum(const VarianceProfile& profile, Index top, double reach, Peak& peak);

} // namespace vitrum::fem
