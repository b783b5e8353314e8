// Whole files of bytes (text, pictures, pages), complete or not there at all.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace vitrum::io {

/// Writes under a temporary name and renames. Throws FileError.
void write_bytes(const std::string& path, std::string_view bytes, bool overwrite = false);

/// One of several files of a folder; its name may have folders in it.
struct NamedBytes {
  std::string name;
  std::string_view bytes;
};
/// Writes files into a folder, made when it is missing: all of them into a temporary folder in
/// or beside it, from where they are moved, so that nothing is changed or left when one cannot be
/// written. Files of the same names are replaced. Throws FileError.
void write_folder(const std::string& folder, const std::vector<NamedBytes>& files);

} // namespace vitrum::io
