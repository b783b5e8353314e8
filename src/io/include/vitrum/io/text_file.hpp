// Whole files of bytes (text, pictures, pages), complete or not there at all.
#pragma once
#include <string>
#include <string_view>

namespace vitrum::io {

/// Writes under a temporary name and renames. Throws FileError.
void write_bytes(const std::string& path, std::string_view bytes, bool overwrite = false);

} // namespace vitrum::io
