// What is known of a series before a frame is read, as facts with names and units.
#pragma once
#include <vector>

#include "vitrum/frames/frame_source.hpp"
#include "vitrum/report/records.hpp"

namespace vitrum::app {

[[nodiscard]] std::vector<report::Record> series_facts(const frames::SeriesInfo& info);

} // namespace vitrum::app
