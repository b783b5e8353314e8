// Keeps what a first pass over a series decoded, packed, so that later passes do not read the input
// again.
#pragma once
#include <memory>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::frames {

/// The same series. Frames that were read, as they are or as events of all pixels, are kept in
/// whichever is smallest: their events, one or two bytes per pixel (with the detector's mark for
/// no data), or the values as they are; as long as all that is kept takes at most `budget_bytes`.
/// Frames beyond that are read from the source every time.
[[nodiscard]] std::unique_ptr<FrameSource> make_packed_cache(std::unique_ptr<FrameSource> source,
                                                             Index budget_bytes);

} // namespace vitrum::frames
