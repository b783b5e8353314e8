// Configuration: the atoms of one instant in their box. The atoms of all configurations of a
// trajectory are the same, in the same order.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "vitrum/atoms/box.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::atoms {

struct Configuration {
  Index step = 0;                                         // of the simulation
  double time = std::numeric_limits<double>::quiet_NaN(); // in the unit of the trajectory
  Box box;
  std::vector<Vector> positions;     // [atom]
  std::vector<std::int32_t> species; // [atom], place in the list of species
  std::vector<Index> ids;            // [atom] as the file numbers them, ascending; or empty
  bool unwrapped = false; // positions go on beyond the box; else only their image inside counts

  [[nodiscard]] Index atoms() const { return static_cast<Index>(positions.size()); }
};

/// Throws DataError when sizes disagree, a species is not in [0, species_count), or a position is
/// not finite; names the atom.
void validate(const Configuration& configuration, Index species_count);

/// Makes continuous paths of positions that were folded into the box: each atom goes to the image
/// nearest to where it was. Right while no atom moves half a box between two frames.
class Unwrapper {
public:
  /// Replaces the positions, of successive frames. Throws DataError when the number of atoms
  /// changes or an atom moved further than 0.45 of the smallest height of the box, where the image
  /// is a guess.
  void apply(Configuration& configuration);

private:
  std::vector<Vector> last_;
};

} // namespace vitrum::atoms
