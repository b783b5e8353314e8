#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "one_time_cells.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {

struct MapOneTime::State {
  Index frames;
  OneTimeOptions options;
  std::vector<Index> edges;
  detail::AgeBlocks ages;
  detail::Cells cells;

  State(Index count, const OneTimeOptions& chosen)
      : frames(count), options(chosen), edges(make_lag_edges(count, options.lags)),
        ages((validate(options, count), detail::make_age_blocks(count, options))),
        cells(ages.count(), static_cast<Index>(edges.size()) - 1, 0) {}

  /// The part of one row whose ages fall into block b.
  template <class T>
  void add_row(Index b, Index t1, const T* row) {
    detail::Span t2 = ages.columns(b, t1);
    t2 = {std::max<Index>(t2.first, 0), std::min(t2.last, t1 + 1)};
    if (t2.first >= t2.last)
      return;
    const Index least = t1 - t2.last + 1, most = t1 - t2.first; // lags
    auto k =
        static_cast<Index>(std::upper_bound(edges.begin(), edges.end(), least) - edges.begin()) - 1;
    for (k = std::max<Index>(k, 0); k < cells.bins && edges[k] <= most; ++k) {
      const Index first = std::max(t2.first, t1 - edges[k + 1] + 1);
      const Index last = std::min(t2.last, t1 - edges[k] + 1);
      double sum = 0;
      Index pairs = 0, lags = 0;
      for (Index t = first; t < last; ++t)
        if (const auto value = static_cast<double>(row[t]); !std::isnan(value)) {
          sum += value - 1;
          lags += t1 - t;
          ++pairs;
        }
      const Index cell = cells.at(b, k);
      cells.total[cell].add(sum);
      cells.lag_sum[cell] += static_cast<double>(lags);
      cells.pairs[cell] += pairs;
    }
  }
};

MapOneTime::MapOneTime(Index frames, const OneTimeOptions& options)
    : state_(std::make_unique<State>(frames, options)) {}

MapOneTime::~MapOneTime() = default;

template <class T>
void MapOneTime::add_rows(Index row0, Index rows, const T* values, Index stride) {
  parallel_for(0, state_->cells.blocks, 1, [&](Index begin, Index end) {
    for (Index b = begin; b < end; ++b)
      for (Index i = 0; i < rows; ++i)
        state_->add_row(b, row0 + i, values + i * stride);
  });
}

template void MapOneTime::add_rows(Index, Index, const float*, Index);
template void MapOneTime::add_rows(Index, Index, const double*, Index);

OneTimeFunctions MapOneTime::result() const {
  const State& s = *state_;
  OneTimeFunctions functions;
  functions.whole = detail::evaluate(s.cells, s.ages, s.edges, {}, true, {0, s.frames}, s.options);
  for (const AgeWindow window : s.options.windows)
    functions.windows.push_back(
        detail::evaluate(s.cells, s.ages, s.edges, {}, true, window, s.options));
  return functions;
}

namespace {

template <class T>
OneTimeFunctions from_map(std::span<const T> map, Index frames, const OneTimeOptions& options) {
  if (frames < 1 || static_cast<Index>(map.size()) != frames * frames)
    throw DataError(
        fmt::format("a two-time map of {} values, expected {} x {}", map.size(), frames, frames));
  MapOneTime sums(frames, options);
  sums.add_rows(0, frames, map.data(), frames);
  return sums.result();
}

} // namespace

OneTimeFunctions
one_time_from_map(std::span<const float> map, Index frames, const OneTimeOptions& options) {
  return from_map(map, frames, options);
}

OneTimeFunctions
one_time_from_map(std::span<const double> map, Index frames, const OneTimeOptions& options) {
  return from_map(map, frames, options);
}

} // namespace vitrum::correlate
