// The metadata that beamline 8-ID of the Advanced Photon Source keeps in a file of its own beside
// the frames.
#pragma once
#include <string>

#include "vitrum/frames/frame_source.hpp"

namespace vitrum::io {

/// Fills what `info` lacks from <name>_metadata.hdf in the folder of `path`: the only such file, or
/// of several the one of the same name. Does nothing when there is none.
void read_companion(const std::string& path, frames::SeriesInfo& info);

} // namespace vitrum::io
