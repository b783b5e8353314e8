#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "view_maps.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/reduce.hpp"
#include "vitrum/report/figures.hpp"
#include "vitrum/report/md_figures.hpp"

namespace vitrum::app {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr Index largest_in_memory = 8192; // frames: 256 MiB
constexpr Index largest_edge = 4096;      // of one tile

float mean_of_neighbours(const StoredLayer& layer, Index t) {
  double sum = 0;
  int count = 0;
  for (const auto& [row, column] : {std::pair{t + 1, t}, {t, t - 1}}) // the others are the same
    if (column >= 0 && row < layer.layer.size) {
      float value = nan;
      layer.map->read(row, 1, column, 1, &value);
      if (std::isfinite(value)) {
        sum += static_cast<double>(value);
        ++count;
      }
    }
  return count == 0 ? nan : static_cast<float>(sum / count);
}

/// Takes the noise of counting off the diagonal of a tile; frames without counts stay gaps.
void smooth_diagonal(const StoredLayer& layer, Index row, Index column, MapTile& tile) {
  const Index first = std::max(row, column);
  const Index last = std::min(row + tile.rows, column + tile.columns);
  for (Index t = first; t < last; ++t) {
    auto& value = tile.values[static_cast<std::size_t>((t - row) * tile.columns + t - column)];
    if (std::isfinite(value))
      value = mean_of_neighbours(layer, t);
  }
}

/// Row t of the finest layer, as long as the series.
std::vector<float> whole_row(const StoredBin& bin, Index t) {
  std::vector<float> out(static_cast<std::size_t>(bin.facts.frames));
  read_layer(bin.layers[0], t, 1, 0, bin.facts.frames, out.data());
  out[static_cast<std::size_t>(t)] = nan; // noise of counting
  return out;
}

/// C(t + lag, t) of every t.
std::vector<float> diagonal_of(const StoredBin& bin, Index lag) {
  constexpr Index strip = 256;
  const Index n = bin.facts.frames - lag;
  std::vector<float> out, block;
  for (Index t = 0; t < n; t += strip) {
    const Index some = std::min(strip, n - t);
    block.resize(static_cast<std::size_t>(some * some));
    bin.layers[0].map->read(t + lag, some, t, some, block.data());
    for (Index i = 0; i < some; ++i)
      out.push_back(block[static_cast<std::size_t>(i * some + i)]);
  }
  return out;
}

} // namespace

CutDirection parse_cut(const std::string& name) {
  if (name == "horizontal")
    return CutDirection::horizontal;
  if (name == "vertical")
    return CutDirection::vertical;
  if (name == "diagonal")
    return CutDirection::diagonal;
  throw OptionError(fmt::format("direction {}: expected horizontal, vertical or diagonal", name));
}

void read_layer(
    const StoredLayer& layer, Index row, Index rows, Index column, Index columns, float* out) {
  if (!layer.half || row >= column + columns - 1) {
    layer.map->read(row, rows, column, columns, out);
    return;
  }
  std::vector<float> other(static_cast<std::size_t>(rows * columns)); // [column, row]
  layer.map->read(column, columns, row, rows, other.data());
  if (row + rows > column)
    layer.map->read(row, rows, column, columns, out);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j)
      if (row + i < column + j)
        out[i * columns + j] = other[static_cast<std::size_t>(j * rows + i)];
}

const StoredBin& ResultView::Maps::at(Index bin) const {
  for (const auto& stored : bins)
    if (stored.facts.bin == bin)
      return stored;
  throw DataError(fmt::format("bin {}: the result has {}",
                              bin,
                              bins.empty() ? "no two-time map" : "no two-time map of it"));
}

std::shared_ptr<const std::vector<float>> ResultView::Maps::in_memory(const StoredBin& bin) {
  const Index n = bin.facts.frames;
  if (n > largest_in_memory)
    return nullptr;
  const std::lock_guard hold(mutex);
  if (whole_bin != bin.facts.bin) {
    auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(n * n));
    bin.layers[0].map->read(0, n, 0, n, values->data());
    whole = std::move(values);
    whole_bin = bin.facts.bin;
  }
  return whole;
}

std::vector<MapFacts> ResultView::maps() const {
  std::vector<MapFacts> facts;
  for (const auto& bin : maps_->bins)
    facts.push_back(bin.facts);
  return facts;
}

MapTile ResultView::tile(
    Index bin, Index factor, Index row, Index column, Index edge, bool diagonal) const {
  const auto& stored = maps_->at(bin);
  const auto layer = std::find_if(stored.layers.begin(), stored.layers.end(), [&](const auto& l) {
    return l.layer.factor == factor;
  });
  if (layer == stored.layers.end())
    throw DataError(fmt::format("factor {}: the map has no such layer", factor));
  const Index size = layer->layer.size;
  if (row < 0 || column < 0 || row >= size || column >= size)
    throw OptionError(
        fmt::format("tile at row {}, column {}: the layer has {}", row, column, size));
  if (edge < 1 || edge > largest_edge)
    throw OptionError(fmt::format("edge {}: expected 1 to {}", edge, largest_edge));
  MapTile tile;
  tile.rows = std::min(edge, size - row);
  tile.columns = std::min(edge, size - column);
  tile.values.resize(static_cast<std::size_t>(tile.rows * tile.columns));
  read_layer(*layer, row, tile.rows, column, tile.columns, tile.values.data());
  if (factor == 1 && !diagonal)
    smooth_diagonal(*layer, row, column, tile);
  return tile;
}

std::pair<double, double> ResultView::limits(Index bin, double lower, double upper) const {
  if (!(lower >= 0) || !(upper <= 100) || !(lower < upper))
    throw OptionError(
        fmt::format("percentiles {} to {}: expected 0 <= lower < upper <= 100", lower, upper));
  // rows below the diagonal, which every map has; of large ones without layers some of them
  constexpr Index most_rows = 1024;
  const auto& coarsest = maps_->at(bin).layers.back();
  const Index n = coarsest.layer.size, step = (n + most_rows - 1) / most_rows;
  const Index diagonal = coarsest.layer.factor == 1 ? 0 : 1; // noise of counting
  std::vector<float> values;
  for (Index row = 0; row < n; row += step)
    if (const Index columns = row + diagonal; columns > 0) {
      const auto before = values.size();
      values.resize(before + static_cast<std::size_t>(columns));
      coarsest.map->read(row, 1, 0, columns, values.data() + before);
    }
  return plot::percentile_limits(values, lower, upper);
}

MapCut ResultView::cut(Index bin, CutDirection direction, double at_s) const {
  const auto& stored = maps_->at(bin);
  const auto& facts = stored.facts;
  const bool diagonal = direction == CutDirection::diagonal;
  const double place = (at_s - (diagonal ? 0 : facts.first_s)) / facts.frame_time_s;
  const double frame = diagonal ? std::round(place) : std::floor(place);
  if (!(frame >= (diagonal ? 1 : 0)) || frame >= static_cast<double>(facts.frames))
    throw OptionError(fmt::format("cut at {} {}: outside the map", at_s, facts.time_unit));
  const auto t = static_cast<Index>(frame);
  const double start = facts.first_s + facts.frame_time_s / 2;
  const auto values = diagonal ? diagonal_of(stored, t) : whole_row(stored, t);
  MapCut out;
  out.time_unit = facts.time_unit;
  const double shown = diagonal ? static_cast<double>(t) * facts.frame_time_s
                                : start + static_cast<double>(t) * facts.frame_time_s;
  const char* form = direction == CutDirection::horizontal ? "C(t₁, t₂ = {:.6g} {})"
                     : direction == CutDirection::vertical ? "C(t₁ = {:.6g} {}, t₂)"
                                                           : "C(t + {:.6g} {}, t)";
  out.label = fmt::format(fmt::runtime(form), shown, facts.time_unit);
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.time_s.push_back(start + static_cast<double>(i) * facts.frame_time_s);
    out.value.push_back(static_cast<double>(values[i]));
  }
  return out;
}

MapCut ResultView::intensity(Index bin) const {
  MapCut out;
  out.label = "I₀ (counts)";
  out.time_unit = report::time_unit_of(tree_);
  out.time_s = numbers_or_none("entry/intensity/time_s");
  const auto n = out.time_s.size();
  const auto all = numbers_or_none("entry/intensity/bin_mean_counts");
  const auto b = static_cast<std::size_t>(bin - 1);
  if (n > 0 && bin > 0 && all.size() >= (b + 1) * n)
    out.value.assign(all.begin() + static_cast<std::ptrdiff_t>(b * n),
                     all.begin() + static_cast<std::ptrdiff_t>((b + 1) * n));
  else
    out.value = numbers_or_none("entry/intensity/mean_counts");
  if (out.value.size() != n)
    return {};
  return out;
}

ResultView::Part ResultView::part(Index bin, const MapWindow& window, Index cells) const {
  const auto& stored = maps_->at(bin);
  const auto& facts = stored.facts;
  const bool all = window.x_first == window.x_last;
  const double x0 = all ? facts.first_s : window.x_first, x1 = all ? facts.last_s : window.x_last;
  const double y0 = all ? facts.first_s : window.y_first, y1 = all ? facts.last_s : window.y_last;
  if (!(x0 < x1) || !(y0 < y1) || x1 <= facts.first_s || y1 <= facts.first_s ||
      x0 >= facts.last_s || y0 >= facts.last_s)
    throw OptionError("the window lies outside the map");
  for (const auto& layer : stored.layers) {
    const double step = facts.frame_time_s * static_cast<double>(layer.layer.factor);
    const auto from = [&](double t) {
      const double place = std::floor((t - facts.first_s) / step + 1e-9);
      return static_cast<Index>(std::clamp(place, 0.0, static_cast<double>(layer.layer.size - 1)));
    };
    const auto to = [&](double t) {
      const double place = std::ceil((t - facts.first_s) / step - 1e-9);
      return static_cast<Index>(std::clamp(place, 1.0, static_cast<double>(layer.layer.size)));
    };
    const Index c0 = from(x0), c1 = std::max(to(x1), c0 + 1);
    const Index r0 = from(y0), r1 = std::max(to(y1), r0 + 1);
    if (std::max(c1 - c0, r1 - r0) > cells && &layer != &stored.layers.back())
      continue;
    Part out;
    out.tile.rows = r1 - r0;
    out.tile.columns = c1 - c0;
    out.tile.values.resize(static_cast<std::size_t>(out.tile.rows * out.tile.columns));
    read_layer(layer, r0, out.tile.rows, c0, out.tile.columns, out.tile.values.data());
    if (layer.layer.factor == 1 && !window.diagonal)
      smooth_diagonal(layer, r0, c0, out.tile);
    out.step_s = step;
    out.x_first = facts.first_s + static_cast<double>(c0) * step;
    out.x_last = facts.first_s + static_cast<double>(c1) * step;
    out.y_first = facts.first_s + static_cast<double>(r0) * step;
    out.y_last = facts.first_s + static_cast<double>(r1) * step;
    return out;
  }
  throw DataError("the map has no layers");
}

} // namespace vitrum::app
