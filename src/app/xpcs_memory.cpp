#include "xpcs_memory.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/app/settings.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/lag_axis.hpp"
#include "xpcs_bins.hpp"

namespace vitrum::app {
namespace {

constexpr Index event_tile = 1920;

constexpr Index program = Index{64} << 20; // with its libraries and their buffers
constexpr Index per_pixel = 200;           // statistics of the series, partition

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

/// What is in memory at once, beside the pixels of the bins.
Index other_bytes(const XpcsPlan& plan, const CorrelationFlags& flags) {
  const auto& info = plan.series.info();
  const auto tiles = tile_plan(plan, flags);
  const Index block = std::min(plan.load.block_bytes, info.frames * info.frame_bytes());
  const Index images = per_pixel * info.pixels();
  // of each thread: products of a tile, their sum, a chunk and its mirror image
  const Index scratch = thread_count() * tiles.edge * tiles.edge * 4 * 5;
  const auto lags = correlate::make_lag_edges(info.frames, plan.one_time.lags).size();
  const auto blocks =
      plan.one_time.time_blocks *
      (1 + static_cast<Index>(plan.one_time.windows.size() + plan.error_blocks.size()));
  // sums, what is stored of them and the checkpoint that is being written
  const Index cells = static_cast<Index>(lags) * blocks + log_map_cells(plan);
  const Index sums = cells * (plan.load.groups.groups + 1) * 16 * 4;
  constexpr Index base = 2048; // the level from which the smallest ones are made
  const Index levels =
      flags.no_map ? 0 : 4 * base * base * 3 / 2 + plan.partition.bin_count() * (Index{6} << 20);
  return program + block + images + scratch + sums + levels;
}

} // namespace

correlate::TilePlan tile_plan(const XpcsPlan& plan, const CorrelationFlags& flags) {
  correlate::TwoTimeOptions options;
  if (plan.kernel.kind == correlate::KernelKind::events)
    options.tile = event_tile; // lists of events are walked once for each tile
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
  return other_bytes(plan, flags) + pixel_bytes(plan).largest_bin;
}

Index room_while_measuring(const frames::SeriesInfo& info, Index limit) {
  constexpr Index blocks = 2 * (Index{64} << 20); // one is read while the other is summed
  return limit - program - std::min(blocks, info.frames * info.frame_bytes()) -
         per_pixel * info.pixels();
}

Index share_memory(XpcsPlan& plan, const XpcsOptions& options) {
  const Index limit = parse_bytes("memory", options.run.memory);
  const Index other = other_bytes(plan, options.correlation);
  const auto pixels = pixel_bytes(plan);
  if (other + pixels.largest_bin > limit)
    throw OptionError(
        fmt::format("--memory {}: the analysis needs {}; use fewer frames (--frames) or more and "
                    "smaller bins",
                    options.run.memory,
                    bytes_text(other + pixels.largest_bin)));
  const Index room = limit - other;
  if (plan.series.kept == nullptr)
    return room;
  auto& kept = *plan.series.kept;
  // frames in memory are worth more than bins loaded together, but only when they are all there
  if (kept.bytes() + pixels.largest_bin > room)
    kept.keep_within(std::max<Index>(room - pixels.all, 0));
  return room - kept.bytes();
}

} // namespace vitrum::app
