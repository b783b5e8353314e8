#include "xpcs_tree.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "image_tree.hpp"
#include "result_tree.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::app {

namespace {

/// Frames that were left out, and those without counts, which have no fluctuations.
Index gaps_in(const XpcsPlan& plan) {
  Index gaps = plan.series.gap_count();
  for (const Index frame : plan.statistics.zero_frames)
    gaps += plan.series.bad[static_cast<std::size_t>(frame)] == 0 ? 1 : 0;
  return gaps;
}

} // namespace

void add_series(Tree& tree, const XpcsPlan& plan, const GeometryFlags& geometry_flags) {
  const auto& info = plan.series.info();
  tree.set("entry/series/frames", make_scalar(info.frames));
  tree.set("entry/series/gaps", make_scalar(gaps_in(plan)));
  tree.set("entry/series/height", make_scalar(info.height));
  tree.set("entry/series/width", make_scalar(info.width));
  tree.set("entry/series/frame_time_s", make_scalar(plan.frame_time_s, "s"));
  tree.set("entry/series/first_frame_s",
           make_scalar(plan.series.first_frame * plan.frame_time_s, "s"));
  if (!std::isnan(info.exposure_s))
    tree.set("entry/series/exposure_s", make_scalar(info.exposure_s, "s"));
  tree.set("entry/series/pixel_type", make_scalar(std::string(frames::name_of(info.type))));
  tree.set("entry/series/format", make_scalar(info.format));
  const auto geometry = merged_geometry(plan.series, geometry_flags);
  auto number = [&](const char* name, double value, const char* unit) {
    if (!std::isnan(value))
      tree.set(fmt::format("entry/geometry/{}", name), make_scalar(value, unit));
  };
  number("wavelength_angstrom", geometry.wavelength_angstrom, "angstrom");
  number("distance_m", geometry.distance_m, "m");
  number("pixel_size_x_m", geometry.pixel_size_x_m, "m");
  number("pixel_size_y_m", geometry.pixel_size_y_m, "m");
  number("beam_center_x_px", geometry.beam_center_x_px, "px");
  number("beam_center_y_px", geometry.beam_center_y_px, "px");
  number("tilt_x_deg", geometry.tilt_x_deg, "deg");
  number("tilt_y_deg", geometry.tilt_y_deg, "deg");
  number("tilt_z_deg", geometry.tilt_z_deg, "deg");
  number("q_per_pixel", geometry_flags.q_per_pixel, geometry_flags.q_unit.c_str());
}

void add_static(Tree& tree,
                const XpcsPlan& plan,
                const std::vector<std::vector<double>>& bin_means) {
  const auto& s = plan.statistics;
  auto& intensity = add_intensity(tree, s.frame_mean, plan.series.bad, plan.frame_time_s);
  std::vector<double> by_bin;
  for (const auto& one : bin_means)
    by_bin.insert(by_bin.end(), one.begin(), one.end());
  intensity
      .set("bin_mean_counts",
           make_array({static_cast<Index>(bin_means.size()), s.frames}, by_bin, "counts"))
      .attributes["processing"] = std::string("dark subtracted, where one was given");

  const auto& partition = plan.partition;
  const auto nstatic = static_cast<std::size_t>(partition.static_bin_count());
  constexpr auto nsegments = static_cast<std::size_t>(frames::series_segments);
  std::vector<Moments> rings(nstatic);
  std::vector<Moments> parts(nsegments * nstatic);
  for (std::size_t p = 0; p < partition.static_labels.size(); ++p) {
    const auto label = partition.static_labels[p];
    if (label == 0)
      continue;
    const auto ring = static_cast<std::size_t>(label - 1);
    rings[ring].add(s.mean[p]);
    for (std::size_t k = 0; k < nsegments; ++k)
      if (const double part = s.segment_mean[k * partition.static_labels.size() + p];
          !std::isnan(part))
        parts[k * nstatic + ring].add(part);
  }
  std::vector<double> q, low, high, phi, value, error, segments;
  for (std::size_t r = 0; r < nstatic; ++r) {
    const auto& bin = partition.static_bins[r];
    q.push_back(bin.q_inv_angstrom);
    low.push_back(bin.q_low_inv_angstrom);
    high.push_back(bin.q_high_inv_angstrom);
    phi.push_back(bin.phi_deg);
    value.push_back(rings[r].mean);
    error.push_back(rings[r].count > 1 ? rings[r].error() : 0);
  }
  for (const auto& part : parts)
    segments.push_back(part.count > 0 ? part.mean : std::numeric_limits<double>::quiet_NaN());
  auto& saxs = tree.group("entry/saxs");
  saxs.attributes["NX_class"] = std::string("NXdata");
  saxs.attributes["signal"] = std::string("intensity");
  saxs.attributes["axes"] = std::vector<std::string>{"q_inv_angstrom"};
  saxs.set("q_inv_angstrom", make_array(q, partition.q_unit));
  saxs.set("q_low_inv_angstrom", make_array(low, partition.q_unit));
  saxs.set("q_high_inv_angstrom", make_array(high, partition.q_unit));
  saxs.set("phi_deg", make_array(phi, "deg"));
  saxs.set("intensity", make_array(value, "counts")).attributes["processing"] =
      std::string(as_detected);
  saxs.set("intensity_errors", make_array(error, "counts"));
  saxs.set("segments",
           make_array({frames::series_segments, static_cast<Index>(nstatic)}, segments, "counts"));

  add_image(tree, s, plan.mask, partition);
}

void add_nxxpcs_links(Tree& tree) {
  auto& data = tree.group("entry/data");
  data.attributes["NX_class"] = std::string("NXdata");
  data.attributes["signal"] = std::string("g2");
  data.attributes["axes"] = axes_of(tree.at("entry/g2/g2").shape, {"bin", "delay_difference"});
  tree.link("entry/data/bin", "/entry/g2/bin");
  tree.link("entry/data/g2", "/entry/g2/g2");
  tree.link("entry/data/g2_derr", "/entry/g2/g2_errors");
  tree.link("entry/data/delay_difference", "/entry/g2/lag_frames");
}

} // namespace vitrum::app
