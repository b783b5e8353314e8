// Radical (power) Voronoi cells: neighbours, indices <n3,n4,n5,n6>, Frank–Kasper atoms.
#pragma once
#include <array>
#include <span>
#include <string>
#include <vector>

#include "vitrum/atoms/box.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::md {

struct Face {
  Index neighbour = 0;
  Index edges = 0;
  double area = 0;
  atoms::Vector step{}; // from the atom to that image of the neighbour
};

/// The cell of one atom.
struct Cell {
  std::vector<Face> faces;
  double volume = 0;

  [[nodiscard]] Index coordination() const { return static_cast<Index>(faces.size()); }
  /// n3, n4, n5, n6 and the number of all other faces.
  [[nodiscard]] std::array<Index, 5> index() const;
};

/// Frank–Kasper classes by index: <0,0,12,0>, <0,0,12,2>, <0,0,12,3>, <0,0,12,4>.
enum class FrankKasper : std::uint8_t { none = 0, z12 = 12, z14 = 14, z15 = 15, z16 = 16 };
[[nodiscard]] FrankKasper frank_kasper(const Cell& cell);

struct Voronoi {
  std::vector<Cell> cells; // [atom]
  Index bonds = 0;         // pairs of atoms that share a face

  [[nodiscard]] std::vector<FrankKasper> classes() const;
};

/// Cells by voro++. `radius`: [atom], > 0; faces with an area below `smallest_area` are left out
/// (0: none). Throws DataError for a box that is not periodic along all directions, and when a
/// cell cannot be made (atoms at one place).
[[nodiscard]] Voronoi make_voronoi(const atoms::Box& box,
                                   std::span<const atoms::Vector> positions,
                                   std::span<const double> radius,
                                   double smallest_area = 0);

} // namespace vitrum::md
