#include "vitrum/correlate/event_pixel_g2.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "lag_plan.hpp"
#include "pixel_pieces.hpp"
#include "pixel_sums.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

/// Lags [first, last) of a level that share an entry of the result.
struct EntryLags {
  Index entry = 0, first = 0, last = 0;
};

/// What all pixels have in common at one level.
struct EventLevel {
  Index frames = 0, first_lag = 0, last_lag = 0; // lags [first_lag, last_lag)
  double scale = 1;                              // 1 / frames in a step
  std::vector<Index> entry;                      // of lag first_lag + i
  std::vector<EntryLags> entries;
  std::vector<std::uint8_t> valid;
  std::vector<Index> valid_before; // [frames + 1]
  std::vector<std::uint8_t> clean; // [frame]: all frames that it makes pairs with are there
};

std::vector<EventLevel> make_levels(const LagPlan& plan, std::vector<std::uint8_t> valid) {
  std::vector<EventLevel> levels;
  for (const LagLevel& from : plan.levels) {
    EventLevel level;
    level.frames = from.frames;
    level.first_lag = from.first_lag;
    level.last_lag = from.first_lag + from.lags;
    level.scale = 1 / static_cast<double>(from.frames_per_step);
    level.entry = from.entry;
    for (Index i = 0; i < from.lags; ++i) {
      const Index lag = from.first_lag + i;
      if (level.entries.empty() || level.entries.back().entry != from.entry[i])
        level.entries.push_back({from.entry[i], lag, lag});
      level.entries.back().last = lag + 1;
    }
    level.valid_before.assign(static_cast<std::size_t>(level.frames) + 1, 0);
    for (Index t = 0; t < level.frames; ++t)
      level.valid_before[t + 1] = level.valid_before[t] + (valid[t] != 0);
    level.clean.assign(static_cast<std::size_t>(level.frames), 0);
    const Index reach = level.last_lag - 1;
    for (Index t = reach; t + reach < level.frames; ++t)
      level.clean[t] =
          level.valid_before[t + reach + 1] - level.valid_before[t - reach] == 2 * reach + 1;
    level.valid = valid;
    for (std::size_t t = 0; t < valid.size() / 2; ++t)
      valid[t] = valid[2 * t] & valid[2 * t + 1];
    valid.resize(valid.size() / 2);
    levels.push_back(std::move(level));
  }
  return levels;
}

struct LevelEvent {
  Index frame;
  double count;
};

/// The sums of one pixel, or of many pixels of one static bin, over the pairs of each entry.
struct EntryTotals {
  std::vector<double> product, left, right; // [entry]
  std::vector<double> clean;                // [level] counts that enter every lag of the level

  explicit EntryTotals(const LagPlan& plan)
      : product(static_cast<std::size_t>(plan.entries), 0.0), left(product), right(product),
        clean(plan.levels.size(), 0.0) {}
  void clear() {
    for (auto* values : {&product, &left, &right, &clean})
      std::fill(values->begin(), values->end(), 0.0);
  }
};

class PixelLists {
public:
  explicit PixelLists(const std::vector<EventLevel>& levels) : levels_(levels) {}

  /// Adds all levels of one pixel, whose counts are multiplied by `weight`.
  void add(const EventMatrix& m, Index pixel, double weight, EntryTotals& totals) {
    events_.clear();
    for (Index e = m.pixel_begin[pixel]; e < m.pixel_begin[pixel + 1]; ++e)
      events_.push_back({m.frame[e], weight * static_cast<double>(m.count[e])});
    for (std::size_t l = 0; l < levels_.size() && !events_.empty(); ++l) {
      if (l > 0)
        coarsen(levels_[l]);
      add_level(levels_[l], totals, totals.clean[l]);
    }
  }

  /// What the clean frames of all levels add to the sums of single frames.
  void finish(EntryTotals& totals) const {
    for (std::size_t l = 0; l < levels_.size(); ++l)
      for (const EntryLags& lags : levels_[l].entries) {
        const double sum = totals.clean[l] * static_cast<double>(lags.last - lags.first);
        totals.left[lags.entry] += sum;
        totals.right[lags.entry] += sum;
      }
  }

private:
  /// Sums pairs of frames; what falls into a gap or beyond the last whole pair is lost.
  void coarsen(const EventLevel& level) {
    std::size_t kept = 0;
    for (const LevelEvent& event : events_) {
      const Index frame = event.frame / 2;
      if (frame >= level.frames || level.valid[frame] == 0)
        continue;
      if (kept > 0 && events_[kept - 1].frame == frame)
        events_[kept - 1].count += event.count;
      else
        events_[kept++] = {frame, event.count};
    }
    events_.resize(kept);
  }

  void add_level(const EventLevel& level, EntryTotals& totals, double& clean) const {
    const double scale = level.scale;
    const double scale2 = scale * scale; // powers of two: exact
    const auto size = static_cast<Index>(events_.size());
    Index oldest = 0;
    for (Index i = 0; i < size; ++i) {
      const LevelEvent event = events_[i];
      while (event.frame - events_[oldest].frame >= level.last_lag)
        ++oldest;
      const double count = scale2 * event.count;
      for (Index j = oldest; j < i; ++j) {
        const Index lag = event.frame - events_[j].frame;
        if (lag < level.first_lag)
          break;
        totals.product[level.entry[lag - level.first_lag]] += count * events_[j].count;
      }
      if (level.clean[event.frame] != 0)
        clean += scale * event.count;
      else
        add_alone(level, event, totals);
    }
  }

  /// The pairs that the frame of the event makes, near gaps and the ends of the series.
  static void add_alone(const EventLevel& level, LevelEvent event, EntryTotals& totals) {
    const double count = level.scale * event.count;
    const auto before = [&](Index t) {
      return level.valid_before[std::clamp<Index>(t, 0, level.frames)];
    };
    for (const EntryLags& lags : level.entries) {
      const Index later = before(event.frame + lags.last) - before(event.frame + lags.first);
      const Index earlier =
          before(event.frame - lags.first + 1) - before(event.frame - lags.last + 1);
      totals.left[lags.entry] += count * static_cast<double>(later);
      totals.right[lags.entry] += count * static_cast<double>(earlier);
    }
  }

  const std::vector<EventLevel>& levels_;
  std::vector<LevelEvent> events_;
};

/// Means over pixels of ratios: each pixel has sums of its own.
void add_ratios(const EventMatrix& m,
                const SumRules& rules,
                PixelLists& lists,
                EntryTotals& totals,
                Index first,
                Index last,
                PixelSums& sums) {
  const bool any_pairs = std::any_of(
      rules.lags.pairs.begin(), rules.lags.pairs.end(), [](Index pairs) { return pairs > 0; });
  for (Index p = first; p < last; ++p) {
    const Index begin = m.pixel_begin[p];
    const Index end = m.pixel_begin[p + 1];
    if (begin == end) {
      sums.skipped += any_pairs ? 1 : 0;
      continue;
    }
    const double weight = m.weight.empty() ? 1.0 : static_cast<double>(m.weight[p]);
    double total = 0;
    for (Index e = begin; e < end; ++e)
      total += weight * static_cast<double>(m.count[e]);
    totals.clear();
    lists.add(m, p, weight, totals);
    lists.finish(totals);
    const double mean = total / static_cast<double>(rules.valid_frames);
    bool whole = true;
    for (Index k = 0; k < rules.entries(); ++k)
      if (rules.lags.pairs[k] > 0)
        whole =
            add_ratio(
                sums, rules, k, {totals.product[k], totals.left[k], totals.right[k]}, 0, mean) &&
            whole;
    sums.skipped += whole ? 0 : 1;
  }
}

void add_static_bins(const EventMatrix& m,
                     const SumRules& rules,
                     PixelLists& lists,
                     std::vector<EntryTotals>& totals, // [static bin]
                     Index first,
                     Index last,
                     PixelSums& sums) {
  for (EntryTotals& total : totals)
    total.clear();
  for (Index p = first; p < last; ++p) {
    const std::int32_t s = m.groups.static_bin[p];
    sums.pixels[s] += 1;
    if (m.pixel_begin[p] < m.pixel_begin[p + 1])
      lists.add(m, p, m.weight.empty() ? 1.0 : static_cast<double>(m.weight[p]), totals[s]);
  }
  for (Index s = 0; s < rules.static_bins; ++s) {
    lists.finish(totals[s]);
    std::copy(totals[s].product.begin(),
              totals[s].product.end(),
              sums.product.begin() + s * rules.entries());
    std::copy(
        totals[s].left.begin(), totals[s].left.end(), sums.left.begin() + s * rules.entries());
    std::copy(
        totals[s].right.begin(), totals[s].right.end(), sums.right.begin() + s * rules.entries());
  }
}

/// Whether doubles hold all sums of counts and of products of counts.
bool sums_are_exact(const EventMatrix& m) {
  double counts = 0, squares = 0;
  for (Index p = 0; p < m.pixels(); ++p) {
    double total = 0;
    for (Index e = m.pixel_begin[p]; e < m.pixel_begin[p + 1]; ++e)
      total += static_cast<double>(m.count[e]);
    counts += total;
    squares += total * total;
  }
  const double most = std::ldexp(1.0, 53);
  return squares < most && counts * static_cast<double>(m.frames) < most;
}

} // namespace

PixelG2
make_pixel_g2(const EventMatrix& counts, const PixelG2Options& options, const Monitor& monitor) {
  validate(options);
  const PixelGroups& groups = counts.groups;
  const LagPlan plan = make_lag_plan(counts.frames, options);
  const SumRules rules = make_rules(plan, counts.valid, groups, options);
  const std::vector<EventLevel> levels = make_levels(plan, counts.valid);
  std::vector<PixelSums> sums(static_cast<std::size_t>(groups.groups()), PixelSums(rules));
  Progress progress(monitor, "correlating pixels", "pixels", counts.pixels());
  parallel_for(0, groups.groups(), 1, [&](Index g, Index) {
    const Index first = groups.group_begin[g];
    const Index last = groups.group_begin[g + 1];
    PixelLists lists(levels);
    if (options.normalization == PixelNormalization::symmetric_bin) {
      std::vector<EntryTotals> totals(static_cast<std::size_t>(rules.static_bins),
                                      EntryTotals(plan));
      add_static_bins(counts, rules, lists, totals, first, last, sums[g]);
    } else {
      EntryTotals totals(plan);
      add_ratios(counts, rules, lists, totals, first, last, sums[g]);
    }
    progress.advance(last - first);
  });
  PixelG2 result = evaluate(sums, rules, groups);
  result.exact = counts.weight.empty() && sums_are_exact(counts);
  return result;
}

} // namespace vitrum::correlate
