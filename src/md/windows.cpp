#include "vitrum/md/windows.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/md/structure.hpp"

namespace vitrum::md {
namespace {

double length_of(const atoms::Box& box, const Miller& hkl) {
  return atoms::norm(box.reciprocal(
      {static_cast<double>(hkl[0]), static_cast<double>(hkl[1]), static_cast<double>(hkl[2])}));
}

Miller independent(const Miller& hkl) {
  return in_half_space(hkl) ? hkl : Miller{-hkl[0], -hkl[1], -hkl[2]};
}

bool inside(const ReciprocalGrid& grid, const Miller& hkl) {
  return std::abs(hkl[0]) <= grid.half[0] && std::abs(hkl[1]) <= grid.half[1] &&
         std::abs(hkl[2]) <= grid.half[2];
}

void add(Window& window, const atoms::Box& box, const ReciprocalGrid& grid, const Miller& hkl) {
  window.hkl.push_back(hkl);
  window.q.push_back(length_of(box, hkl));
  window.at.push_back(grid.at(hkl));
}

/// The l at which the Ewald sphere passes above (h, k).
Index ewald_l(const atoms::Box& box, Index h, Index k, double wavelength) {
  if (!(wavelength > 0))
    return 0;
  const double wave = 2 * std::numbers::pi / wavelength;
  const double q = length_of(box, {h, k, 0});
  if (!(q < wave))
    throw DataError(
        fmt::format("q = {:.4g} beyond the Ewald sphere of wavelength {:.4g}", q, wavelength));
  const double depth = wave - std::sqrt(wave * wave - q * q);
  return -static_cast<Index>(std::lround(depth / length_of(box, {0, 0, 1})));
}

void require_some(const Window& window, double low, double high) {
  constexpr std::size_t least = 4;
  if (window.hkl.size() < least)
    throw DataError(
        fmt::format("{}: {} reciprocal vectors of the box from q = {:.4g} to {:.4g}, a contrast "
                    "needs {}: take a wider shell or a larger box",
                    window.name,
                    window.hkl.size(),
                    low,
                    high,
                    least));
}

} // namespace

Window make_shell(const atoms::Box& box, const ReciprocalGrid& grid, double low, double high) {
  Window out{"shell", {}, {}, {}};
  for (Index h = -grid.half[0]; h <= grid.half[0]; ++h)
    for (Index k = -grid.half[1]; k <= grid.half[1]; ++k)
      for (Index l = 0; l <= grid.half[2]; ++l) {
        const Miller hkl{h, k, l};
        if (!in_half_space(hkl))
          continue;
        if (const double q = length_of(box, hkl); q >= low && q < high)
          add(out, box, grid, hkl);
      }
  require_some(out, low, high);
  return out;
}

Window make_slice(
    const atoms::Box& box, const ReciprocalGrid& grid, double low, double high, double wavelength) {
  Window out{"slice", {}, {}, {}};
  std::set<Miller> seen;
  for (Index k = -grid.half[1]; k <= grid.half[1]; ++k)
    for (Index h = -grid.half[0]; h <= grid.half[0]; ++h) {
      if (length_of(box, {h, k, 0}) >= high || (h == 0 && k == 0))
        continue;
      const Miller hkl = independent({h, k, ewald_l(box, h, k, wavelength)});
      const double q = length_of(box, hkl);
      if (q >= low && q < high && inside(grid, hkl) && seen.insert(hkl).second)
        add(out, box, grid, hkl);
    }
  require_some(out, low, high);
  return out;
}

Window make_spot(const atoms::Box& box, const ReciprocalGrid& grid, double q, Index edge) {
  if (edge < 2)
    throw OptionError(
        fmt::format("a spot of {} reciprocal vectors along each edge: at least 2", edge));
  const auto middle = static_cast<Index>(std::lround(q / length_of(box, {1, 0, 0})));
  Window out{"spot", {}, {}, {}};
  std::set<Miller> seen;
  for (Index z = 0; z < edge; ++z)
    for (Index y = 0; y < edge; ++y)
      for (Index x = 0; x < edge; ++x) {
        const Miller hkl = independent({middle + x - edge / 2, y - edge / 2, z - edge / 2});
        if (!inside(grid, hkl))
          throw DataError(fmt::format("a spot of {} x {} x {} at q = {:.4g} leaves the reciprocal "
                                      "grid: expected a smaller one",
                                      edge,
                                      edge,
                                      edge,
                                      q));
        if (seen.insert(hkl).second)
          add(out, box, grid, hkl);
      }
  return out;
}

PlaneImage make_plane(const atoms::Box& box, const ReciprocalGrid& grid, double wavelength) {
  PlaneImage out;
  out.height = 2 * grid.half[1] + 1;
  out.width = 2 * grid.half[0] + 1;
  for (Index k = -grid.half[1]; k <= grid.half[1]; ++k)
    for (Index h = -grid.half[0]; h <= grid.half[0]; ++h) {
      Miller hkl{h, k, ewald_l(box, h, k, wavelength)};
      if (hkl[2] < 0)
        hkl = {-hkl[0], -hkl[1], -hkl[2]};
      if (!inside(grid, hkl))
        throw DataError(fmt::format(
            "({}, {}, {}) on the Ewald sphere leaves the reciprocal grid", hkl[0], hkl[1], hkl[2]));
      out.at.push_back(grid.at(hkl));
      out.q.push_back(length_of(box, hkl));
    }
  return out;
}

void intensities(std::span<const std::vector<Complex>> density,
                 std::span<const Index> at,
                 std::span<const std::vector<double>> weights,
                 std::span<const Index> species_atoms,
                 std::span<float> out) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    Complex sum = 0;
    double squares = 0;
    for (std::size_t a = 0; a < density.size(); ++a) {
      const double f = weights.empty() ? 1 : weights[a][i];
      sum += f * density[a][static_cast<std::size_t>(at[i])];
      squares += static_cast<double>(species_atoms[a]) * f * f;
    }
    out[i] = static_cast<float>(std::norm(sum) / squares);
  }
}

} // namespace vitrum::md
