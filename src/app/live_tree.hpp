// The result of a series that is being measured, as far as it goes.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/live.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/live_correlator.hpp"
#include "xpcs_plan.hpp"

namespace vitrum::app {

struct LiveFacts {
  std::string state;              // "running", "ended", "idle", "stopped", "failed"
  double rate_per_s = 0;          // frames from the first one to now
  std::vector<std::string> notes; // what did not go as it should
};

/// Of the frames so far, at least two of them valid. `plan` knows the series but not its
/// statistics. Adds to the notes which frames are gaps of a bin.
[[nodiscard]] Tree make_live_tree(const XpcsPlan& plan,
                                  correlate::LiveCorrelator& live,
                                  LiveOptions& options,
                                  LiveFacts& facts,
                                  const Invocation& invocation);

} // namespace vitrum::app
