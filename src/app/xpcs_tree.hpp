// What a result says of the series beside its correlations.
#pragma once
#include <vector>

#include "vitrum/core/tree.hpp"
#include "xpcs_plan.hpp"

namespace vitrum::app {

/// entry/series and entry/geometry.
void add_series(Tree& tree, const XpcsPlan& plan, const GeometryFlags& geometry_flags);

/// Mean intensity against time, I(q) with its ten time segments, the mean image with mask and bins.
/// `bin_means` is [bin][frame].
void add_static(Tree& tree,
                const XpcsPlan& plan,
                const std::vector<std::vector<double>>& bin_means);

/// Names of the NXxpcs definition as links to where the data stand.
void add_nxxpcs_links(Tree& tree);

} // namespace vitrum::app
