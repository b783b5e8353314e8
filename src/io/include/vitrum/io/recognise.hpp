// Which format a file is in, by its content.
#pragma once
#include <string>

namespace vitrum::io {

/// True when the file ("::/path" is ignored) carries the HDF5 signature. Throws FileError.
[[nodiscard]] bool is_hdf5(const std::string& path);
/// Whether an HDF5 file has this: "/entry/kind". Throws FileError, FormatError.
[[nodiscard]] bool hdf5_has(const std::string& file, const std::string& place);

} // namespace vitrum::io
