// Coarse levels of a stitched map for viewing, made while its chunks pass by: those that are small
// enough for memory.
#pragma once
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/map_levels.hpp"

namespace vitrum::app {

class StitchedLevels {
public:
  explicit StitchedLevels(Index frames);

  /// A square chunk of the lower triangle, in this row and column of chunks; one on the diagonal
  /// has both triangles. Its diagonal t1 = t2, which holds shot noise, is left out.
  void add(Index row, Index column, Index edge, std::vector<float> chunk);

  /// Groups "level_<factor>" with their maps and axes. `bin` from 1.
  void put(Tree& group, Index bin, double frame_time_s) const;

private:
  Index frames_;
  std::vector<correlate::MapLevel> levels_; // that are kept
  std::vector<float> finest_;               // values of levels_[0], symmetric
};

} // namespace vitrum::app
