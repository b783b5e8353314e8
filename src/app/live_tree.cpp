#include "live_tree.hpp"

#include <cmath>

#include <fmt/format.h>

#include "live_input.hpp"
#include "result_tree.hpp"
#include "vitrum/core/error.hpp"
#include "xpcs_bins.hpp"
#include "xpcs_tree.hpp"

namespace vitrum::app {
namespace {

void add_source(Tree& tree, const std::string& source, bool whole) {
  if (whole && !is_stream(source)) {
    add_input(tree, source);
    return;
  }
  // what a stream has sent cannot be checked again, and a file that grows has no checksum yet
  tree.set("entry/process/inputs", make_array(std::vector<std::string>{source}));
  tree.set("entry/process/input_checksums", make_array(std::vector<std::string>{""}));
  tree.set("entry/process/input_bytes", make_array(std::vector<double>{0}, "bytes"));
}

/// Mean over the pixels of all bins.
std::vector<double> mean_of_bins(const std::vector<correlate::LiveBin>& bins, Index frames) {
  std::vector<double> mean(static_cast<std::size_t>(frames), 0.0);
  Index pixels = 0;
  for (const auto& bin : bins) {
    for (std::size_t t = 0; t < mean.size(); ++t)
      mean[t] += static_cast<double>(bin.pixels) * bin.frame_means[t];
    pixels += bin.pixels;
  }
  for (double& value : mean)
    value /= static_cast<double>(pixels);
  return mean;
}

} // namespace

Tree make_live_tree(const XpcsPlan& plan,
                    correlate::LiveCorrelator& live,
                    LiveOptions& options,
                    LiveFacts& facts,
                    const Invocation& invocation) {
  const double frame_time_s = plan.frame_time_s;
  const auto& source = options.inputs[0];
  auto tree = make_result(invocation, to_toml(describe(options)));
  tree.set("entry/title", make_scalar(fmt::format("XPCS of {}", source)));
  add_source(tree, source, facts.state != "running");
  add_series(tree, plan, options.geometry);
  add_measurement(tree, plan.series.info().metadata);
  for (const auto& note : plan.series.notes)
    add_correction(tree, note);
  for (const auto& warning : plan.series.warnings)
    add_warning(tree, warning);

  std::vector<correlate::LiveBin> bins;
  std::vector<correlate::OneTime> curves;
  std::vector<double> q, means, by_frame;
  std::vector<Index> pixels;
  for (Index b = 1; b <= plan.partition.bin_count(); ++b) {
    auto bin = live.bin(b);
    curves.push_back(to_one_time(std::move(bin.g2)));
    q.push_back(plan.partition.bins[static_cast<std::size_t>(b - 1)].q_inv_angstrom);
    pixels.push_back(bin.pixels);
    means.push_back(bin.mean_counts);
    by_frame.insert(by_frame.end(), bin.frame_means.begin(), bin.frame_means.end());
    if (bin.rejected.frames > 0)
      facts.notes.push_back(
          fmt::format("bin {}: {} frames are gaps in C ({}, the first is frame {})",
                      b,
                      bin.rejected.frames,
                      bin.rejected.first.reason,
                      bin.rejected.first.frame));
    const double cell_s = frame_time_s * static_cast<double>(bin.cell_frames);
    add_map(tree, b, std::move(bin.map), cell_s, (cell_s - frame_time_s) / 2);
    tree.group(fmt::format("entry/twotime/bin_{}", b))
        .set("cell_frames", make_scalar(bin.cell_frames, "frames"));
    bins.push_back(std::move(bin));
  }
  for (const auto& note : facts.notes)
    add_warning(tree, note);
  add_bins(tree, plan.partition.bins, plan.partition.q_unit, pixels, means);
  add_g2(tree,
         "g2",
         curves,
         q,
         plan.partition.q_unit,
         frame_time_s,
         fmt::format("of all frames, pixel by pixel, multi-tau, {}: {}",
                     correlate::name_of(correlate::PixelNormalization::symmetric_bin),
                     correlate::formula_of(correlate::PixelNormalization::symmetric_bin)));
  fit_bins(tree, plan.fits, curves, frame_time_s, silent());
  add_intensity(tree, mean_of_bins(bins, live.frames()), live.gaps(), frame_time_s)
      .set("bin_mean_counts",
           make_array({plan.partition.bin_count(), live.frames()}, std::move(by_frame), "counts"));
  add_nxxpcs_links(tree);
  auto& group = tree.group("entry/live");
  group.attributes["NX_class"] = std::string("NXcollection");
  group.set("state", make_scalar(facts.state));
  group.set("rate_per_s", make_scalar(facts.rate_per_s, "frames/s"));
  return tree;
}

} // namespace vitrum::app
