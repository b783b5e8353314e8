// Which format a file is in, by its content.
#pragma once
#include <string>

namespace vitrum::io {

/// True when the file ("::/path" is ignored) carries the HDF5 signature. Throws FileError.
[[nodiscard]] bool is_hdf5(const std::string& path);

} // namespace vitrum::io
