// The bins of a series one after the other: load their pixels, make the kernel, correlate.
#pragma once
#include <vector>

#include "two_time_job.hpp"
#include "vitrum/aging/heterogeneity.hpp"
#include "xpcs_plan.hpp"

namespace vitrum::app {

struct Correlated {
  std::vector<correlate::OneTime> whole, pixel_by_pixel;
  std::vector<std::vector<correlate::OneTime>> windows; // [bin][window]
  std::vector<std::vector<correlate::OneTime>> blocks;  // [bin][block]: for windows made later
  std::vector<correlate::LogMap> log_maps;              // [bin], when they are asked for
  std::vector<Index> pixels;
  std::vector<double> mean_counts;
  std::vector<std::vector<double>> frame_means;                 // [bin][frame]
  std::vector<std::vector<aging::Heterogeneity>> heterogeneity; // [bin][lag]
};

/// What the pixels of bins may take, with frames that are kept.
struct PixelRoom {
  Index loading = 0; // while the input is read
  Index working = 0; // while tiles are made
};

/// A curve that was correlated pixel by pixel, without bias and ages: what the two have in common.
[[nodiscard]] correlate::OneTime to_one_time(correlate::PixelG2 g2);

/// Correlates all bins, as many at a time as there is room for, adding warnings to the plan. When
/// the job is a part of the work, only its tiles are made and the result is empty.
[[nodiscard]] Correlated
correlate_bins(XpcsPlan& plan, TwoTimeJob& job, PixelRoom room, const Monitor& monitor);

} // namespace vitrum::app
