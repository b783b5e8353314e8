#include "vitrum/correlate/kernel_task.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace vitrum::correlate {
namespace {

/// Probabilities of no count and of one.
struct FewCounts {
  double none = 1, one = 0;
};

FewCounts few_counts(double mean, double variance) {
  if (!(mean > 0))
    return {};
  const double excess = variance - mean;
  if (!(excess > 1e-6 * mean * mean)) { // Poisson
    const double none = std::exp(-mean);
    return {none, mean * none};
  }
  const double modes = mean * mean / excess;
  const double none = std::pow(1 + mean / modes, -modes);
  return {none, none * mean / (1 + mean / modes)};
}

} // namespace

KernelTask make_kernel_task(const frames::SeriesStatistics& statistics,
                            const frames::Partition& partition,
                            Index bin,
                            Normalization normalization,
                            const LoadOptions& load,
                            bool integer_counts) {
  KernelTask task;
  task.frames = statistics.frames;
  task.groups = load.groups.groups;
  task.normalization = normalization;
  task.integer_counts = integer_counts;
  task.corrected = !load.dark.empty() || !load.flat.empty() || !load.static_surface.empty() ||
                   load.frame_normalization;
  task.only_weighted = load.dark.empty() && !load.frame_normalization;
  const auto frames = static_cast<double>(statistics.good_frames);
  std::set<std::int32_t> statics;
  double events = 0, above = 0, pairs = 0;
  for (std::size_t p = 0; p < partition.dynamic_labels.size(); ++p) {
    if (partition.dynamic_labels[p] != bin)
      continue;
    ++task.pixels;
    if (!partition.static_labels.empty())
      statics.insert(partition.static_labels[p]);
    const double largest = statistics.maximum[p];
    if (largest > task.largest_count)
      task.largest_count = largest;
    const FewCounts few = few_counts(statistics.mean[p], statistics.variance[p]);
    const double held = frames * (1 - few.none);
    events += held;
    above += frames * std::max(0.0, 1 - few.none - few.one);
    pairs += held * held / 2;
  }
  task.static_bins = std::max<Index>(static_cast<Index>(statics.size()), 1);
  if (integer_counts) {
    task.events = events;
    task.above_one = above;
    task.event_pairs = pairs;
  }
  return task;
}

} // namespace vitrum::correlate
