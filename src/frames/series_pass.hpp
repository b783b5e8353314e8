// What the passes of measure_series over dense frames and over events share.
#pragma once
#include <cstdint>
#include <vector>

#include "vitrum/frames/series_statistics.hpp"

namespace vitrum::frames {

/// [frame] 1 = good. Throws OptionError for frames that do not exist or when none is good.
[[nodiscard]] std::vector<std::uint8_t> good_frames(const SeriesInfo& info,
                                                    const MeasureOptions& options);

/// The first frame after the segment that holds `frame`.
[[nodiscard]] Index segment_end(Index frame, Index frames);

/// Nothing measured yet: NaN per segment and frame.
[[nodiscard]] SeriesStatistics empty_statistics(const SeriesInfo& info);

/// measure_series of events.
[[nodiscard]] SeriesStatistics measure_events(FrameSource& source,
                                              const Mask& mask,
                                              const MeasureOptions& options,
                                              const Monitor& monitor);

} // namespace vitrum::frames
