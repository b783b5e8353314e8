// One-time functions of very sparse or very long series straight from the pairs of events: no map,
// no tiles, memory that grows with frames and events alone.
#pragma once
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/event_kernel.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::correlate {

/// The same functions, errors and bias as make_one_time(kernel, options), to rounding. Each pair of
/// events of a pixel is added to its cell (range of ages, lag bin, group); what the means take off
/// comes from sums over single frames. Takes of the order of min(pairs, events · lag bins) + frames
/// · groups · ranges of age steps. Throws OptionError for corrcoef, whose means differ from frame
/// to frame.
[[nodiscard]] OneTimeFunctions make_one_time_from_events(const EventKernel& kernel,
                                                         const OneTimeOptions& options = {},
                                                         const Monitor& monitor = silent());

} // namespace vitrum::correlate
