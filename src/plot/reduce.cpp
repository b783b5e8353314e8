#include "vitrum/plot/reduce.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::plot {
namespace {

constexpr double margin = 0.04;

/// Value of rank p·(n − 1), rounded, of values that it reorders.
double ranked(std::vector<float>& values, double p) {
  const auto rank = std::lround(p * static_cast<double>(values.size() - 1));
  const auto place = values.begin() + rank;
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

void average_row(std::span<const float> values,
                 Index columns,
                 std::pair<Index, Index> rows,
                 Index factor,
                 std::span<float> out) {
  std::vector<double> sums(out.size(), 0.0);
  std::vector<Index> counts(out.size(), 0);
  for (Index y = rows.first; y < rows.second; ++y) {
    const float* line = values.data() + y * columns;
    for (std::size_t block = 0; block < out.size(); ++block) {
      const Index first = static_cast<Index>(block) * factor;
      for (Index x = first; x < std::min(first + factor, columns); ++x)
        if (std::isfinite(line[x])) {
          sums[block] += line[x];
          ++counts[block];
        }
    }
  }
  for (std::size_t block = 0; block < out.size(); ++block)
    out[block] = counts[block] == 0
                     ? std::numeric_limits<float>::quiet_NaN()
                     : static_cast<float>(sums[block] / static_cast<double>(counts[block]));
}

} // namespace

Blocks block_mean(std::span<const float> values,
                  Index rows,
                  Index columns,
                  Index row_factor,
                  Index column_factor) {
  if (rows < 0 || columns < 0 || static_cast<Index>(values.size()) != rows * columns)
    throw DataError(
        fmt::format("map of {} values, expected {} × {}", values.size(), rows, columns));
  if (row_factor < 1 || column_factor < 1)
    throw OptionError(
        fmt::format("block of {} × {}: must be at least 1 × 1", row_factor, column_factor));
  Blocks blocks{
      (rows + row_factor - 1) / row_factor, (columns + column_factor - 1) / column_factor, {}};
  blocks.values.resize(static_cast<std::size_t>(blocks.rows * blocks.columns));
  parallel_for(0, blocks.rows, 8, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y)
      average_row(values,
                  columns,
                  {y * row_factor, std::min((y + 1) * row_factor, rows)},
                  column_factor,
                  std::span(blocks.values)
                      .subspan(static_cast<std::size_t>(y * blocks.columns),
                               static_cast<std::size_t>(blocks.columns)));
  });
  return blocks;
}

HeatMap reduced(HeatMap map, Index cells) {
  if (cells < 1)
    throw OptionError(fmt::format("map of {} cells: must be at least 1", cells));
  const Index row_factor = std::max<Index>((map.rows + cells - 1) / cells, 1);
  const Index column_factor = std::max<Index>((map.columns + cells - 1) / cells, 1);
  if (row_factor == 1 && column_factor == 1)
    return map;
  Blocks blocks = block_mean(map.values, map.rows, map.columns, row_factor, column_factor);
  const auto stretch = [](double first, double last, Index now, Index before) {
    return first + (last - first) * static_cast<double>(now) / static_cast<double>(before);
  };
  map.y_last = stretch(map.y_first, map.y_last, blocks.rows * row_factor, map.rows);
  map.x_last = stretch(map.x_first, map.x_last, blocks.columns * column_factor, map.columns);
  map.rows = blocks.rows;
  map.columns = blocks.columns;
  map.values = std::move(blocks.values);
  return map;
}

std::pair<double, double>
percentile_limits(std::span<const float> values, double lower, double upper, Scale scale) {
  if (!(lower >= 0 && upper <= 100 && lower < upper))
    throw OptionError(
        fmt::format("percentiles {} and {}: must rise within 0 to 100", lower, upper));
  std::vector<float> finite;
  finite.reserve(values.size());
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [&](float v) {
    return std::isfinite(v) && (scale == Scale::linear || v > 0);
  });
  if (finite.empty())
    return scale == Scale::log ? std::pair{1.0, 10.0} : std::pair{0.0, 1.0};
  const double low = ranked(finite, lower / 100), high = ranked(finite, upper / 100);
  if (low < high)
    return {low, high};
  return padded_limits(low, high, scale);
}

std::pair<double, double> padded_limits(double lowest, double highest, Scale scale) {
  if (scale == Scale::log) {
    if (!(lowest > 0) || !std::isfinite(highest) || !(lowest <= highest))
      return {1, 10};
    if (std::log10(highest / lowest) < 1e-9)
      return {lowest / 2, highest * 2};
    const double wider = std::pow(highest / lowest, margin);
    return {lowest / wider, highest * wider};
  }
  if (!std::isfinite(lowest) || !std::isfinite(highest) || !(lowest <= highest))
    return {0, 1};
  const double size = std::max(std::abs(lowest), std::abs(highest));
  if (highest - lowest <= 1e-12 * size) {
    const double half = size > 0 ? 0.1 * size : 0.5;
    return {lowest - half, highest + half};
  }
  return {lowest - margin * (highest - lowest), highest + margin * (highest - lowest)};
}

} // namespace vitrum::plot
