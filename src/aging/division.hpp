// One division of the time axis from the probabilities of all of them. Internal.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "vitrum/aging/segments.hpp"

namespace vitrum::aging {

/// The division into kinds that is expected to be right at most windows: the sum over windows of
/// the probability of their kind is largest, a window less for each change. The single most
/// probable division is worse: where the place of a change is uncertain, none of many divisions
/// with it may outweigh one without. Within a kind the changes of slope are those of
/// `most_probable`, between segments of one kind. Returns where segments begin, and the number of
/// windows at last.
[[nodiscard]] std::vector<Index>
best_division(std::span<const std::array<double, dynamics_kinds>> probability,
              std::span<const Index> most_probable,
              Index shortest);

/// Moves the change points between segments that join to where two lines that meet there fit the
/// windows of both best. ln τ is continuous but for events, and that knows more of the place than
/// lines which end anywhere: σ of 0.6 windows instead of 1 for a bend by one error a window. Where
/// lines that meet are worse by more than a χ² of 9 than lines that need not, it is a jump and
/// stays.
void join_lines(std::span<const double> age,
                std::span<const double> log_tau,
                std::span<const double> error,
                Index shortest,
                std::vector<Index>& bounds);

} // namespace vitrum::aging
