// TrajectorySource: configurations of the same atoms one after the other, wherever they come from.
// Readers implement it; nothing holds more than one frame.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vitrum/atoms/configuration.hpp"

namespace vitrum::atoms {

/// What is known of a trajectory before a frame is read.
struct TrajectoryInfo {
  std::string path;
  std::string format; // name of the reader
  Index frames = 0, atoms = 0;
  std::vector<std::string> species; // "1", "2" (types) or "Zr", "Cu" (elements)
  std::vector<Index> species_atoms; // how many of each, in the first frame
  std::string length_unit;          // "sigma", "angstrom", "nm", or "" where the file is silent
  std::string time_unit;            // "tau", "ps", "fs", or ""
  std::vector<Index> steps;         // [frame], or empty where the format has none
  std::vector<double> times;        // [frame] in time_unit, or empty
  Box first_box;
  bool unwrapped = false; // positions that go on beyond the box, or image flags
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<std::string> problems; // what is wrong with the file, in words
};

class TrajectorySource {
public:
  virtual ~TrajectorySource() = default;
  [[nodiscard]] virtual const TrajectoryInfo& info() const = 0;
  /// Replaces `out` by frame `frame`; atoms are in ascending order of their numbers. Ascending
  /// frames are cheap; going back in a compressed file reads it again from the start. One caller at
  /// a time. Throws FileError or FormatError that names the frame.
  virtual void read(Index frame, Configuration& out) = 0;
};

/// Frames of the source in the given range (already resolved).
[[nodiscard]] std::unique_ptr<TrajectorySource>
select_frames(std::unique_ptr<TrajectorySource> source, Range range);

/// A trajectory in memory, for tests. All configurations have the species of the first.
[[nodiscard]] std::unique_ptr<TrajectorySource>
make_memory_trajectory(std::vector<Configuration> frames, std::vector<std::string> species);

/// The time between frames. Throws DataError that names the first unequal step and what needs
/// equal ones (`purpose`), or says that the trajectory has no times (NaN is returned by none).
[[nodiscard]] double equal_time_step(const TrajectoryInfo& info, const std::string& purpose);

} // namespace vitrum::atoms
