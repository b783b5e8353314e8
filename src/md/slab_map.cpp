#include "vitrum/md/slab_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

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
  const double step_x = map.width / static_cast<double>(map.columns);
  const double step_y = map.height / static_cast<double>(map.rows);
  const auto& edges = c.box.edges();
  map.cosine = atoms::dot(edges[0], edges[1]) / (map.width * map.height);
  // along an edge a circle reaches further where the other is oblique
  const double furthest = reach * smoothing / std::sqrt(1 - map.cosine * map.cosine);
  const auto across = static_cast<Index>(furthest / step_x) + 1;
  const auto down = static_cast<Index>(furthest / step_y) + 1;
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
    const auto column = static_cast<Index>(x / step_x), row = static_cast<Index>(y / step_y);
    for (Index r = row - down; r <= row + down; ++r)
      for (Index k = column - across; k <= column + across; ++k) {
        const double u = (static_cast<double>(k) + 0.5) * step_x - x;
        const double v = (static_cast<double>(r) + 0.5) * step_y - y;
        const double w =
            std::exp(-0.5 * (u * u + v * v + 2 * u * v * map.cosine) / (smoothing * smoothing));
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

namespace {

struct Sums {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;

  void add(double u, double v) {
    n += 1;
    a += u;
    b += v;
    aa += u * u;
    bb += v * v;
    ab += u * v;
  }
  [[nodiscard]] double correlation() const {
    return (ab - a * b / n) / std::sqrt((aa - a * a / n) * (bb - b * b / n));
  }
};

/// Of a and of b moved by so many rows and columns over the edges of the box.
double correlation_at(const SlabMap& a, const SlabMap& b, Index down, Index across) {
  Sums sums;
  for (Index r = 0; r < a.rows; ++r) {
    const float* u = a.mean.data() + r * a.columns;
    const float* v = b.mean.data() + (r + down) % a.rows * a.columns;
    for (Index k = 0; k < a.columns; ++k) {
      const Index other = k + across < a.columns ? k + across : k + across - a.columns;
      if (std::isfinite(u[k]) && std::isfinite(v[other]))
        sums.add(static_cast<double>(u[k]), static_cast<double>(v[other]));
    }
  }
  return sums.correlation();
}

/// Distance of that move in the plane, to the nearest image.
double moved_by(const SlabMap& map, Index down, Index across) {
  double nearest = std::numeric_limits<double>::infinity();
  constexpr int images = 2;
  for (int m = -images; m <= images; ++m)
    for (int n = -images; n <= images; ++n) {
      const double u =
          map.width * (static_cast<double>(across) / static_cast<double>(map.columns) + m);
      const double v = map.height * (static_cast<double>(down) / static_cast<double>(map.rows) + n);
      nearest = std::min(nearest, u * u + v * v + 2 * u * v * map.cosine);
    }
  return std::sqrt(nearest);
}

} // namespace

MapCorrelation
map_correlation(std::span<const SlabMap> a, std::span<const SlabMap> b, double apart) {
  if (a.size() != b.size() || a.empty())
    throw DataError(fmt::format("{} maps against {}", a.size(), b.size()));
  if (!(apart > 0))
    throw OptionError(fmt::format("maps moved by {}: must be positive", apart));
  const auto& first = a.front();
  for (const auto maps : {a, b})
    for (const auto& map : maps)
      if (map.rows != first.rows || map.columns != first.columns)
        throw DataError(fmt::format(
            "maps of {} x {} and {} x {} cells", first.rows, first.columns, map.rows, map.columns));
  const auto mean_at = [&](Index down, Index across) {
    Moments mean;
    for (std::size_t m = 0; m < a.size(); ++m)
      if (const double one = correlation_at(a[m], b[m], down, across); std::isfinite(one))
        mean.add(one); // else a map of one value
    return mean.count > 0 ? mean.mean : std::numeric_limits<double>::quiet_NaN();
  };
  MapCorrelation out{mean_at(0, 0), std::numeric_limits<double>::quiet_NaN()};
  const double area = first.width * first.height * std::sqrt(1 - first.cosine * first.cosine);
  if (std::numbers::pi * apart * apart > area / 4)
    return out;
  constexpr Index most = 32; // moves along an edge
  double squares = 0, moves = 0;
  for (Index i = 0; i < std::min(most, first.rows); ++i)
    for (Index j = 0; j < std::min(most, first.columns); ++j) {
      const Index down = i * first.rows / std::min(most, first.rows);
      const Index across = j * first.columns / std::min(most, first.columns);
      if (moved_by(first, down, across) < apart)
        continue;
      const double one = mean_at(down, across);
      squares += one * one;
      moves += 1;
    }
  out.error = (1 - out.value * out.value) * std::sqrt(squares / moves);
  return out;
}

} // namespace vitrum::md
