// Paths as users write them ("scan.h5::/entry/data"), and what the system says of them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

struct PathParts {
  std::string file;
  std::string inside; // after "::", "" when there is none
};
[[nodiscard]] PathParts split_path(const std::string& path);

/// Throws FileError when `path` is absent, a folder, or may not be read.
void require_readable_file(const std::string& path);
/// Throws FileError when `path` is there and `overwrite` is false, or is a folder.
void require_writable_name(const std::string& path, bool overwrite);

/// Files in a folder (with `deep` also in those below it), in the order of the numbers in their
/// names. Throws FileError for a folder that cannot be listed.
[[nodiscard]] std::vector<std::string> files_in(const std::string& folder, bool deep);
/// What is wrong with the numbers in the names of files in order: "" when they are evenly spaced
/// (within each folder) or are no numbering at all.
[[nodiscard]] std::string missing_numbers(const std::vector<std::string>& files);

/// The files that a name without a file of its own stands for: NAME.000 …, NAME.bin.000 …,
/// NAME.bin. Empty when there are none.
[[nodiscard]] std::vector<std::string> files_of_stem(const std::string& name);

[[nodiscard]] Index file_size(const std::string& path);
[[nodiscard]] std::vector<unsigned char> first_bytes(const std::string& path, Index count);
[[nodiscard]] std::string lower_extension(const std::string& path); // "h5", without the dot

/// "a" < "b2" < "b10": runs of digits compare as numbers.
[[nodiscard]] bool numeric_less(std::string_view a, std::string_view b);

} // namespace vitrum::io
