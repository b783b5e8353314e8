// What every reader checks before it reads.
#pragma once
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::frames {

/// Throws OptionError when the series does not have these frames.
void check_frames(const SeriesInfo& info, Index first, Index count);

} // namespace vitrum::frames
