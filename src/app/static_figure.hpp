// The time mean with mask and bins over it, drawn to a file.
#pragma once
#include <string>

#include "vitrum/frames/mask.hpp"
#include "vitrum/frames/partition.hpp"
#include "vitrum/frames/series_statistics.hpp"

namespace vitrum::app {

/// Throws OptionError for an ending that is no picture format, FileError.
void draw_static(const std::string& path,
                 const frames::SeriesStatistics& statistics,
                 const frames::Mask& mask,
                 const frames::Partition& partition);

} // namespace vitrum::app
