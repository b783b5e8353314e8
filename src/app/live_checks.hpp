// Settings of vitrum live that cannot be, and series that hold nothing to correlate.
#pragma once
#include <string>

#include "vitrum/app/live.hpp"
#include "vitrum/correlate/live_correlator.hpp"

namespace vitrum::app {

/// Throws OptionError.
void check(const LiveOptions& options);

/// The next smaller size of a map that may grow.
[[nodiscard]] Index whole_cells(Index cells);

/// Why there is nothing to write yet, by the rules of vitrum xpcs; empty when there is something.
[[nodiscard]] std::string
lacking(const correlate::LiveCorrelator& live, Index bins, const std::string& source);

} // namespace vitrum::app
