#include "vitrum/atoms/box.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::atoms {
namespace {

Vector minus(const Vector& a, const Vector& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

} // namespace

double norm(const Vector& a) {
  return std::sqrt(dot(a, a));
}

Box::Box(const std::array<Vector, 3>& edges,
         const Vector& origin,
         const std::array<bool, 3>& periodic)
    : edges_(edges), origin_(origin), periodic_(periodic) {
  for (const auto& edge : edges)
    for (const double x : edge)
      if (!std::isfinite(x))
        throw DataError(fmt::format("an edge of the box is {}, expected finite numbers", x));
  for (const double x : origin)
    if (!std::isfinite(x))
      throw DataError(fmt::format("the origin of the box is {}, expected finite numbers", x));
  const Vector bc = cross(edges[1], edges[2]);
  volume_ = dot(edges[0], bc);
  const double scale = norm(edges[0]) * norm(edges[1]) * norm(edges[2]);
  if (!(volume_ > 1e-12 * scale))
    throw DataError(fmt::format("the volume of the box is {:g}, expected a positive one", volume_));
  const Vector ca = cross(edges[2], edges[0]), ab = cross(edges[0], edges[1]);
  for (std::size_t d = 0; d < 3; ++d)
    inverse_[d] = {bc[d] / volume_, ca[d] / volume_, ab[d] / volume_};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t d = 0; d < 3; ++d)
      orthogonal_ = orthogonal_ && (i == d || edges[i][d] == 0);
}

Vector Box::heights() const {
  return {volume_ / norm(cross(edges_[1], edges_[2])),
          volume_ / norm(cross(edges_[2], edges_[0])),
          volume_ / norm(cross(edges_[0], edges_[1]))};
}

Vector Box::fraction(const Vector& position) const {
  const Vector r = minus(position, origin_);
  if (orthogonal_)
    return {r[0] / edges_[0][0], r[1] / edges_[1][1], r[2] / edges_[2][2]};
  Vector out{};
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t i = 0; i < 3; ++i)
      out[i] += inverse_[d][i] * r[d];
  return out;
}

Vector Box::position(const Vector& fraction) const {
  Vector out = origin_;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t d = 0; d < 3; ++d)
      out[d] += fraction[i] * edges_[i][d];
  return out;
}

std::array<Index, 3> Box::image(const Vector& position) const {
  const Vector s = fraction(position);
  std::array<Index, 3> out{};
  for (std::size_t i = 0; i < 3; ++i)
    out[i] = periodic_[i] ? static_cast<Index>(std::floor(s[i])) : 0;
  return out;
}

Vector Box::wrap(const Vector& position) const {
  const auto shift = image(position);
  Vector out = position;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t d = 0; d < 3; ++d)
      out[d] -= static_cast<double>(shift[i]) * edges_[i][d];
  return out;
}

Vector Box::nearest(const Vector& difference) const {
  Vector out = difference;
  if (orthogonal_) {
    for (std::size_t i = 0; i < 3; ++i)
      if (periodic_[i])
        out[i] -= edges_[i][i] * std::round(out[i] / edges_[i][i]);
    return out;
  }
  Vector s{};
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t i = 0; i < 3; ++i)
      s[i] += inverse_[d][i] * difference[d];
  for (std::size_t i = 0; i < 3; ++i)
    if (periodic_[i])
      for (std::size_t d = 0; d < 3; ++d)
        out[d] -= std::round(s[i]) * edges_[i][d];
  // Rounding fractions is not enough in a tilted cell. Repeat until no neighbour is closer: each
  // step shortens the vector, so it ends, and a vector shorter than all its neighbours is in the
  // Voronoi cell of the lattice up to neighbours of neighbours of very flat cells.
  for (bool moved = true; moved;) {
    moved = false;
    Vector best = out;
    double shortest = dot(out, out) * (1 - 1e-14);
    for (int i = -1; i <= 1; ++i)
      for (int j = -1; j <= 1; ++j)
        for (int k = -1; k <= 1; ++k) {
          if ((i != 0 && !periodic_[0]) || (j != 0 && !periodic_[1]) || (k != 0 && !periodic_[2]))
            continue;
          Vector trial = out;
          for (std::size_t d = 0; d < 3; ++d)
            trial[d] += i * edges_[0][d] + j * edges_[1][d] + k * edges_[2][d];
          if (const double length = dot(trial, trial); length < shortest) {
            shortest = length;
            best = trial;
            moved = true;
          }
        }
    out = best;
  }
  return out;
}

Vector Box::reciprocal(const Vector& hkl) const {
  Vector q{};
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t i = 0; i < 3; ++i)
      q[d] += 2 * std::numbers::pi * inverse_[d][i] * hkl[i];
  return q;
}

bool Box::same_shape(const Box& other, double relative) const {
  for (std::size_t i = 0; i < 3; ++i)
    if (norm(minus(edges_[i], other.edges_[i])) > relative * norm(edges_[i]))
      return false;
  return periodic_ == other.periodic_;
}

std::array<Vector, 3> tilted_edges(const Vector& length, const Vector& tilt) {
  return {
      Vector{length[0], 0, 0}, Vector{tilt[0], length[1], 0}, Vector{tilt[1], tilt[2], length[2]}};
}

std::array<Vector, 3> edges_of_angles(const Vector& length, const Vector& angles_deg) {
  // 90° has a cosine of zero, not of 6e-17
  const auto cosine = [&](std::size_t i) {
    return angles_deg[i] == 90 ? 0.0 : std::cos(angles_deg[i] * std::numbers::pi / 180);
  };
  const double ca = cosine(0), cb = cosine(1), cg = cosine(2);
  const double sg = std::sqrt(1 - cg * cg);
  const double yz = length[2] * (ca - cb * cg) / sg;
  const double xz = length[2] * cb;
  return tilted_edges(
      {length[0], length[1] * sg, std::sqrt(length[2] * length[2] - xz * xz - yz * yz)},
      {length[1] * cg, xz, yz});
}

} // namespace vitrum::atoms
