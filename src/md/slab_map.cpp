#include "vitrum/md/slab_map.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::md {

SlabMap slab_map(const atoms::Configuration& c,
                 std::span<const double> value,
                 double thickness,
                 double smoothing,
                 Index cells) {
  if (!(thickness > 0) || !(smoothing > 0) || cells < 1)
    throw OptionError(fmt::format("a slab of {}, smoothed over {}, in {} cells: must be positive",
                                  thickness,
                                  smoothing,
                                  cells));
  if (static_cast<Index>(value.size()) != c.atoms())
    throw DataError(fmt::format("{} values for {} atoms", value.size(), c.atoms()));
  SlabMap map;
  map.width = atoms::norm(c.box.edges()[0]);
  map.height = atoms::norm(c.box.edges()[1]);
  const double cell = std::max(map.width, map.height) / static_cast<double>(cells);
  map.columns = std::max<Index>(1, std::llround(map.width / cell));
  map.rows = std::max<Index>(1, std::llround(map.height / cell));
  const double depth = c.box.heights()[2];
  const auto size = static_cast<std::size_t>(map.rows * map.columns);
  std::vector<double> sum(size), weights(size);
  constexpr double reach = 4; // of a Gaussian
  const auto wrapped = [](Index i, Index n) { return ((i % n) + n) % n; };
  for (Index i = 0; i < c.atoms(); ++i) {
    auto at = c.box.fraction(c.positions[static_cast<std::size_t>(i)]);
    for (double& f : at)
      f -= std::floor(f);
    if (std::abs(at[2] - 0.5) * depth >= 0.5 * thickness)
      continue;
    const double x = at[0] * map.width, y = at[1] * map.height;
    map.atoms.push_back(i);
    map.x.push_back(x);
    map.y.push_back(y);
    const double step_x = map.width / static_cast<double>(map.columns);
    const double step_y = map.height / static_cast<double>(map.rows);
    // no further than half the box, where its own image is as near
    const auto across =
        static_cast<Index>(std::min(reach * smoothing, 0.5 * map.width - step_x) / step_x);
    const auto down =
        static_cast<Index>(std::min(reach * smoothing, 0.5 * map.height - step_y) / step_y);
    const auto column = static_cast<Index>(x / step_x), row = static_cast<Index>(y / step_y);
    for (Index r = row - down; r <= row + down; ++r)
      for (Index k = column - across; k <= column + across; ++k) {
        const double u = (static_cast<double>(k) + 0.5) * step_x - x;
        const double v = (static_cast<double>(r) + 0.5) * step_y - y;
        const double w = std::exp(-0.5 * (u * u + v * v) / (smoothing * smoothing));
        const auto to =
            static_cast<std::size_t>(wrapped(r, map.rows) * map.columns + wrapped(k, map.columns));
        sum[to] += w * value[static_cast<std::size_t>(i)];
        weights[to] += w;
      }
  }
  if (map.atoms.empty())
    throw DataError(fmt::format("no atom within {} of the middle of the box", 0.5 * thickness));
  for (std::size_t i = 0; i < size; ++i)
    map.mean.push_back(weights[i] > 0 ? static_cast<float>(sum[i] / weights[i]) : std::nanf(""));
  return map;
}

double map_correlation(const SlabMap& a, const SlabMap& b) {
  if (a.rows != b.rows || a.columns != b.columns)
    throw DataError(
        fmt::format("maps of {} x {} and {} x {} cells", a.rows, a.columns, b.rows, b.columns));
  double n = 0, sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.mean.size(); ++i) {
    const auto u = static_cast<double>(a.mean[i]), v = static_cast<double>(b.mean[i]);
    if (!std::isfinite(u) || !std::isfinite(v))
      continue;
    n += 1;
    sa += u;
    sb += v;
    aa += u * u;
    bb += v * v;
    ab += u * v;
  }
  return (ab - sa * sb / n) / std::sqrt((aa - sa * sa / n) * (bb - sb * sb / n));
}

} // namespace vitrum::md
