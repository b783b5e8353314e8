#include "vitrum/correlate/event_one_time.hpp"

#include <algorithm>
#include <limits>

#include "event_scale.hpp"
#include "one_time_cells.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/exact_sum.hpp"

namespace vitrum::correlate {
namespace {

constexpr std::uint32_t no_cell = std::numeric_limits<std::uint32_t>::max();

/// Where a pair of events belongs.
class CellMap {
public:
  CellMap(Index frames, const detail::AgeBlocks& ages, std::span<const Index> edges)
      : edges_(edges), start_(ages.convention == AgeConvention::start),
        bins_(static_cast<Index>(edges.size()) - 1),
        bin_(static_cast<std::size_t>(frames), no_cell),
        block_(static_cast<std::size_t>(2 * frames), 0) {
    for (Index k = 0; k < bins_; ++k)
      for (Index lag = edges[k]; lag < std::min(edges[k + 1], frames); ++lag)
        bin_[lag] = static_cast<std::uint32_t>(k);
    for (Index twice = 0; twice < 2 * frames; ++twice) // the pair (t, t + lag) has 2t + lag
      block_[twice] = static_cast<std::uint32_t>(start_ ? ages.block_of_pair(twice / 2, 0)
                                                        : ages.block_of_pair(twice / 2, twice % 2));
  }

  [[nodiscard]] Index bins() const { return bins_; }
  [[nodiscard]] bool by_start() const { return start_; }
  [[nodiscard]] std::span<const Index> edges() const { return edges_; }
  /// The first cell of the block of ages, for the pair of frames t1 >= t2.
  [[nodiscard]] Index row(Index t1, Index t2) const {
    return bins_ * static_cast<Index>(block_[start_ ? 2 * t2 : t1 + t2]);
  }
  [[nodiscard]] std::uint32_t bin(Index lag) const { return bin_[lag]; }
  [[nodiscard]] Index longest() const { return edges_[bins_] - 1; }

private:
  std::span<const Index> edges_;
  bool start_;
  Index bins_;
  std::vector<std::uint32_t> bin_;   // [lag]
  std::vector<std::uint32_t> block_; // [t1 + t2]
};

/// The events of one pixel with their values a x.
struct PixelSeries {
  std::vector<Index> frame;
  std::vector<double> value;
  std::vector<double> before; // running sum of the values
  std::vector<std::size_t> at;
};

void add_each_pair(const PixelSeries& s, const CellMap& map, double* cells) {
  for (std::size_t j = 0; j < s.frame.size(); ++j)
    for (std::size_t i = j; i < s.frame.size(); ++i) {
      const Index lag = s.frame[i] - s.frame[j];
      if (lag > map.longest())
        break;
      const std::uint32_t bin = map.bin(lag);
      if (bin != no_cell)
        cells[map.row(s.frame[i], s.frame[j]) + bin] += s.value[i] * s.value[j];
    }
}

/// For many events: those whose lag from event j falls into a bin are a run, whose ends move up
/// with j.
void add_runs(PixelSeries& s, const CellMap& map, double* cells) {
  const std::size_t size = s.frame.size();
  const std::span<const Index> edges = map.edges();
  s.before.assign(size + 1, 0.0);
  for (std::size_t i = 0; i < size; ++i)
    s.before[i + 1] = s.before[i] + s.value[i];
  s.at.assign(edges.size(), 0);
  for (std::size_t j = 0; j < size; ++j) {
    double* row = cells + map.row(s.frame[j], s.frame[j]);
    for (std::size_t k = 0; k < edges.size(); ++k) {
      std::size_t& i = s.at[k];
      while (i < size && s.frame[i] - s.frame[j] < edges[k])
        ++i;
      if (k > 0)
        row[k - 1] += s.value[j] * (s.before[i] - s.before[s.at[k - 1]]);
      if (i == size && k + 1 < edges.size()) {
        std::fill(s.at.begin() + static_cast<Index>(k) + 1, s.at.end(), size);
        break;
      }
    }
  }
}

/// Σ over pixels of the group and pairs of events of a x a' x', [block, bin].
std::vector<double> pair_sums(const EventMatrix& m,
                              const detail::EventScale& scale,
                              Index group,
                              const CellMap& map,
                              Index size) {
  std::vector<double> cells(static_cast<std::size_t>(size), 0.0);
  PixelSeries s;
  for (Index p = m.groups.group_begin[group]; p < m.groups.group_begin[group + 1]; ++p) {
    const Index begin = m.pixel_begin[p];
    const Index end = m.pixel_begin[p + 1];
    if (begin == end)
      continue;
    s.frame.clear();
    s.value.clear();
    for (Index e = begin; e < end; ++e) {
      s.frame.push_back(m.frame[e]);
      s.value.push_back(static_cast<double>(m.value(p, e)) *
                        scale.factor(m.groups.static_bin[p], m.frame[e]));
    }
    if (map.by_start() && end - begin > 4 * map.bins())
      add_runs(s, map, cells.data());
    else
      add_each_pair(s, map, cells.data());
  }
  return cells;
}

} // namespace

OneTimeFunctions make_one_time_from_events(const EventKernel& kernel,
                                           const OneTimeOptions& options,
                                           const Monitor& monitor) {
  if (kernel.normalization() == Normalization::corrcoef)
    throw OptionError("corrcoef: its means differ from frame to frame; sums over pairs of events "
                      "need plain or static-bin");
  const Index frames = kernel.frames();
  validate(options, frames);
  const EventMatrix& m = kernel.events();
  const detail::EventScale& scale = kernel.scale();
  const Index groups = kernel.group_count();
  const std::vector<Index> edges = make_lag_edges(frames, options.lags);
  const detail::AgeBlocks ages = detail::make_age_blocks(frames, options);
  detail::Cells cells(ages.count(), static_cast<Index>(edges.size()) - 1, groups);
  detail::count_pairs(cells, ages, edges, kernel.valid(), kernel.group_shift());
  const CellMap map(frames, ages, edges);
  const Index size = cells.blocks * cells.bins;
  Progress progress(monitor, "correlating events", "pixels", kernel.pixels());
  parallel_for(0, groups, 1, [&](Index g, Index) {
    const std::vector<double> sums = pair_sums(m, scale, g, map, size);
    const auto pixels = static_cast<double>(kernel.group_pixels(g));
    for (Index cell = 0; cell < size; ++cell) // Σδδ' = Σ xx' − Σ_pixels (x + x' − 1)
      cells.by_group[cell * groups + g].add(
          sums[cell] -
          pixels * (cells.shift[cell * groups + g] + static_cast<double>(cells.pairs[cell])));
    progress.advance(kernel.group_pixels(g));
  });
  const auto pixels = static_cast<double>(kernel.pixels());
  for (Index cell = 0; cell < size; ++cell) {
    double total = 0;
    for (Index g = 0; g < groups; ++g)
      total += cells.by_group[cell * groups + g].value();
    cells.total[cell].add(total / pixels);
  }
  OneTimeAccumulator accumulator(kernel, options);
  if (groups == 1) { // no errors from groups
    detail::Cells alone(cells.blocks, cells.bins, 0);
    alone.total = std::move(cells.total);
    alone.pairs = std::move(cells.pairs);
    alone.lag_sum = std::move(cells.lag_sum);
    accumulator.set_cells(std::move(alone));
  } else {
    accumulator.set_cells(std::move(cells));
  }
  return accumulator.result(monitor);
}

} // namespace vitrum::correlate
