// Keeps what a first pass over a series decoded, packed, so that later passes do not read the input
// again.
#pragma once
#include <memory>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::frames {

/// The same series. Frames that were read, as they are or as events of all pixels, are kept in
/// whichever is smallest: their events, one or two bytes per pixel (with the detector's mark for
/// no data), or the values as they are; as long as all that is kept fits the budget. Frames beyond
/// that are read from the source every time. Where only some pixels are needed, the others are zero
/// in frames that come from memory.
class PackedCache : public FrameSource {
public:
  /// Memory that is held now.
  [[nodiscard]] virtual Index bytes() const = 0;
  /// Another budget. Frames that do not fit it are forgotten, those that were read last first;
  /// nothing more is kept from then on.
  virtual void keep_within(Index budget_bytes) = 0;
  /// What is behind it, with all pixels.
  [[nodiscard]] virtual FrameSource& source() = 0;
};

/// `needed`: 1 for the pixels that matter; empty: all.
[[nodiscard]] std::unique_ptr<PackedCache> make_packed_cache(std::unique_ptr<FrameSource> source,
                                                             Index budget_bytes,
                                                             std::vector<std::uint8_t> needed = {});

/// Memory of what a PackedCache knows of each frame, beside the frames.
[[nodiscard]] Index packed_cache_overhead(Index frames);

} // namespace vitrum::frames
