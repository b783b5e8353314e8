#include "vitrum/correlate/event_log_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "event_scale.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/lag_axis.hpp"

namespace vitrum::correlate {
namespace {

/// Lags [first, last) and the frames of a cell.
struct LagBin {
  Index first = 0, last = 0;
  [[nodiscard]] Index width() const { return last - first; }
};

/// value: a x of each event; until: the sum of the values of its pixel up to
/// and with it.
struct EventValues {
  Buffer<double> value, until;

  EventValues(const EventMatrix& m, const detail::EventScale& scale)
      : value(m.events()), until(m.events()) {
    parallel_for(0, m.pixels(), 4096, [&](Index first, Index last) {
      for (Index p = first; p < last; ++p) {
        double sum = 0;
        for (Index e = m.pixel_begin[p]; e < m.pixel_begin[p + 1]; ++e) {
          value[e] =
              static_cast<double>(m.value(p, e)) * scale.factor(m.groups.static_bin[p], m.frame[e]);
          until[e] = sum += value[e];
        }
      }
    });
  }
};

/// What a frame adds to the mean of a group: 1 + h of the frames in which that
/// is not zero.
struct FrameMean {
  Index frame = 0;
  double mean = 0;
};

/// All that the bins of lags share.
struct Task {
  const EventMatrix& events;
  Index frames, groups;
  EventValues values;
  std::vector<double> group_pixels;
  double pixels = 0;
  std::vector<Index> valid_before;           // [frames + 1]
  std::vector<std::vector<FrameMean>> means; // [group]

  explicit Task(const EventKernel& kernel)
      : events(kernel.events()), frames(kernel.frames()), groups(kernel.group_count()),
        values(events, kernel.scale()), pixels(static_cast<double>(kernel.pixels())),
        valid_before(static_cast<std::size_t>(frames) + 1, 0),
        means(static_cast<std::size_t>(groups)) {
    const std::span<const std::uint8_t> valid = kernel.valid();
    for (Index t = 0; t < frames; ++t)
      valid_before[t + 1] = valid_before[t] + (valid[t] != 0);
    for (Index g = 0; g < groups; ++g)
      group_pixels.push_back(static_cast<double>(kernel.group_pixels(g)));
    parallel_for(0, groups, 1, [&](Index g, Index) {
      const double* marginal = kernel.scale().marginal.data() + g * frames;
      for (Index t = 0; t < frames; ++t)
        if (valid[t] != 0 && marginal[t] != 0)
          means[g].push_back({t, marginal[t] / group_pixels[g]});
    });
  }
  [[nodiscard]] bool valid(Index t) const { return valid_before[t + 1] != valid_before[t]; }
  /// Frames [first, last) that are no gaps, as far as there are such frames.
  [[nodiscard]] Index valid_between(Index first, Index last) const {
    return valid_before[std::clamp<Index>(last, 0, frames)] -
           valid_before[std::clamp<Index>(first, 0, frames)];
  }
};

/// Of one group, [cell]: Σ a x a' x' over pairs of events, Σ (2 + h + h') over
/// pairs of frames. Only the cells that are named have any.
class GroupSums {
public:
  explicit GroupSums(Index cells)
      : pairs_(static_cast<std::size_t>(cells), 0.0), means_(pairs_), named_(pairs_.size(), 0) {}

  void add_pair(Index cell, double value) {
    pairs_[cell] += value;
    name(cell);
  }
  void add_mean(Index cell, double value) {
    means_[cell] += value;
    name(cell);
  }
  /// Calls visit(cell, pairs, means) for the cells and empties them.
  template <class Visit>
  void take(Visit&& visit) {
    for (const Index cell : cells_) {
      visit(cell, pairs_[cell], means_[cell]);
      pairs_[cell] = means_[cell] = 0;
      named_[cell] = 0;
    }
    cells_.clear();
  }

private:
  void name(Index cell) {
    if (named_[cell] == 0) {
      named_[cell] = 1;
      cells_.push_back(cell);
    }
  }
  std::vector<double> pairs_, means_;
  std::vector<std::uint8_t> named_;
  std::vector<Index> cells_;
};

/// The pairs of events of the group, in the cells of the earlier ones.
void add_pairs(const Task& task, Index group, LagBin lags, GroupSums& sums) {
  const EventMatrix& m = task.events;
  const auto first = static_cast<std::uint32_t>(lags.first);
  const auto last = static_cast<std::uint32_t>(lags.last);
  const auto width = static_cast<std::uint32_t>(lags.width());
  const std::uint32_t* frame = m.frame.data();
  const double* until = task.values.until.data();
  for (Index p = m.groups.group_begin[group]; p < m.groups.group_begin[group + 1]; ++p) {
    const Index begin = m.pixel_begin[p], end = m.pixel_begin[p + 1];
    Index low = begin, high = begin;
    for (Index e = begin; e < end; ++e) {
      while (low < end && frame[low] - frame[e] < first)
        ++low;
      if (low == end)
        break;
      high = std::max(high, low);
      while (high < end && frame[high] - frame[e] < last)
        ++high;
      if (high > low)
        sums.add_pair(frame[e] / width,
                      task.values.value[e] *
                          (until[high - 1] - (low > begin ? until[low - 1] : 0.0)));
    }
  }
}

/// The means of single frames of the group, once for each valid partner.
void add_means(const Task& task, Index group, LagBin lags, GroupSums& sums) {
  const Index width = lags.width();
  for (const auto& [t, mean] : task.means[group]) {
    if (const Index later = task.valid_between(t + lags.first, t + lags.last))
      sums.add_mean(t / width, mean * static_cast<double>(later));
    const Index low = std::max<Index>(t - lags.last + 1, 0), high = t - lags.first + 1;
    for (Index begin = low; begin < high;) { // earlier partners lie in two cells at most
      const Index cell = begin / width;
      const Index end = std::min(high, (cell + 1) * width);
      if (const Index earlier = task.valid_between(begin, end))
        sums.add_mean(cell, mean * static_cast<double>(earlier));
      begin = end;
    }
  }
}

/// Sums over groups of A = <δδ'> of the group, of B = 1 + Σ (h + h') / pairs
/// and of their products, weighted with pixels: a group deviates by A − (C − 1)
/// B, see LogMapAccumulator::result.
struct GroupMoments {
  double a = 1, aa = 1, ab = -1,
         bb = 1; // of groups without counts: A = 1, B = −1

  void replace_empty(double weight, double group_a, double group_b) {
    a += weight * (group_a - 1);
    aa += weight * (group_a * group_a - 1);
    ab += weight * (group_a * group_b + 1);
    bb += weight * (group_b * group_b - 1);
  }
};

LogMapRow make_row(const Task& task, LagBin lags) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Index width = lags.width();
  const Index cells = (task.frames + width - 1) / width;
  const auto size = static_cast<std::size_t>(cells);
  LogMapRow row{lags.first, lags.last, width, {}, {}, std::vector<Index>(size, 0)};
  for (Index t = 0; t < task.frames; ++t)
    if (task.valid(t))
      row.pairs[t / width] += task.valid_between(t + lags.first, t + lags.last);
  std::vector<GroupMoments> moments(size);
  GroupSums sums(cells);
  for (Index g = 0; g < task.groups; ++g) {
    add_pairs(task, g, lags, sums);
    add_means(task, g, lags, sums);
    const double n = task.group_pixels[g];
    sums.take([&](Index cell, double products, double means) {
      const auto pairs = static_cast<double>(row.pairs[cell]);
      // Σδδ' = Σ xx' − Σ (x + x' − 1), x scaled to a mean of 1
      moments[cell].replace_empty(
          n / task.pixels, products / (n * pairs) - means / pairs + 1, means / pairs - 1);
    });
  }
  row.value.assign(size, nan);
  row.error.assign(size, nan);
  for (Index cell = 0; cell < cells; ++cell) {
    if (row.pairs[cell] == 0)
      continue;
    const auto& [a, aa, ab, bb] = moments[cell];
    row.value[cell] = 1 + a;
    if (task.groups > 1)
      row.error[cell] =
          std::sqrt(std::max(aa - 2 * a * ab + a * a * bb, 0.0) * student_variance(task.groups) /
                    static_cast<double>(task.groups - 1));
  }
  return row;
}

} // namespace

LogMap make_log_map_from_events(const EventKernel& kernel,
                                const LogMapOptions& options,
                                const Monitor& monitor) {
  validate(options);
  if (kernel.normalization() == Normalization::corrcoef)
    throw OptionError("corrcoef: its means differ from frame to frame; sums "
                      "over pairs of events "
                      "need plain or static-bin");
  LagOptions axis;
  axis.per_decade = options.per_decade;
  axis.max_lag = options.max_lag;
  const std::vector<Index> edges = make_lag_edges(kernel.frames(), axis);
  const auto rows = static_cast<Index>(edges.size()) - 1;
  const Task task(kernel);
  LogMap map;
  map.frames = kernel.frames();
  map.error_groups = kernel.group_count() > 1 ? kernel.group_count() : 0;
  map.reason = map.error_groups > 0 ? "" : kernel.groups().reason;
  map.rows.resize(static_cast<std::size_t>(rows));
  Progress progress(monitor, "correlating events", "bins of lags", rows);
  parallel_for(0, rows, 1, [&](Index k, Index) {
    map.rows[k] = make_row(task, {edges[k], edges[k + 1]});
    progress.advance(1);
  });
  return map;
}

Index predicted_event_log_map_bytes(Index frames, Index groups, Index events) {
  // values and their sums, means of groups and frames; a row of each thread
  return 16 * events + 16 * std::min(events, groups * frames) + thread_count() * frames * 65;
}

} // namespace vitrum::correlate
