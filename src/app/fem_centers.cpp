#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

std::string change_of(const fem::Value& v) {
  return fmt::format("{:+.2f} ± {:.2f} px", v.value, v.error);
}

std::string changes_of(const FemSeries& s, const fem::CenterDrift& drift) {
  const auto of = [&](const char* axis, const fem::Plane& plane) {
    if (s.scan_columns <= 1)
      return fmt::format("{} {}", axis, change_of(plane.along_rows));
    return fmt::format("{} {} along columns, {} along rows",
                       axis,
                       change_of(plane.along_columns),
                       change_of(plane.along_rows));
  };
  return of("x", drift.x) + ", " + of("y", drift.y);
}

/// Moves the patterns back and finds the common centre of what they are then.
void move_back(FemSeries& s,
               const FemOptions& o,
               Series& source,
               Index parts,
               const fem::CenterDrift& drift,
               const Monitor& monitor) {
  std::vector<Index> shift_x, shift_y;
  Index furthest = 0;
  for (std::size_t i = 0; i < drift.center_x_px.size(); ++i) {
    shift_x.push_back(std::lround(drift.center_x_px[i] - s.ring.shape.center_x_px));
    shift_y.push_back(std::lround(drift.center_y_px[i] - s.ring.shape.center_y_px));
    furthest = std::max({furthest, std::abs(shift_x.back()), std::abs(shift_y.back())});
  }
  if (furthest == 0)
    return;
  // what is masked lies elsewhere in each pattern, and the edge moves in
  if (s.mask.count() < static_cast<Index>(s.mask.use.size()))
    frames::dilate_excluded(s.mask, furthest);
  for (Index y = 0; y < s.mask.height; ++y)
    for (Index x = 0; x < s.mask.width; ++x)
      if (std::min({x, y, s.mask.width - 1 - x, s.mask.height - 1 - y}) < furthest)
        s.mask.use[static_cast<std::size_t>(y * s.mask.width + x)] = 0;
  source.source =
      fem::make_moved_source(std::move(source.source), std::move(shift_x), std::move(shift_y));
  source.kept = nullptr;
  constexpr Index looked_at = 512;
  auto images = fem::mean_pattern_parts(*source.source, s.use, parts, looked_at, monitor);
  correct_mean(images, s);
  fem::RingOptions ring;
  ring.radius_px = s.ring.radius_px;
  ring.ellipse = !o.no_ellipse;
  s.ring = fem::fit_ring_parts(images, parts, s.mask, s.ring.shape, ring);
  std::fill(s.mean_image.begin(), s.mean_image.end(), 0.0);
  for (std::size_t p = 0; p < images.size(); ++p)
    s.mean_image[p % s.mean_image.size()] += images[p] / static_cast<double>(parts);
  s.notes.push_back(fmt::format(
      "patterns moved back by up to {} whole pixels: the centre moves by {}; a margin of as many "
      "pixels about what is masked and along the edge is left out",
      furthest,
      changes_of(s, drift)));
}

} // namespace

void follow_centers(
    FemSeries& s, const FemOptions& o, Series& source, Index parts, const Monitor& monitor) {
  constexpr Index fewest = 16; // patterns
  const bool asked = o.centers != "common";
  if (std::isnan(s.ring.radius_px) || (!asked && (s.info.frames < fewest || s.center_given)))
    return;
  fem::DriftOptions options;
  options.columns = s.scan_columns;
  options.each = o.centers == "pattern";
  constexpr Index blocks = 16; // enough for a warning
  if (!asked)
    options.blocks = blocks;
  std::vector<double> raw_mean(s.mean_image); // as the patterns are read
  for (std::size_t p = 0; p < raw_mean.size(); ++p) {
    if (!s.factor.empty())
      raw_mean[p] /= static_cast<double>(s.factor[p]);
    if (!s.dark.empty())
      raw_mean[p] += static_cast<double>(s.dark[p]);
  }
  try {
    s.drift = fem::follow_center(*source.source, s.use, s.mask, s.ring, raw_mean, options, monitor);
  } catch (const DataError&) {
    if (asked)
      throw;
    return; // nothing to warn of
  }
  if (asked)
    move_back(s, o, source, parts, *s.drift, monitor);
  else if (s.drift->significant())
    s.warnings.push_back(fmt::format("the centre moves over the {}: {}; --centers scan follows it",
                                     s.scan_columns > 1 ? "scan" : "series",
                                     changes_of(s, *s.drift)));
}

} // namespace vitrum::app
