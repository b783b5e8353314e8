#include "vitrum/correlate/log_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "one_time_cells.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/correlate/lag_axis.hpp"

namespace vitrum::correlate {
namespace {

/// Cells of one bin of lags that a tile may touch.
struct Part {
  Index row = 0;        // of the map
  Index first_cell = 0; // cells [first_cell, last_cell)
  Index last_cell = 0;
  Index offset = 0; // of first_cell in the sums of the tile
};

struct TileSums final : TileConsumer::Scratch {
  std::vector<Part> parts;
  std::vector<double> total, by_group; // [cell], [cell, group]
};

LagOptions axis_of(const LogMapOptions& options) {
  LagOptions axis;
  axis.per_decade = options.per_decade;
  axis.max_lag = options.max_lag;
  return axis;
}

detail::AgeBlocks ages_of(Index frames, Index width) {
  detail::AgeBlocks ages;
  for (Index edge = 0; edge < frames; edge += width)
    ages.edges.push_back(edge);
  ages.edges.push_back(frames);
  return ages;
}

} // namespace

void validate(const LogMapOptions& options) {
  validate(axis_of(options));
}

struct LogMapAccumulator::State {
  const TileKernel& kernel;
  Index groups;
  std::vector<Index> edges;         // of lag bins
  std::vector<detail::Cells> cells; // [row]: one bin each
  std::vector<detail::AgeBlocks> ages;

  State(const TileKernel& source, const LogMapOptions& options)
      : kernel(source), groups(source.groups().groups() > 1 ? source.groups().groups() : 0),
        edges((validate(options), make_lag_edges(source.frames(), axis_of(options)))) {
    for (std::size_t k = 0; k + 1 < edges.size(); ++k) {
      ages.push_back(ages_of(source.frames(), edges[k + 1] - edges[k]));
      cells.emplace_back(ages.back().count(), 1, groups);
    }
  }

  /// Hands runs of a row of the tile to `sum`, with the cell that they belong to.
  template <class Sum>
  void walk(const TileSums& sums, const Tile& tile, Sum&& sum) const {
    const Index least = tile.row0 - (tile.col0 + tile.cols - 1); // lags of the tile
    const Index most = tile.row0 + tile.rows - 1 - tile.col0;
    for (const Part& part : sums.parts) {
      if (edges[part.row + 1] <= least || edges[part.row] > most)
        continue;
      const Index width = edges[part.row + 1] - edges[part.row];
      for (Index i = 0; i < tile.rows; ++i) {
        const Index t1 = tile.row0 + i;
        const Index last = std::min(t1 - edges[part.row] + 1, tile.col0 + tile.width(i));
        Index t2 = std::max(t1 - edges[part.row + 1] + 1, tile.col0);
        while (t2 < last) {
          const Index cell = t2 / width;
          const Index end = std::min((cell + 1) * width, last);
          sum(tile.row(i) + t2 - tile.col0, end - t2, part.offset + cell - part.first_cell);
          t2 = end;
        }
      }
    }
  }
};

LogMapAccumulator::LogMapAccumulator(const TileKernel& kernel, const LogMapOptions& options)
    : state_(std::make_unique<State>(kernel, options)) {}

LogMapAccumulator::~LogMapAccumulator() = default;

bool LogMapAccumulator::wants_groups() const {
  return state_->groups > 0;
}

std::unique_ptr<TileConsumer::Scratch> LogMapAccumulator::make_scratch() const {
  return std::make_unique<TileSums>();
}

void LogMapAccumulator::begin(Scratch* scratch, const Tile& tile) {
  auto& sums = static_cast<TileSums&>(*scratch);
  const Index lowest = std::max<Index>(tile.row0 - (tile.col0 + tile.cols - 1), 0);
  const Index highest = tile.row0 + tile.rows - 1 - tile.col0;
  sums.parts.clear();
  Index offset = 0;
  for (Index k = 0; k < static_cast<Index>(state_->cells.size()); ++k) {
    const Index first = state_->edges[k], last = state_->edges[k + 1];
    if (last <= lowest || first > highest)
      continue;
    const Index width = last - first;
    const Part part{k, tile.col0 / width, (tile.col0 + tile.cols - 1) / width + 1, offset};
    offset += part.last_cell - part.first_cell;
    sums.parts.push_back(part);
  }
  sums.total.assign(static_cast<std::size_t>(offset), 0.0);
  sums.by_group.assign(static_cast<std::size_t>(offset * state_->groups), 0.0);
}

void LogMapAccumulator::add_group(Scratch* scratch, Index group, const Tile& tile) {
  auto& sums = static_cast<TileSums&>(*scratch);
  state_->walk(sums, tile, [&](const float* values, Index count, Index cell) {
    double sum = 0;
    for (Index i = 0; i < count; ++i)
      sum += static_cast<double>(values[i]);
    sums.by_group[cell * state_->groups + group] += sum;
  });
}

void LogMapAccumulator::add(Scratch* scratch, const Tile& tile) {
  auto& sums = static_cast<TileSums&>(*scratch);
  state_->walk(sums, tile, [&](const float* values, Index count, Index cell) {
    double sum = 0;
    for (Index i = 0; i < count; ++i)
      sum += std::isnan(values[i]) ? 0.0 : static_cast<double>(values[i]);
    sums.total[cell] += sum;
  });
}

void LogMapAccumulator::fold(Scratch* scratch) {
  const auto& sums = static_cast<const TileSums&>(*scratch);
  for (const Part& part : sums.parts) {
    detail::Cells& cells = state_->cells[part.row];
    for (Index cell = part.first_cell; cell < part.last_cell; ++cell) {
      const Index from = part.offset + cell - part.first_cell;
      cells.total[cell].add(sums.total[from]);
      for (Index g = 0; g < state_->groups; ++g)
        cells.by_group[cell * state_->groups + g].add(sums.by_group[from * state_->groups + g]);
    }
  }
}

std::vector<Index> LogMapAccumulator::sums() const {
  std::vector<Index> packed;
  for (const detail::Cells& cells : state_->cells)
    for (const auto* sums : {&cells.total, &cells.by_group}) {
      const auto part = pack(*sums);
      packed.insert(packed.end(), part.begin(), part.end());
    }
  return packed;
}

void LogMapAccumulator::add_sums(std::span<const Index> packed) {
  for (detail::Cells& cells : state_->cells)
    for (auto* sums : {&cells.total, &cells.by_group}) {
      const std::size_t count = std::min(2 * sums->size(), packed.size());
      add_packed(*sums, packed.first(count));
      packed = packed.subspan(count);
    }
  if (!packed.empty())
    throw DataError(fmt::format("{} sums more than the map has", packed.size()));
}

LogMap LogMapAccumulator::result() const {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  State& state = *state_;
  LogMap map;
  map.frames = state.kernel.frames();
  map.error_groups = state.groups;
  map.reason = state.groups > 0 ? "" : state.kernel.groups().reason;
  const auto pixels = static_cast<double>(state.kernel.pixels());
  for (std::size_t k = 0; k < state.cells.size(); ++k) {
    detail::Cells& cells = state.cells[k];
    const std::vector<Index> lags{state.edges[k], state.edges[k + 1]};
    detail::count_pairs(
        cells, state.ages[k], lags, state.kernel.valid(), state.kernel.group_shift());
    LogMapRow row{lags[0], lags[1], lags[1] - lags[0], {}, {}, cells.pairs};
    for (Index c = 0; c < cells.blocks; ++c) {
      const auto pairs = static_cast<double>(cells.pairs[c]);
      if (cells.pairs[c] == 0) {
        row.value.push_back(nan);
        row.error.push_back(nan);
        continue;
      }
      const double mean = cells.total[c].value() / pairs;
      double variance = 0;
      for (Index g = 0; g < state.groups; ++g) {
        const auto size = static_cast<double>(state.kernel.group_pixels(g));
        const double deviation = cells.by_group[c * state.groups + g].value() / (size * pairs) -
                                 mean * (1 + cells.shift[c * state.groups + g] / pairs);
        variance += size / pixels * deviation * deviation;
      }
      row.value.push_back(1 + mean);
      row.error.push_back(state.groups > 0 ? std::sqrt(variance * student_variance(state.groups) /
                                                       static_cast<double>(state.groups - 1))
                                           : nan);
    }
    map.rows.push_back(std::move(row));
  }
  return map;
}

} // namespace vitrum::correlate
