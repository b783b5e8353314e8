// Box: the cell that a simulation repeats, of any shape, and the lattice of its reciprocal vectors.
// Lengths are in the unit of the trajectory (sigma, angstrom, nm); q = 2π/d in its inverse.
#pragma once
#include <array>

#include "vitrum/core/index.hpp"

namespace vitrum::atoms {

using Vector = std::array<double, 3>;

[[nodiscard]] inline double dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
[[nodiscard]] inline Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
[[nodiscard]] double norm(const Vector& a);

/// A parallelepiped with edges a, b, c (the rows of `edges`) that begins at `origin`.
class Box {
public:
  Box() : Box({Vector{1, 0, 0}, Vector{0, 1, 0}, Vector{0, 0, 1}}) {}
  /// Throws DataError when an edge is not finite or the volume is not positive (left-handed edges
  /// too).
  explicit Box(const std::array<Vector, 3>& edges,
               const Vector& origin = {0, 0, 0},
               const std::array<bool, 3>& periodic = {true, true, true});

  [[nodiscard]] const std::array<Vector, 3>& edges() const { return edges_; }
  [[nodiscard]] const Vector& origin() const { return origin_; }
  [[nodiscard]] const std::array<bool, 3>& periodic() const { return periodic_; }
  [[nodiscard]] bool fully_periodic() const { return periodic_[0] && periodic_[1] && periodic_[2]; }
  [[nodiscard]] double volume() const { return volume_; }
  /// True when a lies along x, b along y, c along z.
  [[nodiscard]] bool orthogonal() const { return orthogonal_; }
  /// Distances between opposite faces: a sphere of half the smallest meets itself nowhere.
  [[nodiscard]] Vector heights() const;

  /// Fractions of the edges from the origin; in [0, 1) inside the cell.
  [[nodiscard]] Vector fraction(const Vector& position) const;
  [[nodiscard]] Vector position(const Vector& fraction) const;
  /// The image inside the cell, along periodic directions.
  [[nodiscard]] Vector wrap(const Vector& position) const;
  /// Which image of the cell holds the position, as whole edges; 0 along directions that are not
  /// periodic. position = wrap(position) + Σ image·edge.
  [[nodiscard]] std::array<Index, 3> image(const Vector& position) const;
  /// The shortest image of a difference of two positions, along periodic directions. Exact for
  /// boxes of any tilt: the neighbouring images of the reduced one are tried as well.
  [[nodiscard]] Vector nearest(const Vector& difference) const;
  /// q = 2π (h a* + k b* + l c*).
  [[nodiscard]] Vector reciprocal(const Vector& hkl) const;

  /// Same edges and directions of repetition, to within `relative` of the edge; origins may differ.
  [[nodiscard]] bool same_shape(const Box& other, double relative = 1e-9) const;

private:
  std::array<Vector, 3> edges_;
  std::array<Vector, 3> inverse_; // columns of the matrix that turns positions into fractions
  Vector origin_;
  std::array<bool, 3> periodic_;
  double volume_ = 1;
  bool orthogonal_ = true;
};

/// Edges a = (lx, 0, 0), b = (xy, ly, 0), c = (xz, yz, lz), as LAMMPS and HOOMD have them.
[[nodiscard]] std::array<Vector, 3> tilted_edges(const Vector& length, const Vector& tilt);
/// The same from lengths and angles in degrees: alpha between b and c, beta a and c, gamma a and b.
[[nodiscard]] std::array<Vector, 3> edges_of_angles(const Vector& length, const Vector& angles_deg);

} // namespace vitrum::atoms
