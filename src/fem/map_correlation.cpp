#include "vitrum/fem/map_correlation.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

template <class At>
double pearson(std::span<const double> a, Index rows, Index columns, At&& b_at, Index& places) {
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (Index y = 0; y < rows; ++y)
    for (Index x = 0; x < columns; ++x) {
      const double u = a[static_cast<std::size_t>(y * columns + x)], v = b_at(y, x);
      if (!std::isfinite(u) || !std::isfinite(v))
        continue;
      ++n;
      sa += u;
      sb += v;
      saa += u * u;
      sbb += v * v;
      sab += u * v;
    }
  places = static_cast<Index>(n);
  const double va = saa / n - sa * sa / (n * n), vb = sbb / n - sb * sb / (n * n);
  return va > 0 && vb > 0 ? (sab / n - sa * sb / (n * n)) / std::sqrt(va * vb) : unknown;
}

} // namespace

MapCorrelation correlate_maps(
    std::span<const double> a, std::span<const double> b, Index rows, Index columns, Index near) {
  const auto size = static_cast<std::size_t>(rows * columns);
  if (a.size() != size || b.size() != size)
    throw DataError(fmt::format(
        "maps of {} and {} places, expected {} x {}", a.size(), b.size(), rows, columns));
  MapCorrelation out;
  const auto at = [&](Index y, Index x) { return b[static_cast<std::size_t>(y * columns + x)]; };
  out.correlation = pearson(a, rows, columns, at, out.places);
  if (out.places < 9 || std::isnan(out.correlation))
    throw DataError(fmt::format("{} places in common that differ, need 9", out.places));
  Moments chance;
  Index as_good = 0;
  for (int turn = 0; turn < 4; ++turn)
    for (Index dy = 0; dy < rows; ++dy)
      for (Index dx = 0; dx < columns; ++dx) {
        const bool close = std::min(dy, rows - dy) <= near && std::min(dx, columns - dx) <= near;
        if (turn == 0 && close)
          continue;
        Index places = 0;
        const double r = pearson(
            a,
            rows,
            columns,
            [&](Index y, Index x) {
              Index v = (y + dy) % rows, u = (x + dx) % columns;
              if ((turn & 1) != 0)
                v = rows - 1 - v;
              if ((turn & 2) != 0)
                u = columns - 1 - u;
              return at(v, u);
            },
            places);
        if (!std::isfinite(r))
          continue;
        chance.add(r);
        as_good += std::abs(r) >= std::abs(out.correlation);
      }
  out.surrogates = chance.count;
  out.surrogate_deviation = chance.deviation();
  out.p = static_cast<double>(as_good + 1) / static_cast<double>(chance.count + 1);
  return out;
}

std::vector<double> shrink_map(
    std::span<const double> map, Index map_rows, Index map_columns, Index rows, Index columns) {
  if (map_rows < rows || map_columns < columns)
    throw DataError(fmt::format("a map of {} x {} cannot be brought to {} x {} places",
                                map_rows,
                                map_columns,
                                rows,
                                columns));
  std::vector<double> out;
  for (Index y = 0; y < rows; ++y)
    for (Index x = 0; x < columns; ++x) {
      const Index y0 = y * map_rows / rows, y1 = (y + 1) * map_rows / rows;
      const Index x0 = x * map_columns / columns, x1 = (x + 1) * map_columns / columns;
      double sum = 0, n = 0;
      for (Index j = y0; j < y1; ++j)
        for (Index i = x0; i < x1; ++i)
          if (const double v = map[static_cast<std::size_t>(j * map_columns + i)];
              std::isfinite(v)) {
            sum += v;
            ++n;
          }
      out.push_back(3 * n >= static_cast<double>((y1 - y0) * (x1 - x0)) ? sum / n : unknown);
    }
  return out;
}

} // namespace vitrum::fem
