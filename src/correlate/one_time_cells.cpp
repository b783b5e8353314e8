#include "one_time_cells.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate::detail {
namespace {

constexpr Index most_bytes = Index{4} << 30;

Index checked_blocks(Index blocks, Index bins, Index groups) {
  const Index bytes_per_cell = 16 * (groups + 1) + 8 * (groups + 2);
  if (blocks > most_bytes / bytes_per_cell / std::max<Index>(bins, 1))
    throw OptionError(fmt::format(
        "age windows: they and their time blocks cut the series into {} ranges of age; with {} lag "
        "bins and {} groups of pixels the sums take {:.1f} GiB, more than {} GiB: choose fewer "
        "windows, time blocks or lags",
        blocks,
        bins,
        groups,
        static_cast<double>(blocks) * static_cast<double>(bins * bytes_per_cell) / (1 << 30),
        most_bytes >> 30));
  return blocks;
}

void cut(std::vector<Index>& edges, AgeWindow ages, Index pieces) {
  for (Index c = 0; c <= pieces; ++c)
    edges.push_back(ages.first + (ages.last - ages.first) * c / pieces);
}

void sort_unique(std::vector<Index>& edges) {
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
}

/// Sums over all pairs whose earlier frame t lies in a range and whose lag lies in a range, as if
/// only t had to be valid, from running sums of running sums: no loop over frames or lags.
class StartSums {
public:
  /// `valid_before` [frames + 1]; `shift_before` [frames + 1, group].
  StartSums(Index frames,
            Index groups,
            std::span<const Index> valid_before,
            std::span<const double> shift_before)
      : frames_(frames), groups_(groups), valid_(valid_before), shift_(shift_before),
        valid_sum_(static_cast<std::size_t>(frames) + 2, 0.0), valid_moment_(valid_sum_),
        shift_sum_(static_cast<std::size_t>((frames + 2) * groups), 0.0) {
    for (Index t = 0; t <= frames; ++t) {
      const auto valid = static_cast<double>(valid_before[t]);
      valid_sum_[t + 1] = valid_sum_[t] + valid;
      valid_moment_[t + 1] = valid_moment_[t] + static_cast<double>(t) * valid;
      for (Index g = 0; g < groups; ++g)
        shift_sum_[(t + 1) * groups + g] =
            shift_sum_[t * groups + g] + shift_before[t * groups + g];
    }
  }

  void add(Span t, Span lags, Cells& cells, Index cell) const {
    lags.last = std::min(lags.last, frames_ - t.first); // longer ones have no pair
    const Index whole =
        std::clamp(frames_ - t.last + 1, lags.first, std::max(lags.first, lags.last));
    add_whole(t, {lags.first, whole}, cells, cell);
    add_clipped(t, {whole, lags.last}, cells, cell);
  }

private:
  /// Lags whose later frames all exist.
  void add_whole(Span t, Span lags, Cells& cells, Index cell) const {
    const Index n = lags.last - lags.first;
    if (n <= 0)
      return;
    const Index valid = valid_[t.last] - valid_[t.first];
    cells.pairs[cell] += n * valid;
    cells.lag_sum[cell] +=
        static_cast<double>(valid) * 0.5 * static_cast<double>(n * (lags.first + lags.last - 1));
    for (Index g = 0; g < groups_; ++g)
      cells.shift[cell * groups_ + g] +=
          static_cast<double>(n) * (shift(t.last, g) - shift(t.first, g)) +
          between(t.last + lags.first, t.last + lags.last, g) -
          between(t.first + lags.first, t.first + lags.last, g);
  }

  /// Lags for which the end of the series cuts the range: t ends at frames − lag.
  void add_clipped(Span t, Span lags, Cells& cells, Index cell) const {
    const Index n = lags.last - lags.first;
    if (n <= 0)
      return;
    const Index low = frames_ - lags.last + 1;
    const Index high = frames_ - lags.first + 1;
    const auto before = static_cast<double>(valid_[t.first]);
    const double valid = valid_sum_[high] - valid_sum_[low];
    const double moment = valid_moment_[high] - valid_moment_[low];
    const double lag_total = 0.5 * static_cast<double>(n * (lags.first + lags.last - 1));
    cells.pairs[cell] += static_cast<Index>(valid - static_cast<double>(n) * before);
    cells.lag_sum[cell] += static_cast<double>(frames_) * valid - moment - lag_total * before;
    for (Index g = 0; g < groups_; ++g)
      cells.shift[cell * groups_ + g] +=
          between(low, high, g) + static_cast<double>(n) * (shift(frames_, g) - shift(t.first, g)) -
          between(t.first + lags.first, t.first + lags.last, g);
  }

  [[nodiscard]] double shift(Index t, Index g) const { return shift_[t * groups_ + g]; }
  [[nodiscard]] double between(Index first, Index last, Index g) const {
    return shift_sum_[last * groups_ + g] - shift_sum_[first * groups_ + g];
  }

  Index frames_, groups_;
  std::span<const Index> valid_;
  std::span<const double> shift_;
  std::vector<double> valid_sum_, valid_moment_, shift_sum_; // Σ over earlier t of the above
};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("avx2", "default"), gnu::optimize("O3", "fp-contract=off")]]
#endif
double
sum_products(const double* a, const double* high, const double* low, Index count) {
  constexpr Index lanes = 8; // summed apart, so that vectors and single values give the same
  double sums[lanes]{};
  Index t = 0;
  for (; t + lanes <= count; t += lanes)
    for (Index l = 0; l < lanes; ++l)
      sums[l] += a[t + l] * (high[t + l] - low[t + l]);
  for (; t < count; ++t)
    sums[0] += a[t] * (high[t] - low[t]);
  double sum = 0;
  for (const double part : sums)
    sum += part;
  return sum;
}

/// Σ over t in the range and lags in the bin of a(t) b(t + lag), `before` [frames + 1 and on, up to
/// twice] the running sums of b.
double sum_lags(const double* a, const std::vector<double>& before, Span t, Span lags) {
  return sum_products(a + t.first,
                      before.data() + t.first + lags.last,
                      before.data() + t.first + lags.first,
                      t.last - t.first);
}

/// Running sums of `values`, constant beyond the end, so that no lag needs a limit.
std::vector<double> running_sums(const double* values, Index frames, Index longest) {
  std::vector<double> before(static_cast<std::size_t>(frames + longest + 1), 0.0);
  for (Index t = 0; t < frames; ++t)
    before[t + 1] = before[t] + values[t];
  std::fill(before.begin() + frames + 1, before.end(), before[frames]);
  return before;
}

/// For ages by the earlier frame and any number of gaps: a sum over the frames for each lag bin.
void count_by_frames(Cells& cells,
                     const AgeBlocks& blocks,
                     std::span<const Index> lag_edges,
                     std::span<const std::uint8_t> valid,
                     std::span<const double> group_shift) {
  const auto frames = static_cast<Index>(valid.size());
  const Index longest = lag_edges.back();
  const Index groups = cells.groups;
  std::vector<double> flags(valid.begin(), valid.end()), times(flags);
  for (Index t = 0; t < frames; ++t) {
    flags[t] = valid[t] != 0 ? 1.0 : 0.0;
    times[t] = flags[t] * static_cast<double>(t);
  }
  const std::vector<double> valid_before = running_sums(flags.data(), frames, longest);
  const std::vector<double> time_before = running_sums(times.data(), frames, longest);
  const auto each_cell = [&](auto&& visit) {
    for (Index k = 0; k < cells.bins; ++k)
      for (Index b = 0; b < cells.blocks; ++b)
        visit(cells.at(b, k),
              Span{blocks.edges[b], blocks.edges[b + 1]},
              Span{lag_edges[k], lag_edges[k + 1]});
  };
  each_cell([&](Index cell, Span t, Span lags) {
    cells.pairs[cell] = static_cast<Index>(sum_lags(flags.data(), valid_before, t, lags));
    cells.lag_sum[cell] = sum_lags(flags.data(), time_before, t, lags) -
                          sum_lags(times.data(), valid_before, t, lags);
  });
  parallel_for(0, groups, 1, [&](Index g, Index) {
    std::vector<double> shift(static_cast<std::size_t>(frames));
    for (Index t = 0; t < frames; ++t)
      shift[t] = flags[t] * group_shift[g * frames + t];
    const std::vector<double> shift_before = running_sums(shift.data(), frames, longest);
    each_cell([&](Index cell, Span t, Span lags) {
      cells.shift[cell * groups + g] = sum_lags(shift.data(), valid_before, t, lags) +
                                       sum_lags(flags.data(), shift_before, t, lags);
    });
  });
}

} // namespace

Index AgeBlocks::block_of_pair(Index t, Index lag) const {
  const Index twice = convention == AgeConvention::start ? 2 * t : 2 * t + lag;
  const auto above = std::upper_bound(
      edges.begin(), edges.end(), twice, [](Index value, Index edge) { return value < 2 * edge; });
  return static_cast<Index>(above - edges.begin()) - 1;
}

Span AgeBlocks::blocks_of_tile(const Tile& tile) const {
  const Index oldest_row = tile.row0 + tile.rows - 1;
  const Index oldest_col = tile.col0 + tile.cols - 1;
  if (convention == AgeConvention::start)
    return {block_of_pair(tile.col0, 0), block_of_pair(oldest_col, 0) + 1};
  return {block_of_pair(tile.col0, tile.row0 - tile.col0),
          block_of_pair(oldest_col, oldest_row - oldest_col) + 1};
}

Index AgeBlocks::block_at(Index edge) const {
  return static_cast<Index>(std::lower_bound(edges.begin(), edges.end(), edge) - edges.begin());
}

AgeBlocks make_age_blocks(Index frames, const OneTimeOptions& options) {
  AgeBlocks blocks;
  blocks.convention = options.age;
  cut(blocks.edges, {0, frames}, options.time_blocks);
  for (const AgeWindow window : options.windows)
    cut(blocks.edges, window, std::min(options.time_blocks, window.last - window.first));
  sort_unique(blocks.edges);
  return blocks;
}

Cells::Cells(Index block_count, Index bin_count, Index group_count)
    : blocks(checked_blocks(block_count, bin_count, group_count)), bins(bin_count),
      groups(group_count), total(static_cast<std::size_t>(blocks * bins)),
      by_group(static_cast<std::size_t>(blocks * bins * groups)),
      shift(static_cast<std::size_t>(blocks * bins * groups), 0.0),
      pairs(static_cast<std::size_t>(blocks * bins), 0),
      lag_sum(static_cast<std::size_t>(blocks * bins), 0.0) {}

void count_pairs(Cells& cells,
                 const AgeBlocks& blocks,
                 std::span<const Index> lag_edges,
                 std::span<const std::uint8_t> valid,
                 std::span<const double> group_shift) {
  const Index frames = static_cast<Index>(valid.size());
  const Index groups = cells.groups;
  std::fill(cells.pairs.begin(), cells.pairs.end(), Index{0});
  std::fill(cells.lag_sum.begin(), cells.lag_sum.end(), 0.0);
  std::fill(cells.shift.begin(), cells.shift.end(), 0.0);
  const auto gap_count = static_cast<Index>(std::count(valid.begin(), valid.end(), 0));
  const Index lags = lag_edges.back() - lag_edges.front();
  if (blocks.convention == AgeConvention::start && gap_count * lags > frames * cells.bins) {
    count_by_frames(cells, blocks, lag_edges, valid, group_shift);
    return;
  }
  // Sums over runs of frames come from prefix sums, as if only the frame itself had to be valid;
  // pairs whose partner is a gap are taken out one by one. That is exact, and cheap while gaps are
  // few.
  std::vector<Index> valid_before(static_cast<std::size_t>(frames) + 1, 0);
  std::vector<double> shift_before(static_cast<std::size_t>((frames + 1) * groups), 0.0);
  std::vector<Index> gaps;
  for (Index t = 0; t < frames; ++t) {
    valid_before[t + 1] = valid_before[t] + valid[t];
    for (Index g = 0; g < groups; ++g)
      shift_before[(t + 1) * groups + g] =
          shift_before[t * groups + g] + (valid[t] != 0 ? group_shift[g * frames + t] : 0.0);
    if (valid[t] == 0)
      gaps.push_back(t);
  }
  const StartSums starts(frames, groups, valid_before, shift_before);
  parallel_for(0, cells.bins, 1, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      const bool by_start = blocks.convention == AgeConvention::start;
      if (by_start)
        for (Index b = 0; b < cells.blocks; ++b)
          starts.add({blocks.edges[b], blocks.edges[b + 1]},
                     {lag_edges[k], lag_edges[k + 1]},
                     cells,
                     cells.at(b, k));
      if (by_start && gaps.empty())
        continue;
      for (Index lag = lag_edges[k]; lag < lag_edges[k + 1]; ++lag) {
        for (Index b = 0; b < cells.blocks && !by_start; ++b) {
          Span t = blocks.earlier_frames(b, lag);
          t = {std::max<Index>(t.first, 0), std::min(t.last, frames - lag)};
          if (t.first >= t.last)
            continue;
          const Index cell = cells.at(b, k);
          const Index pairs = valid_before[t.last] - valid_before[t.first];
          cells.pairs[cell] += pairs;
          cells.lag_sum[cell] += static_cast<double>(lag * pairs);
          for (Index g = 0; g < groups; ++g)
            cells.shift[cell * groups + g] += shift_before[t.last * groups + g] -
                                              shift_before[t.first * groups + g] +
                                              shift_before[(t.last + lag) * groups + g] -
                                              shift_before[(t.first + lag) * groups + g];
        }
        for (const Index gap : gaps) {
          if (gap >= lag && valid[gap - lag] != 0) { // the later frame is the gap
            const Index cell = cells.at(blocks.block_of_pair(gap - lag, lag), k);
            cells.pairs[cell] -= 1;
            cells.lag_sum[cell] -= static_cast<double>(lag);
            for (Index g = 0; g < groups; ++g)
              cells.shift[cell * groups + g] -= group_shift[g * frames + gap - lag];
          }
          if (gap + lag < frames && valid[gap + lag] != 0) { // the earlier one is
            const Index cell = cells.at(blocks.block_of_pair(gap, lag), k);
            for (Index g = 0; g < groups; ++g)
              cells.shift[cell * groups + g] -= group_shift[g * frames + gap + lag];
          }
        }
      }
    }
  });
}

} // namespace vitrum::correlate::detail
