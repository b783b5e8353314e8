#include "vitrum/md/voronoi.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <voro++.hh>

#include "vitrum/core/error.hpp"

namespace vitrum::md {
namespace {

/// The box turned so that a lies along x and b in the plane of x and y, as voro++ wants it.
struct Turned {
  double bx, bxy, by, bxz, byz, bz;
  atoms::Vector ex, ey, ez; // the turned axes in the coordinates of the box

  explicit Turned(const atoms::Box& box) {
    const auto& [a, b, c] = box.edges();
    const auto unit = [](const atoms::Vector& v) {
      const double length = atoms::norm(v);
      return atoms::Vector{v[0] / length, v[1] / length, v[2] / length};
    };
    ex = unit(a);
    bx = atoms::norm(a);
    bxy = atoms::dot(b, ex);
    ey = unit({b[0] - bxy * ex[0], b[1] - bxy * ex[1], b[2] - bxy * ex[2]});
    by = atoms::dot(b, ey);
    ez = {ex[1] * ey[2] - ex[2] * ey[1],
          ex[2] * ey[0] - ex[0] * ey[2],
          ex[0] * ey[1] - ex[1] * ey[0]};
    bxz = atoms::dot(c, ex);
    byz = atoms::dot(c, ey);
    bz = atoms::dot(c, ez);
    // voro++ wants tilts below half an edge; other images of the edges span the same lattice
    const double turns_b = std::round(bxy / bx);
    bxy -= turns_b * bx;
    const double turns_c = std::round(byz / by);
    byz -= turns_c * by;
    bxz -= turns_c * bxy;
    bxz -= std::round(bxz / bx) * bx;
  }
  [[nodiscard]] atoms::Vector into(const atoms::Vector& r) const {
    return {atoms::dot(r, ex), atoms::dot(r, ey), atoms::dot(r, ez)};
  }
};

} // namespace

std::array<Index, 5> Cell::index() const {
  std::array<Index, 5> out{};
  for (const auto& face : faces)
    ++out[face.edges >= 3 && face.edges <= 6 ? static_cast<std::size_t>(face.edges - 3) : 4];
  return out;
}

FrankKasper frank_kasper(const Cell& cell) {
  const auto n = cell.index();
  if (n[0] != 0 || n[1] != 0 || n[2] != 12 || n[4] != 0)
    return FrankKasper::none;
  switch (n[3]) {
  case 0:
    return FrankKasper::z12;
  case 2:
    return FrankKasper::z14;
  case 3:
    return FrankKasper::z15;
  case 4:
    return FrankKasper::z16;
  default:
    return FrankKasper::none;
  }
}

std::vector<FrankKasper> Voronoi::classes() const {
  std::vector<FrankKasper> out;
  for (const auto& cell : cells)
    out.push_back(frank_kasper(cell));
  return out;
}

Voronoi make_voronoi(const atoms::Box& box,
                     std::span<const atoms::Vector> positions,
                     std::span<const double> radius,
                     double smallest_area) {
  if (!box.fully_periodic())
    throw DataError("the box does not repeat along all three directions, as Voronoi cells need");
  if (radius.size() != positions.size())
    throw DataError(
        fmt::format("Voronoi cells: {} radii for {} atoms", radius.size(), positions.size()));
  const Turned turned(box);
  const auto atoms = static_cast<double>(positions.size());
  constexpr double per_block = 5; // what the manual of voro++ finds fastest
  const double edge = std::cbrt(box.volume() * per_block / atoms);
  const auto blocks = [&](double length) {
    return std::clamp(static_cast<int>(length / edge), 1, 400);
  };
  voro::container_periodic_poly container(turned.bx,
                                          turned.bxy,
                                          turned.by,
                                          turned.bxz,
                                          turned.byz,
                                          turned.bz,
                                          blocks(turned.bx),
                                          blocks(turned.by),
                                          blocks(turned.bz),
                                          8);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (!(radius[i] > 0))
      throw DataError(fmt::format("Voronoi cells: radius {} of atom {}", radius[i], i));
    const auto r = turned.into(box.wrap(positions[i]));
    container.put(static_cast<int>(i), r[0], r[1], r[2], radius[i]);
  }
  Voronoi out;
  out.cells.resize(positions.size());
  std::vector<std::uint8_t> made(positions.size(), 0);
  voro::c_loop_all_periodic loop(container);
  voro::voronoicell_neighbor cell;
  std::vector<int> neighbours, orders;
  std::vector<double> areas;
  Index faces = 0;
  if (loop.start())
    do {
      const auto i = static_cast<std::size_t>(loop.pid());
      if (!container.compute_cell(cell, loop))
        continue;
      made[i] = 1;
      cell.neighbors(neighbours);
      cell.face_orders(orders);
      cell.face_areas(areas);
      out.cells[i].volume = cell.volume();
      for (std::size_t f = 0; f < neighbours.size(); ++f) {
        if (areas[f] < smallest_area)
          continue;
        const auto j = static_cast<std::size_t>(neighbours[f]);
        const auto &a = positions[i], &b = positions[j];
        out.cells[i].faces.push_back({neighbours[f],
                                      orders[f],
                                      areas[f],
                                      box.nearest({b[0] - a[0], b[1] - a[1], b[2] - a[2]})});
        ++faces;
      }
    } while (loop.inc());
  for (std::size_t i = 0; i < made.size(); ++i)
    if (made[i] == 0)
      throw DataError(fmt::format("Voronoi cells: atom {} has none (hidden by larger atoms, or at "
                                  "the place of another one)",
                                  i));
  out.bonds = faces / 2;
  return out;
}

} // namespace vitrum::md
