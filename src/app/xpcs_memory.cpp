#include "xpcs_memory.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "bin_kernel.hpp"
#include "vitrum/app/settings.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/event_kernel.hpp"
#include "vitrum/correlate/event_log_map.hpp"
#include "vitrum/correlate/lag_axis.hpp"
#include "xpcs_bins.hpp"

namespace vitrum::app {
namespace {

constexpr Index program = Index{40} << 20; // with its libraries and their buffers
constexpr Index measured_pixel = 85;       // sums of a pixel while the series is measured
constexpr Index pixel = 120;               // its statistics, its place in the partition, q and phi
constexpr Index measured_block = Index{64} << 20;

Index log_map_cells(const XpcsPlan& plan) {
  if (!plan.log_map)
    return 0;
  correlate::LagOptions axis;
  axis.per_decade = plan.log_map->per_decade;
  axis.max_lag = plan.log_map->max_lag;
  const Index frames = plan.series.info().frames;
  const auto edges = correlate::make_lag_edges(frames, axis);
  Index cells = 0;
  for (std::size_t k = 0; k + 1 < edges.size(); ++k)
    cells += frames / (edges[k + 1] - edges[k]) + 1;
  return cells;
}

/// The maps of all bins, as made and in the tree of the result, and what is needed to make one from
/// the events of a bin.
Index log_map_bytes(const XpcsPlan& plan) {
  constexpr Index cell = 2 * 3 * 8;
  Index bytes = log_map_cells(plan) * plan.partition.bin_count() * cell;
  if (plan.log_map && plan.kernel.without_tiles)
    bytes += correlate::predicted_event_log_map_bytes(
        plan.series.info().frames, plan.load.groups.groups, 0);
  return bytes;
}

/// What is in memory at once, beside the pixels of the bins, at three times. The block of frames
/// that is read is gone when tiles are made, and their memory is not there before.
struct Phases {
  Index measuring = 0, loading = 0, working = 0;
};

Index series_bytes(const frames::SeriesInfo& info) {
  return info.frames * info.frame_bytes();
}

/// Two blocks: one is read while the other is summed. They end with tenths of the series.
Index measuring_bytes(const frames::SeriesInfo& info) {
  const Index tenth = series_bytes(info) / frames::series_segments + info.frame_bytes();
  return program + 2 * std::min(measured_block, tenth) + measured_pixel * info.pixels();
}

Phases phases_of(const XpcsPlan& plan, const CorrelationFlags& flags) {
  const auto& info = plan.series.info();
  const auto tiles = tile_plan(plan, flags);
  // of each thread: products of a tile and their sum; a chunk, its mirror image, the next level
  const Index squares = plan.kernel.without_tiles ? 0 : flags.no_map ? 3 : 6;
  const Index scratch = thread_count() * tiles.edge * tiles.edge * 4 * squares;
  const auto lags = correlate::make_lag_edges(info.frames, plan.one_time.lags).size();
  const auto blocks =
      plan.one_time.time_blocks *
      (1 + static_cast<Index>(plan.one_time.windows.size() + plan.error_blocks.size()));
  // sums, what is stored of them and the checkpoint that is being written
  const Index groups = plan.load.groups.groups;
  const Index own = plan.kernel.without_tiles ? 0 : log_map_cells(plan);
  const Index sums = (static_cast<Index>(lags) * blocks + own) * (groups + 1) * 16 * 4;
  constexpr Index base = 2048; // the level from which the smallest ones are made, after the tiles
  const Index levels =
      flags.no_map ? 0 : 4 * base * base * 3 / 2 + plan.partition.bin_count() * (Index{6} << 20);
  const Index always = program + pixel * info.pixels();
  Phases phases;
  phases.measuring = measuring_bytes(info);
  phases.loading = loading_bytes(info, plan.load);
  phases.working = always + std::max(scratch + sums, sums / 2 + levels) + log_map_bytes(plan);
  return phases;
}

/// Of the bins: what all of them take when loaded, and of each phase the most for one.
struct AllBins {
  Index loaded = 0, largest_loaded = 0, largest_working = 0;
};

AllBins all_bins(const XpcsPlan& plan) {
  AllBins all;
  for (Index bin = 1; bin <= plan.partition.bin_count(); ++bin) {
    const auto bytes = bin_bytes(plan, bin);
    all.loaded += bytes.loaded;
    all.largest_loaded = std::max(all.largest_loaded, bytes.loaded);
    all.largest_working = std::max(all.largest_working, bytes.working);
  }
  return all;
}

Index least_of(const Phases& phases, const AllBins& bins) {
  return std::max({phases.measuring,
                   phases.loading + bins.largest_loaded,
                   phases.working + bins.largest_working});
}

} // namespace

correlate::TilePlan tile_plan(const XpcsPlan& plan, const CorrelationFlags& flags) {
  correlate::TwoTimeOptions options;
  if (plan.kernel.kind == correlate::KernelKind::events)
    options.tile = correlate::event_tile_edge; // lists of events are walked once for each tile
  if (flags.max_lag > 0) {
    if (flags.no_map)
      options.max_lag = flags.max_lag;
    else if (flags.map_lags > 0)
      options.max_lag = std::max(flags.max_lag, flags.map_lags);
  }
  return correlate::make_tile_plan(plan.series.info().frames, options);
}

std::optional<MapShape> map_shape(const XpcsPlan& plan, const CorrelationFlags& flags) {
  if (flags.no_map)
    return std::nullopt;
  return make_map_shape(tile_plan(plan, flags), flags.map_lags);
}

Index needed_bytes(const XpcsPlan& plan, const CorrelationFlags& flags) {
  return least_of(phases_of(plan, flags), all_bins(plan));
}

Index loading_bytes(const frames::SeriesInfo& info, const correlate::LoadOptions& load) {
  return program + pixel * info.pixels() + std::min(load.block_bytes, series_bytes(info));
}

Index room_while_measuring(const frames::SeriesInfo& info, Index limit) {
  return limit - measuring_bytes(info);
}

PixelRoom share_memory(XpcsPlan& plan, const XpcsOptions& options) {
  const Index limit = parse_bytes("memory", options.run.memory);
  const auto phases = phases_of(plan, options.correlation);
  const auto bins = all_bins(plan);
  if (const Index least = least_of(phases, bins); least > limit)
    throw OptionError(
        fmt::format("--memory {}: the analysis needs {}; use fewer frames (--frames) or more and "
                    "smaller bins",
                    options.run.memory,
                    bytes_text(least)));
  PixelRoom room{limit - phases.loading, limit - phases.working};
  if (plan.series.kept == nullptr)
    return room;
  auto& kept = *plan.series.kept;
  // Frames in memory are worth more than bins loaded together, but only when they are all there.
  // They are gone when the last bins are worked on.
  const Index most = std::min(room.loading - bins.largest_loaded,
                              plan.partition.bin_count() == 1 && !plan.read_again
                                  ? room.loading
                                  : room.working - bins.largest_working);
  if (kept.bytes() > most)
    kept.keep_within(std::max<Index>(std::min(most, room.loading - bins.loaded), 0));
  room.loading -= kept.bytes();
  room.working -= kept.bytes();
  return room;
}

} // namespace vitrum::app
