// How the two-time products are cut into tiles, and what that and all else needs of memory.
#pragma once
#include <optional>

#include "map_sink.hpp"
#include "xpcs_bins.hpp"
#include "xpcs_plan.hpp"

namespace vitrum::app {

[[nodiscard]] correlate::TilePlan tile_plan(const XpcsPlan& plan, const CorrelationFlags& flags);
/// What is stored of the maps; nothing with --no-map.
[[nodiscard]] std::optional<MapShape> map_shape(const XpcsPlan& plan,
                                                const CorrelationFlags& flags);

/// The least memory with which the analysis can be made: one bin at a time.
[[nodiscard]] Index needed_bytes(const XpcsPlan& plan, const CorrelationFlags& flags);

/// What is there while pixels are loaded, beside them: a block of frames, what is known of each
/// pixel, the program.
[[nodiscard]] Index loading_bytes(const frames::SeriesInfo& info,
                                  const correlate::LoadOptions& load);

/// How much the frames that are kept may take while the series is measured.
[[nodiscard]] Index room_while_measuring(const frames::SeriesInfo& info, Index limit);

/// Shares the memory out between frames that are kept, which may lose some of theirs, and pixels of
/// bins. Returns what the pixels may take. Throws OptionError with the least that would do.
[[nodiscard]] PixelRoom share_memory(XpcsPlan& plan, const XpcsOptions& options);

} // namespace vitrum::app
