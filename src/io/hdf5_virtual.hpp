// Virtual datasets: frames that stand in other files.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "hdf5_choose.hpp"

namespace vitrum::io::h5 {

/// A file named in `path`, relative to the folder of `path` unless absolute or found as it stands.
[[nodiscard]] std::string beside(const std::string& path, const std::string& name);

/// The source datasets in order of frames, when `dataset` is virtual and joins blocks of whole
/// frames; nothing when it is not virtual or not so simple (H5Dread then reads it). Throws
/// FormatError that names a source file that is missing: HDF5 itself would give fill values.
[[nodiscard]] std::optional<std::vector<Part>> virtual_sources(const Dataset& dataset);

} // namespace vitrum::io::h5
