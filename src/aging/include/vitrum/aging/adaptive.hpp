// Windows of age that are as long as the dynamics stay stationary within noise.
#pragma once
#include <span>
#include <vector>

#include "vitrum/aging/segments.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::aging {

/// Joins adjacent windows, in order and without overlap, given ln τ of each of them in every bin:
/// the division into runs that makes
///     Σ_runs [χ² about the mean ln τ of the run, all bins] + bins · (5 + ln(windows)) · runs
/// least, over all divisions. The noise (factor of the errors, correlation of neighbours) is that
/// of `find_segments` where a bin has windows enough for it. A larger penalty joins more.
/// Aging gives runs as long as it takes ln τ to
/// leave its noise. Windows without ln τ join the run before them. Throws DataError when a series
/// has not as many values as there are windows, OptionError when windows overlap or leave gaps.
[[nodiscard]] std::vector<correlate::AgeWindow>
join_stationary(std::span<const correlate::AgeWindow> windows, std::span<const AgeSeries> bins);

} // namespace vitrum::aging
