// What is known about an event besides its time and drop: recovery, relaxation before and after.
#pragma once
#include "vitrum/aging/events.hpp"

namespace vitrum::aging {

/// Fills recovered, recovery_frames, tau_ratio and the kind transient of every event found.
void add_details(const MapRows& map, double baseline, EventSearch& search);

} // namespace vitrum::aging
