// The two-time map in cells with a logarithmic lag axis, as a part of a result.
#pragma once
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/log_map.hpp"

namespace vitrum::app {

/// entry/log_map/bin_<n>: the cells, and a picture of them on one age axis for viewers.
void add_log_map(Tree& tree, Index bin, const correlate::LogMap& map, double frame_time_s);

} // namespace vitrum::app
