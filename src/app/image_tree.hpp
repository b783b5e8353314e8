// entry/image of a result: the time mean with mask and labels.
#pragma once
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/mask.hpp"
#include "vitrum/frames/partition.hpp"
#include "vitrum/frames/series_statistics.hpp"

namespace vitrum::app {

void add_image(Tree& tree,
               const frames::SeriesStatistics& statistics,
               const frames::Mask& mask,
               const frames::Partition& partition);

} // namespace vitrum::app
