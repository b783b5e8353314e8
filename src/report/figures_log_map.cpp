#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "log_cells.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/reduce.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {

Index LogCells::width(Index row) const {
  const auto k = static_cast<std::size_t>(row);
  return last_lag[k] - first_lag[k];
}

Index LogCells::cells(Index row) const {
  const auto k = static_cast<std::size_t>(row);
  return begin[k + 1] - begin[k];
}

std::optional<LogCells> log_cells(const Result& result, Index bin) {
  const std::string path = fmt::format("log_map/bin_{}/cell", bin);
  const Tree* group = result.entry().find_group(path);
  if (group == nullptr)
    return std::nullopt;
  const auto whole = [&](const char* name) {
    const auto numbers = group->numbers(name);
    return std::vector<Index>(numbers.begin(), numbers.end());
  };
  LogCells cells;
  cells.frames = static_cast<Index>(group->number("frames"));
  cells.frame_time_s = group->number("frame_time_s");
  cells.first_lag = whole("first_lag");
  cells.last_lag = whole("last_lag");
  cells.begin = whole("begin");
  cells.values = group->numbers("value");
  cells.errors = group->numbers("value_errors");
  cells.pairs = group->numbers("pairs");
  bool sound =
      cells.frames > 0 && cells.rows() > 0 && cells.last_lag.size() == cells.first_lag.size() &&
      cells.begin.size() == cells.first_lag.size() + 1 && cells.begin.front() == 0 &&
      cells.begin.back() == static_cast<Index>(cells.values.size()) &&
      cells.errors.size() == cells.values.size() && cells.pairs.size() == cells.values.size();
  for (Index k = 0; sound && k < cells.rows(); ++k)
    sound = cells.first_lag[static_cast<std::size_t>(k)] > 0 && cells.width(k) > 0 &&
            cells.cells(k) == (cells.frames + cells.width(k) - 1) / cells.width(k);
  if (!sound)
    throw DataError(fmt::format("{}: its arrays do not fit together", path));
  return cells;
}

namespace {

using namespace plot;

constexpr Index columns_shown = 400, rows_shown = 240;

struct Mean {
  double value = std::numeric_limits<double>::quiet_NaN();
  double pairs = 0; // of frames, of the cells by the share that is taken of them
};

/// Mean of the cells of a row that meet ages [first, last).
Mean mean_over(const LogCells& cells, Index row, Index first, Index last) {
  const Index width = cells.width(row);
  double sum = 0, weight = 0;
  Mean mean;
  for (Index j = first / width; j * width < last && j < cells.cells(row); ++j) {
    const auto c = static_cast<std::size_t>(cells.begin[static_cast<std::size_t>(row)] + j);
    if (!(cells.pairs[c] > 0))
      continue;
    const Index shared = std::min(last, (j + 1) * width) - std::max(first, j * width);
    const double w = static_cast<double>(shared) * cells.pairs[c];
    sum += w * cells.values[c];
    weight += w;
  }
  if (weight > 0)
    mean = {sum / weight, weight / static_cast<double>(width)};
  return mean;
}

/// Rows evenly spaced in the logarithm of the lag, each from the bin of lags that it lies in. A bin
/// reaches half a frame beyond its lags.
HeatMap picture_of(const LogCells& cells) {
  const Index factor = (cells.frames + columns_shown - 1) / columns_shown;
  const double lowest = static_cast<double>(cells.first_lag.front()) - 0.5;
  const double highest = static_cast<double>(cells.last_lag.back()) - 0.5;
  HeatMap map;
  map.rows = rows_shown;
  map.columns = (cells.frames + factor - 1) / factor;
  map.values.assign(static_cast<std::size_t>(map.rows * map.columns),
                    std::numeric_limits<float>::quiet_NaN());
  Index k = 0;
  for (Index y = 0; y < map.rows; ++y) {
    const double lag =
        lowest *
        std::pow(highest / lowest, (static_cast<double>(y) + 0.5) / static_cast<double>(map.rows));
    while (k + 1 < cells.rows() &&
           lag >= static_cast<double>(cells.last_lag[static_cast<std::size_t>(k)]) - 0.5)
      ++k;
    for (Index x = 0; x < map.columns; ++x) {
      const Index first = x * factor;
      if (static_cast<double>(first) + lag < static_cast<double>(cells.frames))
        map.values[static_cast<std::size_t>(y * map.columns + x)] = static_cast<float>(
            mean_over(cells, k, first, std::min(first + factor, cells.frames)).value);
    }
  }
  const double dt = cells.frame_time_s;
  map.x_first = -0.5 * dt;
  map.x_last = (static_cast<double>(map.columns * factor) - 0.5) * dt;
  map.y_first = lowest * dt;
  map.y_last = highest * dt;
  return map;
}

/// Values between which the colours run: those of eight stretches of age in each row. Single
/// cells of the shortest lags hold few pairs of frames, and their noise would choose the colours;
/// so would that of the longest lags, where few pairs are left.
std::pair<double, double> colour_limits(const LogCells& cells) {
  constexpr Index stretches = 8;
  const double enough = static_cast<double>(cells.frames) / (4 * stretches);
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (Index k = 0; k < cells.rows(); ++k)
    for (Index i = 0; i < stretches; ++i) {
      const Mean mean =
          mean_over(cells, k, i * cells.frames / stretches, (i + 1) * cells.frames / stretches);
      if (mean.pairs < enough || !std::isfinite(mean.value))
        continue;
      lowest = std::min(lowest, mean.value);
      highest = std::max(highest, mean.value);
    }
  return padded_limits(lowest, highest, Scale::linear);
}

} // namespace

std::optional<Figure> make_log_map_figure(const Tree& root, Index bin, const MapOptions& options) {
  const Result result(root);
  const auto cells = log_cells(result, bin);
  if (!cells)
    return std::nullopt;
  Figure figure;
  figure.width = 420;
  figure.description = fmt::format("Two-time correlation of {} against age and logarithmic lag",
                                   result.bin_title(bin));
  Panel panel;
  panel.title = result.bin_title(bin);
  panel.map = picture_of(*cells);
  panel.map->map = options.map;
  panel.map->label = "C(t + lag, t)";
  std::tie(panel.map->lower, panel.map->upper) = colour_limits(*cells);
  const double dt = cells->frame_time_s;
  panel.x = {
      "age t (s)", Scale::linear, -0.5 * dt, (static_cast<double>(cells->frames) - 0.5) * dt};
  panel.y = {"lag (s)", Scale::log, panel.map->y_first, panel.map->y_last};
  panel.height = 260;
  panel.grid = false;
  figure.panels.push_back(std::move(panel));
  return figure;
}

} // namespace vitrum::report
