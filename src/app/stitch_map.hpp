// Stitched two-time maps, written chunk by chunk: memory holds one row of chunks, whatever the
// length of the series.
#pragma once
#include <memory>
#include <vector>

#include "stitch_levels.hpp"
#include "stitch_parts.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/io/map_file.hpp"

namespace vitrum::app {

/// Of the maps of all bins in the file.
[[nodiscard]] Index stitched_bytes(const PartSet& set);

class StitchedMaps {
public:
  /// Begins the file; it has its name when it is finished, and is removed otherwise.
  StitchedMaps(const PartSet& set, const OutputFlags& output);

  /// The map of bin `bin` (from 0, in order). Returns the mean over its pairs of frames, the bias
  /// of finitely many pixels still in it.
  [[nodiscard]] correlate::OneTime
  write(Index bin, const correlate::OneTimeOptions& options, const Monitor& monitor);

  /// Adds all else. `tree` gets the axes of the maps.
  void finish(Tree& tree);

private:
  const PartSet& set_;
  OutputFlags output_;
  std::vector<io::MapLayout> layouts_; // [bin]
  std::unique_ptr<io::MapFile> file_;
  std::vector<StitchedLevels> levels_; // [bin]
  Index chunk_ = 0;                    // next to be written
};

} // namespace vitrum::app
