#include "xpcs_bins.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "bin_kernel.hpp"
#include "dynamics_stage.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/correlate/event_kernel.hpp"
#include "vitrum/correlate/event_log_map.hpp"
#include "vitrum/correlate/event_one_time.hpp"

namespace vitrum::app {
namespace {

/// Runs of bins that fit together.
std::vector<std::vector<Index>>
make_batches(const XpcsPlan& plan, const TwoTimeJob& job, PixelRoom room) {
  std::vector<std::vector<Index>> batches;
  Index held = 0, more = 0; // of the batch, and what the most demanding of its bins needs beside
  for (Index bin = 1; bin <= plan.partition.bin_count(); ++bin) {
    if (!job.has_work(bin))
      continue;
    const auto bytes = bin_bytes(plan, bin);
    more = std::max(more, bytes.working - bytes.loaded);
    if (batches.empty() || held + bytes.loaded > room.loading ||
        held + bytes.loaded + more > room.working) {
      batches.emplace_back();
      held = 0;
      more = std::max<Index>(bytes.working - bytes.loaded, 0);
    }
    batches.back().push_back(bin);
    held += bytes.loaded;
  }
  return batches;
}

double mean_of(const BinPixels& pixels, const std::string& path, Index bin) {
  Moments counts;
  for (const double mean : mean_counts_of(pixels))
    if (!std::isnan(mean))
      counts.add(mean);
  if (counts.count == 0 || counts.mean == 0)
    throw DataError(fmt::format("{}: bin {} holds no counts in any frame", path, bin));
  return counts.mean;
}

void check_rejected(XpcsPlan& plan, const correlate::TileKernel& kernel, Index bin) {
  const auto list = kernel.rejected();
  if (!list.empty() &&
      static_cast<Index>(list.size()) == plan.series.info().frames - plan.series.gap_count())
    throw DataError(fmt::format("{}: bin {} has no frame to correlate: {} in frame {}",
                                plan.series.info().path,
                                bin,
                                list[0].reason,
                                list[0].frame));
  if (list.size() > plan.statistics.zero_frames.size())
    plan.series.warnings.push_back(fmt::format("bin {}: {} frames are gaps ({}, the first is frame "
                                               "{})",
                                               bin,
                                               list.size(),
                                               list[0].reason,
                                               list[0].frame));
}

void correlate_bin(XpcsPlan& plan,
                   TwoTimeJob& job,
                   Index bin,
                   BinPixels pixels,
                   Correlated& out,
                   const Monitor& monitor) {
  const double mean = mean_of(pixels, plan.series.info().path, bin);
  if (!job.is_part()) {
    out.pixels.push_back(pixels_of(pixels));
    out.mean_counts.push_back(mean);
    out.frame_means.push_back(mean_counts_of(pixels));
    out.heterogeneity.push_back(
        heterogeneity_of(pixels, heterogeneity_lags(plan.series.info().frames), plan));
    if (plan.pixel_g2) {
      auto g2 = pixel_g2_of(pixels, *plan.pixel_g2, monitor);
      if (g2.skipped_pixels > 0)
        plan.series.warnings.push_back(
            fmt::format("bin {}: {} pixels without counts left out of the pixel-by-pixel g2",
                        bin,
                        g2.skipped_pixels));
      out.pixel_by_pixel.push_back(to_one_time(std::move(g2)));
    }
  }
  const BinKernel made = make_kernel(std::move(pixels), plan);
  const auto& kernel = made.kernel;
  check_rejected(plan, *kernel, bin);
  monitor.message(Level::debug, fmt::format("bin {}: kernel {}", bin, kernel->name()));
  auto with_blocks = plan.one_time;
  with_blocks.windows.insert(
      with_blocks.windows.end(), plan.error_blocks.begin(), plan.error_blocks.end());
  correlate::OneTimeFunctions functions;
  if (plan.kernel.without_tiles) {
    const auto& events = static_cast<const correlate::EventKernel&>(*kernel);
    functions = correlate::make_one_time_from_events(events, with_blocks, monitor);
    if (plan.log_map)
      out.log_maps.push_back(correlate::make_log_map_from_events(events, *plan.log_map, monitor));
  } else {
    correlate::OneTimeAccumulator one_time(*kernel, with_blocks);
    std::optional<correlate::LogMapAccumulator> log_map;
    if (plan.log_map)
      log_map.emplace(*kernel, *plan.log_map);
    job.correlate(bin, *kernel, one_time, log_map ? &*log_map : nullptr, monitor);
    if (job.is_part())
      return;
    if (log_map)
      out.log_maps.push_back(log_map->result());
    functions = one_time.result(monitor);
  }
  if (!functions.whole.reason.empty())
    plan.series.warnings.push_back(fmt::format("bin {}: {}", bin, functions.whole.reason));
  out.whole.push_back(std::move(functions.whole));
  const auto own =
      functions.windows.begin() + static_cast<std::ptrdiff_t>(plan.one_time.windows.size());
  out.blocks.emplace_back(own, functions.windows.end());
  functions.windows.erase(own, functions.windows.end());
  out.windows.push_back(std::move(functions.windows));
}

} // namespace

correlate::OneTime to_one_time(correlate::PixelG2 g2) {
  correlate::OneTime out;
  out.lag_frames = std::move(g2.lag_frames);
  out.value = std::move(g2.value);
  out.error = std::move(g2.error);
  for (double& error : out.error)
    if (error == 0) // no scatter at all, as where no two counts meet: the error is not known
      error = std::nan("");
  out.pairs = std::move(g2.pairs);
  out.covariance = std::move(g2.covariance);
  out.deviation = std::move(g2.deviation);
  out.lag_spread_frames = std::move(g2.lag_spread_frames);
  out.error_groups = g2.error_groups;
  out.reason = std::move(g2.reason);
  return out;
}

Correlated correlate_bins(XpcsPlan& plan, TwoTimeJob& job, PixelRoom room, const Monitor& monitor) {
  Correlated out;
  const auto batches = make_batches(plan, job, room);
  for (const auto& batch : batches) {
    auto pixels = load_bins(plan, batch, monitor);
    if (plan.series.kept != nullptr && !plan.read_again && &batch == &batches.back())
      plan.series.kept->keep_within(0); // nobody reads frames again
    for (std::size_t i = 0; i < batch.size(); ++i)
      correlate_bin(plan, job, batch[i], std::move(pixels[i]), out, monitor);
  }
  return out;
}

} // namespace vitrum::app
