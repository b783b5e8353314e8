#include "lag_plan.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "strip_kernel.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/lag_axis.hpp"

namespace vitrum::correlate {
namespace {

LagLevel single_level(Index frames, const PixelG2Options& options) {
  LagOptions axis;
  axis.spacing = options.lags == PixelLags::linear ? LagSpacing::linear : LagSpacing::logarithmic;
  axis.per_decade = options.per_decade;
  axis.max_lag = options.max_lag;
  const std::vector<Index> edges = make_lag_edges(frames, axis);
  LagLevel level;
  level.frames = frames;
  for (std::size_t k = 0; k + 1 < edges.size(); ++k)
    level.entry.insert(level.entry.end(),
                       static_cast<std::size_t>(edges[k + 1] - edges[k]),
                       static_cast<Index>(k));
  level.lags = static_cast<Index>(level.entry.size());
  return level;
}

std::vector<LagLevel> multi_tau_levels(Index frames, const PixelG2Options& options) {
  const Index channels = options.channels_per_level;
  std::vector<LagLevel> levels;
  Index entry = 0;
  for (Index m = 0; options.levels == 0 || m < options.levels; ++m, frames /= 2) {
    if (m > 0 && frames <= channels)
      break;
    LagLevel level;
    level.frames = frames;
    level.frames_per_step = Index{1} << m;
    level.first_lag = m == 0 ? 1 : channels / 2 + 1;
    for (Index lag = level.first_lag; lag <= std::min(channels, frames - 1); ++lag)
      if (options.max_lag == 0 || lag * level.frames_per_step <= options.max_lag)
        level.entry.push_back(entry++);
    level.lags = static_cast<Index>(level.entry.size());
    if (level.lags == 0)
      break; // neither have the levels above
    levels.push_back(std::move(level));
  }
  return levels;
}

} // namespace

Index LagLevel::padded_lags() const {
  return (lags + strip_lags - 1) / strip_lags * strip_lags;
}

LagPlan make_lag_plan(Index frames, const PixelG2Options& options) {
  LagPlan plan;
  plan.frames = frames;
  if (options.lags == PixelLags::multi_tau)
    plan.levels = multi_tau_levels(frames, options);
  else
    plan.levels.push_back(single_level(frames, options));
  for (LagLevel& level : plan.levels) {
    level.first_slot = plan.slots;
    plan.slots += level.padded_lags();
    plan.entries = std::max(plan.entries, level.entry.back() + 1);
    plan.history = std::max(plan.history, level.first_lag - 1 + level.padded_lags());
  }
  if (plan.entries == 0)
    throw DataError(fmt::format("{} frames have no lags", frames));
  return plan;
}

std::vector<Index>
count_valid_pairs(std::span<const std::uint8_t> valid, Index first_lag, Index lags) {
  const auto frames = static_cast<Index>(valid.size());
  constexpr Index bits = 64;
  std::vector<std::uint64_t> words(static_cast<std::size_t>(frames / bits + 2), 0);
  Index gaps = 0;
  for (Index t = 0; t < frames; ++t) {
    words[t / bits] |= static_cast<std::uint64_t>(valid[t] != 0) << (t % bits);
    gaps += valid[t] == 0;
  }
  std::vector<Index> pairs(static_cast<std::size_t>(lags), 0);
  if (gaps == 0) {
    for (Index i = 0; i < lags; ++i)
      pairs[i] = std::max<Index>(frames - first_lag - i, 0);
    return pairs;
  }
  parallel_for(0, lags, 64, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index words_apart = (first_lag + i) / bits;
      const auto bits_apart = static_cast<unsigned>((first_lag + i) % bits);
      for (Index w = 0; w + words_apart + 1 < static_cast<Index>(words.size()); ++w) {
        std::uint64_t later = words[w + words_apart] >> bits_apart;
        if (bits_apart > 0)
          later |= words[w + words_apart + 1] << (bits - bits_apart);
        pairs[i] += std::popcount(words[w] & later);
      }
    }
  });
  return pairs;
}

LagPairs count_lag_pairs(const LagPlan& plan, std::span<const std::uint8_t> valid) {
  const auto entries = static_cast<std::size_t>(plan.entries);
  LagPairs found;
  found.pairs.assign(entries, 0);
  std::vector<double> sum(entries, 0.0), nominal(entries, 0.0), lags(entries, 0.0);
  std::vector<std::uint8_t> flags(valid.begin(), valid.end());
  for (const LagLevel& level : plan.levels) {
    const std::vector<Index> pairs = count_valid_pairs(flags, level.first_lag, level.lags);
    for (Index i = 0; i < level.lags; ++i) {
      const Index k = level.entry[i];
      const auto lag = static_cast<double>(level.frames_per_step * (level.first_lag + i));
      found.pairs[k] += pairs[i];
      sum[k] += static_cast<double>(pairs[i]) * lag;
      nominal[k] += lag;
      lags[k] += 1;
    }
    for (std::size_t t = 0; t < flags.size() / 2; ++t)
      flags[t] = flags[2 * t] & flags[2 * t + 1];
    flags.resize(flags.size() / 2);
  }
  for (std::size_t k = 0; k < entries; ++k)
    found.lag_frames.push_back(found.pairs[k] > 0 ? sum[k] / static_cast<double>(found.pairs[k])
                                                  : nominal[k] / lags[k]);
  // Of evenly spaced lags in a bin, and of the two frames of a pair within sums of `step`.
  found.lag_spread_frames.resize(entries);
  for (const LagLevel& level : plan.levels)
    for (const Index k : level.entry) {
      const auto step = static_cast<double>(level.frames_per_step);
      found.lag_spread_frames[k] =
          std::sqrt(step * step * (lags[k] * lags[k] - 1) / 12 + (step * step - 1) / 6);
    }
  return found;
}

} // namespace vitrum::correlate
