#include "vitrum/correlate/event_log_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "event_scale.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/correlate/lag_axis.hpp"

namespace vitrum::correlate {
namespace {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_CLONES                                                                              \
  [[gnu::target_clones("avx2", "default"), gnu::optimize("O3", "fp-contract=off")]]
#else
#define VITRUM_CLONES
#endif

/// Lags [first, last) and the frames of a cell.
struct LagBin {
  Index first = 0, last = 0;
  [[nodiscard]] Index width() const { return last - first; }
};

/// Running sums of `values`: element t holds those before t; constant from the end of the series
/// on, so that no lag needs a limit.
void running_sums(const double* values, Index frames, Index size, double* before) {
  double sum = 0;
  for (Index t = 0; t < frames; ++t) {
    before[t] = sum;
    sum += values[t];
  }
  std::fill(before + frames, before + size, sum);
}

/// terms[t] = a(t) Σ_lags b(t + lag), with the running sums of b.
VITRUM_CLONES void
products(const double* a, const double* before_b, LagBin lags, Index frames, double* terms) {
  const double* low = before_b + lags.first;
  const double* high = before_b + lags.last;
  for (Index t = 0; t < frames; ++t)
    terms[t] = a[t] * (high[t] - low[t]);
}

/// terms[t] = a(t) Σ_lags b(t + lag) + b(t) Σ_lags a(t + lag)
VITRUM_CLONES void both_products(const double* a,
                                 const double* b,
                                 const double* before_a,
                                 const double* before_b,
                                 LagBin lags,
                                 Index frames,
                                 double* terms) {
  const double* low_a = before_a + lags.first;
  const double* high_a = before_a + lags.last;
  const double* low_b = before_b + lags.first;
  const double* high_b = before_b + lags.last;
  for (Index t = 0; t < frames; ++t)
    terms[t] = a[t] * (high_b[t] - low_b[t]) + b[t] * (high_a[t] - low_a[t]);
}

/// Sums over runs of `width` frames.
VITRUM_CLONES void sum_cells(const double* terms, Index frames, Index width, double* cells) {
  constexpr Index lanes = 8;
  for (Index begin = 0; begin < frames; begin += width) {
    const Index end = std::min(begin + width, frames);
    double sums[lanes]{};
    Index t = begin;
    for (; t + lanes <= end; t += lanes)
      for (Index l = 0; l < lanes; ++l)
        sums[l] += terms[t + l];
    for (; t < end; ++t)
      sums[0] += terms[t];
    double sum = 0;
    for (const double part : sums)
      sum += part;
    *cells++ = sum;
  }
}

/// value: a x of each event; until: the sum of the values of its pixel up to and with it.
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

/// Adds Σ over pairs of events of a x a' x' to the cells of the earlier event.
void add_pairs(
    const EventMatrix& m, const EventValues& events, Index group, LagBin lags, double* cells) {
  const auto first = static_cast<std::uint32_t>(lags.first);
  const auto last = static_cast<std::uint32_t>(lags.last);
  const auto width = static_cast<std::uint32_t>(lags.width());
  const std::uint32_t* frame = m.frame.data();
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
        cells[frame[e] / width] += events.value[e] * (events.until[high - 1] -
                                                      (low > begin ? events.until[low - 1] : 0.0));
    }
  }
}

/// All that the bins of lags share.
struct Task {
  const EventKernel& kernel;
  Index frames, groups, padded; // length of running sums
  EventValues events;
  std::vector<double> valid, valid_before;
  Buffer<double> shift_before; // [group, padded]

  Task(const EventKernel& k, Index longest)
      : kernel(k), frames(k.frames()), groups(k.group_count()), padded(frames + longest + 1),
        events(k.events(), k.scale()), valid(k.valid().begin(), k.valid().end()),
        valid_before(static_cast<std::size_t>(padded)), shift_before(groups * padded) {
    for (double& v : valid)
      v = v != 0 ? 1 : 0;
    running_sums(valid.data(), frames, padded, valid_before.data());
    parallel_for(0, groups, 1, [&](Index g, Index) {
      running_sums(shift(g), frames, padded, shift_before.data() + g * padded);
    });
  }
  /// Zero in gaps.
  [[nodiscard]] const double* shift(Index group) const {
    return kernel.group_shift().data() + group * frames;
  }
};

/// Sums of a bin of lags, [group, cell].
struct RowSums {
  Buffer<double> pairs; // Σ a x a' x'
  Buffer<double> shift; // Σ h + h'
};

/// Values and errors of cells [begin, end) from the sums; see LogMapAccumulator::result.
void finish_cells(const EventKernel& kernel,
                  const RowSums& sums,
                  Index cells,
                  Index begin,
                  Index end,
                  LogMapRow& row) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Index groups = kernel.group_count();
  const auto pixels = static_cast<double>(kernel.pixels());
  for (Index c = begin; c < end; ++c) {
    if (row.pairs[c] == 0) {
      row.value[c] = row.error[c] = nan;
      continue;
    }
    const auto pairs = static_cast<double>(row.pairs[c]);
    // Σδδ' = Σ xx' − Σ_pixels (x + x' − 1), x scaled to a mean of 1
    const auto products = [&](Index g) {
      return sums.pairs[g * cells + c] -
             static_cast<double>(kernel.group_pixels(g)) * (sums.shift[g * cells + c] + pairs);
    };
    double total = 0;
    for (Index g = 0; g < groups; ++g)
      total += products(g);
    const double mean = total / (pixels * pairs);
    double variance = 0;
    for (Index g = 0; g < groups; ++g) {
      const auto size = static_cast<double>(kernel.group_pixels(g));
      const double deviation =
          products(g) / (size * pairs) - mean * (1 + sums.shift[g * cells + c] / pairs);
      variance += size / pixels * deviation * deviation;
    }
    row.value[c] = 1 + mean;
    row.error[c] =
        groups > 1
            ? std::sqrt(variance * student_variance(groups) / static_cast<double>(groups - 1))
            : nan;
  }
}

LogMapRow make_row(const Task& task, LagBin lags, RowSums& sums) {
  const Index width = lags.width();
  const Index cells = (task.frames + width - 1) / width;
  LogMapRow row{lags.first, lags.last, width, {}, {}, {}};
  row.value.resize(static_cast<std::size_t>(cells));
  row.error.resize(static_cast<std::size_t>(cells));
  std::vector<double> terms(static_cast<std::size_t>(task.frames));
  std::vector<double> pairs(static_cast<std::size_t>(cells));
  products(task.valid.data(), task.valid_before.data(), lags, task.frames, terms.data());
  sum_cells(terms.data(), task.frames, width, pairs.data());
  row.pairs.assign(pairs.begin(), pairs.end()); // whole numbers below 2^53
  parallel_for(0, task.groups, 1, [&](Index g, Index) {
    thread_local std::vector<double> terms_of_group;
    terms_of_group.resize(static_cast<std::size_t>(task.frames));
    both_products(task.shift(g),
                  task.valid.data(),
                  task.shift_before.data() + g * task.padded,
                  task.valid_before.data(),
                  lags,
                  task.frames,
                  terms_of_group.data());
    sum_cells(terms_of_group.data(), task.frames, width, sums.shift.data() + g * cells);
    double* products_of_group = sums.pairs.data() + g * cells;
    std::fill_n(products_of_group, cells, 0.0);
    add_pairs(task.kernel.events(), task.events, g, lags, products_of_group);
  });
  parallel_for(0, cells, 2048, [&](Index begin, Index end) {
    finish_cells(task.kernel, sums, cells, begin, end, row);
  });
  return row;
}

} // namespace

LogMap make_log_map_from_events(const EventKernel& kernel,
                                const LogMapOptions& options,
                                const Monitor& monitor) {
  validate(options);
  if (kernel.normalization() == Normalization::corrcoef)
    throw OptionError("corrcoef: its means differ from frame to frame; sums over pairs of events "
                      "need plain or static-bin");
  LagOptions axis;
  axis.per_decade = options.per_decade;
  axis.max_lag = options.max_lag;
  const std::vector<Index> edges = make_lag_edges(kernel.frames(), axis);
  const Task task(kernel, edges.back());
  const Index most = kernel.group_count() * kernel.frames();
  RowSums sums{Buffer<double>(most), Buffer<double>(most)};
  LogMap map;
  map.frames = kernel.frames();
  map.error_groups = kernel.group_count() > 1 ? kernel.group_count() : 0;
  map.reason = map.error_groups > 0 ? "" : kernel.groups().reason;
  Progress progress(
      monitor, "correlating events", "bins of lags", static_cast<Index>(edges.size()) - 1);
  for (std::size_t k = 0; k + 1 < edges.size(); ++k) {
    map.rows.push_back(make_row(task, {edges[k], edges[k + 1]}, sums));
    progress.advance(1);
  }
  return map;
}

Index predicted_event_log_map_bytes(Index frames, Index groups, Index events) {
  return 16 * events + 4 * 8 * groups * frames + 5 * 8 * frames;
}

} // namespace vitrum::correlate
