// Whether a result keeps what the layout promises: viewers plot it at once, numbers have units.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"

namespace vitrum::report {

/// What is wrong, each with its place; empty when nothing is:
///   - the chain of `default` from the root ends at an NXdata whose signal is there;
///   - kind, definition and the record of how it was made (entry/process) are there;
///   - an NXdata has as many axes as its signal has dimensions, each of the right length, with
///     units, and going one way;
///   - X_errors has the shape of X and is never negative;
///   - what is named after a unit (tau_s) says it in `units`.
/// `unread`: paths of arrays that are in the file and were left out of the tree.
[[nodiscard]] std::vector<std::string> find_faults(const Tree& result,
                                                   std::span<const std::string> unread = {});

} // namespace vitrum::report
