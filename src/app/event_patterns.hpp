// Mean patterns before and after an event, from the frames of the series.
#pragma once
#include "dynamics_stage.hpp"
#include "xpcs_plan.hpp"

namespace vitrum::app {

/// Reads frames of the plan's series again, where an event asks for them; refers to the plan.
[[nodiscard]] PatternOf patterns_of(XpcsPlan& plan);

} // namespace vitrum::app
