#include "ecm_two_time.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "age_errors.hpp"
#include "dynamics_stage.hpp"
#include "result_tree.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/ecm/field_source.hpp"

namespace vitrum::app {
namespace {

/// Neighbours within a speckle say the same: the finest lattice of pixels that loses nothing, or
/// the finest that fits.
Index choose_thin(const EcmRun& run, Index memory_bytes) {
  const auto& field = *run.field;
  const auto bin = static_cast<double>(field.options().bin);
  const double speckle = run.path.speckle_px / bin;
  Index thin = std::isnan(speckle) ? 1 : std::max<Index>(1, static_cast<Index>(speckle / 2));
  const auto bytes = [&](Index step) {
    const Index pixels = ((field.rows() + step - 1) / step) * ((field.columns() + step - 1) / step);
    return pixels * run.series.info().frames * 4;
  };
  while (bytes(thin) > memory_bytes && thin < std::min(field.rows(), field.columns()) / 4)
    ++thin;
  while (thin > 1 && std::min(field.rows(), field.columns()) / thin < 16)
    --thin; // small fields: errors need pixels
  if (bytes(thin) > memory_bytes)
    throw OptionError(fmt::format("--memory: {} do not hold {} frames of the thinned field for the "
                                  "two-time map; allow more, or take --no-map",
                                  bytes_text(memory_bytes),
                                  run.series.info().frames));
  return thin;
}

} // namespace

EcmTwoTime::EcmTwoTime(EcmRun& run,
                       const EcmOptions& options,
                       Index memory_bytes,
                       const Monitor& monitor)
    : thin_(choose_thin(run, memory_bytes)) {
  const auto& info = run.series.info();
  plan_.series.source = ecm::make_field_source(*run.field, thin_);
  plan_.series.bad = run.series.bad;
  plan_.series.first_frame = run.series.first_frame;
  plan_.frame_time_s = run.frame_time_s;
  const auto& seen = plan_.series.info();
  plan_.partition = frames::make_partition_from_labels(
      seen.height,
      seen.width,
      std::vector<std::int32_t>(static_cast<std::size_t>(seen.pixels()), 1),
      {},
      nullptr);
  plan_.normalization = correlate::Normalization::plain;
  plan_.one_time.lags = parse_lags("log", 10, 0);
  plan_.one_time.age = parse_age("start");
  plan_.one_time.windows = plan_windows(options.age, info.frames, run.frame_time_s);
  plan_.error_blocks = make_error_blocks(info.frames, 32, plan_.one_time.lags);
  plan_.load.groups.groups = 32;
  const double speckle = run.path.speckle_px / static_cast<double>(options.bin * thin_);
  plan_.load.groups.block_px =
      std::isnan(speckle) ? 4 : std::max<Index>(1, static_cast<Index>(std::ceil(2 * speckle)));
  plan_.load.bad_frames = run.series.bad;
  plan_.kernel.kind = correlate::KernelKind::floats;
  plan_.fits = run.image_fit;
  correlate::TwoTimeOptions tiles;
  const auto tile_plan = correlate::make_tile_plan(info.frames, tiles);
  JobOptions job;
  job.output = options.output.output;
  job.overwrite = options.output.overwrite;
  job.checkpoint_every_s = 0;
  check_leftovers(job);
  job_ = std::make_unique<TwoTimeJob>(
      job, PartState{}, std::nullopt, 1, tile_plan, make_map_shape(tile_plan, 0));
  done_ = correlate_bins(plan_, *job_, PixelRoom{memory_bytes, memory_bytes}, monitor);
  for (auto& warning : plan_.series.warnings)
    run.series.warnings.push_back(std::move(warning));
}

void EcmTwoTime::add(Tree& tree, const Monitor& monitor) {
  add_error_blocks(tree, done_.blocks, plan_.one_time.age);
  AgeFlags age;
  age.baseline = "1";
  fit_windows(tree, plan_.fits, age, std::move(done_.windows), plan_.frame_time_s, monitor);
  add_dynamics(tree, {}, plan_.frame_time_s, job_->map_rows(), {}, monitor);
  tree.group("entry/twotime").attributes["NX_class"] = std::string("NXcollection");
  tree.group("entry/twotime/bin_1") = job_->map_groups(1, plan_.frame_time_s);
  tree.set("entry/twotime/bin_1/thinned_by", make_scalar(thin_, "px"));
}

} // namespace vitrum::app
