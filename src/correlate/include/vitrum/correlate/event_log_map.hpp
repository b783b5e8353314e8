// The two-time map in logarithmic cells of very sparse or very long series straight from the
// events: no tiles, so that its cost grows with frames and events, not with pairs of frames.
#pragma once
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/event_kernel.hpp"
#include "vitrum/correlate/log_map.hpp"

namespace vitrum::correlate {

/// What LogMapAccumulator gives over all tiles, to rounding. The later partners of an event that
/// fall into a bin of lags are a run of the events of its pixel, whose ends move up from event to
/// event; what the means take off comes from running sums over frames. Takes of the order of
/// bins of lags · (events + frames · groups). Throws OptionError for corrcoef, whose means differ
/// from frame to frame.
[[nodiscard]] LogMap make_log_map_from_events(const EventKernel& kernel,
                                              const LogMapOptions& options = {},
                                              const Monitor& monitor = silent());

/// Memory beside the kernel and the map itself.
[[nodiscard]] Index predicted_event_log_map_bytes(Index frames, Index groups, Index events);

} // namespace vitrum::correlate
