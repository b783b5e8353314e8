// Whether a file lies below a folder.
#pragma once
#include <algorithm>
#include <filesystem>

namespace vitrum::app {

/// Both canonical.
[[nodiscard]] inline bool lies_inside(const std::filesystem::path& folder,
                                      const std::filesystem::path& file) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

} // namespace vitrum::app
