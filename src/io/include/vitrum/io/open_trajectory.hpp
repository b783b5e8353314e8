// Opening a trajectory of atoms, whatever its format: one call. The formats stand in
// trajectory_registry.cpp.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "vitrum/atoms/trajectory_source.hpp"

namespace vitrum::io {

/// What the file itself does not say. Values given here win over those of the file.
struct TrajectoryOptions {
  std::string format;               // name of a reader; "" = by content
  double time_step = 0;             // time of one step of the simulation; 0: as the file says
  std::vector<std::string> species; // names of the types 1, 2, …; empty: as the file says
};

/// True when the content of the file ("::/path" is ignored) is that of a trajectory. Throws
/// FileError.
[[nodiscard]] bool is_trajectory(const std::string& path);

/// The trajectory at `path`; the reader is chosen by content. Throws FileError, FormatError
/// ("path:place: found, expected"), OptionError.
[[nodiscard]] std::unique_ptr<atoms::TrajectorySource>
open_trajectory(const std::string& path, const TrajectoryOptions& options = {});

} // namespace vitrum::io
