// The files behind the one that names a series.
#pragma once
#include <string>
#include <vector>

#include "vitrum/io/open_series.hpp"

namespace vitrum::io {

/// Files that hold the frames, where an HDF5 file links to them (masters, virtual datasets of whole
/// frames); nothing for other files. Throws as open_series.
[[nodiscard]] std::vector<std::string> data_files(const std::string& path,
                                                  const OpenOptions& options);

} // namespace vitrum::io
