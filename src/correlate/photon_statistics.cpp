#include "vitrum/correlate/photon_statistics.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index dense_counts = 1024; // below it a count is an index, above it a key
constexpr Index pixels_at_once = 64;

/// Small counts in an array, the rare large ones in a map.
class Tally {
public:
  void add(Index count) {
    if (count >= dense_counts) {
      ++sparse_[count];
      return;
    }
    if (count >= static_cast<Index>(dense_.size()))
      dense_.resize(static_cast<std::size_t>(count) + 1, 0);
    ++dense_[static_cast<std::size_t>(count)];
  }
  [[nodiscard]] CountHistogram take() {
    for (std::size_t k = 0; k < dense_.size(); ++k)
      if (dense_[k] != 0)
        sparse_[static_cast<Index>(k)] = dense_[k];
    return make_histogram(sparse_);
  }

private:
  std::vector<Index> dense_;
  std::map<Index, Index> sparse_;
};

/// Sums over 2^level frames of a few neighbouring pixels, waiting for the other half.
struct Level {
  std::array<Index, pixels_at_once> half{};
  bool waiting = false, whole = true; // whole: no gap in the half that waits
};

/// The exposures of all lengths of pixels [first, last), which are in one group.
void tally_pixels(const CountMatrix& counts,
                  Index first,
                  Index last,
                  std::size_t levels,
                  std::vector<Tally>& tallies) {
  const Index statics = counts.groups.static_bins;
  std::vector<Level> pending(levels);
  std::array<Index, pixels_at_once> sum{};
  const Index pixels = last - first;
  for (Index t = 0; t < counts.frames; ++t) {
    bool whole = counts.valid[static_cast<std::size_t>(t)] != 0;
    for (Index p = 0; p < pixels; ++p)
      sum[static_cast<std::size_t>(p)] = counts.at(t, first + p);
    for (std::size_t level = 0; level < levels; ++level) {
      if (whole)
        for (Index p = 0; p < pixels; ++p) {
          const auto set = counts.groups.static_bin[static_cast<std::size_t>(first + p)];
          tallies[level * static_cast<std::size_t>(statics) + static_cast<std::size_t>(set)].add(
              sum[static_cast<std::size_t>(p)]);
        }
      Level& next = pending[level];
      next.waiting = !next.waiting;
      if (next.waiting) { // the first half of an exposure of twice the length
        next.half = sum;
        next.whole = whole;
        break;
      }
      whole = whole && next.whole;
      for (Index p = 0; p < pixels; ++p)
        sum[static_cast<std::size_t>(p)] += next.half[static_cast<std::size_t>(p)];
    }
  }
}

} // namespace

void validate(const PhotonStatisticsOptions& options) {
  if (options.max_exposure < 0)
    throw OptionError(fmt::format("max_exposure = {}: must not be negative", options.max_exposure));
  if (options.fewest_exposures < 2)
    throw OptionError(
        fmt::format("fewest_exposures = {}: must be at least 2", options.fewest_exposures));
}

PhotonStatistics make_photon_statistics(const CountMatrix& counts,
                                        const PhotonStatisticsOptions& options,
                                        const Monitor& monitor) {
  validate(options);
  PhotonStatistics out;
  out.groups = counts.groups.groups();
  out.static_bins = counts.groups.static_bins;
  for (Index length = 1; options.max_exposure == 0 || length <= options.max_exposure; length *= 2) {
    ExposureCounts one;
    one.frames = length;
    for (Index begin = 0; begin + length <= counts.frames; begin += length) {
      const auto at = counts.valid.begin() + begin;
      const bool whole = std::find(at, at + length, std::uint8_t{0}) == at + length;
      ++(whole ? one.exposures : one.left_out);
    }
    if (one.exposures < options.fewest_exposures)
      break;
    out.exposures.push_back(std::move(one));
  }
  if (out.exposures.empty())
    throw DataError(fmt::format("{} frames without gaps, expected at least {} exposures",
                                std::count(counts.valid.begin(), counts.valid.end(), 1),
                                options.fewest_exposures));
  const std::size_t levels = out.exposures.size();
  const auto statics = static_cast<std::size_t>(out.static_bins);
  for (auto& one : out.exposures)
    one.histograms.resize(static_cast<std::size_t>(out.groups) * statics);
  Progress progress(monitor, "counting photons", "groups of pixels", out.groups);
  parallel_for(0, out.groups, 1, [&](Index begin, Index end) {
    for (Index g = begin; g < end; ++g) {
      const auto group = static_cast<std::size_t>(g);
      std::vector<Tally> tallies(levels * statics);
      const Index last = counts.groups.group_begin[group + 1];
      for (Index first = counts.groups.group_begin[group]; first < last; first += pixels_at_once)
        tally_pixels(counts, first, std::min(first + pixels_at_once, last), levels, tallies);
      for (std::size_t level = 0; level < levels; ++level)
        for (std::size_t s = 0; s < statics; ++s)
          out.exposures[level].histograms[group * statics + s] =
              tallies[level * statics + s].take();
      progress.advance();
    }
  });
  return out;
}

} // namespace vitrum::correlate
