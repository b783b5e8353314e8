// The glass transition in a heat-flow curve: where it is, and its temperatures by tangents.
#pragma once
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::companion {

/// Between which temperatures lines are laid through the glass and the liquid, and a polynomial
/// through the rising flank (10 to 90 % of the step).
struct GlassRanges {
  double glass_first_c = 0, glass_last_c = 0;
  double flank_first_c = 0, flank_last_c = 0;
  double liquid_first_c = 0, liquid_last_c = 0;
};

/// ASTM E1356 and ISO 11357-2: the tangent at the inflection point meets the line of the glass in
/// the extrapolated onset and that of the liquid in the extrapolated end; the midpoint is where the
/// curve stands halfway between the two lines.
struct GlassTransition {
  double onset_c = 0, midpoint_c = 0, end_c = 0, inflection_c = 0;
  double step = 0; // liquid line − glass line at the midpoint, in the unit of the flow
  double glass_value = 0, glass_slope = 0; // of the lines, at the inflection
  double liquid_value = 0, liquid_slope = 0;
  double tangent_value = 0, tangent_slope = 0;
};

/// Two lines that pass into each other by a logistic step of centre and width.
struct Blend {
  double centre = 0, width = 1;
  double glass = 0, glass_slope = 0, liquid = 0, liquid_slope = 0; // at the centre, per K
  double squares = std::numeric_limits<double>::infinity();
  [[nodiscard]] double step() const { return liquid - glass; }
};

/// Search in a curve (flow positive where heat is taken up) between two temperatures.
struct StepSearch {
  bool found = false;
  GlassRanges ranges;
  Blend blend;                     // of the best candidate
  double step = 0, step_error = 0; // of the best candidate, found or not
  double at_c = 0;
  std::string reason; // why it is none
};
[[nodiscard]] StepSearch find_glass_transition(std::span<const double> temperature_c,
                                               std::span<const double> flow,
                                               double first_c,
                                               double last_c);

/// The ranges as another curve of the same transition has them, one with other noise.
[[nodiscard]] GlassRanges found_again(const StepSearch& search,
                                      std::span<const double> temperature_c,
                                      std::span<const double> flow);

/// Replaces the curve between the lines of glass and liquid by the step that was found; not where
/// an overshoot follows it, which the step does not have.
void smooth_transition(const StepSearch& search,
                       std::span<const double> temperature_c,
                       std::span<double> flow);

/// The construction for given ranges. NaN where lines do not meet the curve.
[[nodiscard]] GlassTransition measure_glass_transition(std::span<const double> temperature_c,
                                                       std::span<const double> flow,
                                                       const GlassRanges& ranges);

} // namespace vitrum::companion
