// Parts to be stitched: results or maps, checked against each other and placed on one time axis.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/stitch.hpp"

namespace vitrum::app {

struct InputPart {
  std::string path;
  bool result = false; // of vitrum; else a map made elsewhere
  Tree tree;           // of a result, without its maps
  Index frames = 0;
  double frame_time_s = 0;
  double start_s = 0; // of its first frame; from --starts, or on the axis of the series
  Index first = 0;    // its first frame on the common axis
  std::vector<correlate::MapReader> maps; // [bin]
};

struct PartSet {
  std::vector<InputPart> parts; // in the order of time
  std::vector<std::string> warnings;
  double frame_time_s = 0;
  Index bins = 0, frames = 0; // of the whole

  [[nodiscard]] std::vector<correlate::StitchPart> of_bin(Index bin) const; // from 0
};

/// Throws for parts that do not belong on one axis, with the names of the files.
[[nodiscard]] PartSet read_parts(const StitchOptions& options);

} // namespace vitrum::app
