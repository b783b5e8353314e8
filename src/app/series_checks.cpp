#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "series.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {

void check_duplicates(Series& series,
                      const frames::SeriesStatistics& statistics,
                      const frames::Partition& partition) {
  auto used = frames::make_mask(partition.height, partition.width);
  for (std::size_t p = 0; p < used.use.size(); ++p)
    used.use[p] = partition.dynamic_labels[p] != 0;
  const auto twins = frames::find_duplicate_pixels(statistics, used);
  // a few frames of few counts coincide by chance
  constexpr Index fewest_frames = 16;
  if (twins.pairs > 0 && statistics.good_frames >= fewest_frames)
    series.warnings.push_back(fmt::format(
        "{} of {} pixels hold the same data as another one (first: y = {}, x = {} and y = {}, x = "
        "{}); errors take pixels as independent and are too small. Leave out one of each pair "
        "(vitrum mask --friedel-half)",
        twins.pairs,
        twins.compared,
        twins.first_pixel / series.info().width,
        twins.first_pixel % series.info().width,
        twins.second_pixel / series.info().width,
        twins.second_pixel % series.info().width));
}

std::string still_text(const std::string& path, Index bin, Index frames) {
  return fmt::format("{}: bin {} holds the same picture in all {} frames, expected speckle that "
                     "fluctuates",
                     path,
                     bin,
                     frames);
}

std::string flat_text(const std::string& path, Index bin, Index pixels) {
  return fmt::format("{}: bin {} holds one value in all of its {} pixels, frame by frame, expected "
                     "speckle",
                     path,
                     bin,
                     pixels);
}

void require_speckle(const Series& series,
                     const frames::SeriesStatistics& statistics,
                     const frames::Partition& partition) {
  struct Bin {
    std::size_t pixels = 0, first = 0;
    bool counts = false, still = true, flat = true;
  };
  std::vector<Bin> bins(static_cast<std::size_t>(partition.bin_count()));
  constexpr double rounding = 1e-12; // of sums of floating-point squares
  for (std::size_t p = 0; p < partition.dynamic_labels.size(); ++p) {
    const auto label = partition.dynamic_labels[p];
    if (label == 0)
      continue;
    Bin& bin = bins[static_cast<std::size_t>(label) - 1];
    if (bin.pixels++ == 0)
      bin.first = p;
    bin.counts = bin.counts || statistics.mean[p] != 0;
    bin.still = bin.still &&
                statistics.variance[p] <= rounding * statistics.maximum[p] * statistics.maximum[p];
    bin.flat = bin.flat && statistics.hash[p] == statistics.hash[bin.first] &&
               statistics.mean[p] == statistics.mean[bin.first] &&
               statistics.variance[p] == statistics.variance[bin.first];
  }
  for (std::size_t b = 0; b < bins.size(); ++b) {
    const Bin& bin = bins[b];
    if (!bin.counts)
      continue;
    if (bin.still)
      throw DataError(
          still_text(series.info().path, static_cast<Index>(b) + 1, statistics.good_frames));
    if (bin.flat && bin.pixels > 1)
      throw DataError(
          flat_text(series.info().path, static_cast<Index>(b) + 1, static_cast<Index>(bin.pixels)));
  }
}

} // namespace vitrum::app
