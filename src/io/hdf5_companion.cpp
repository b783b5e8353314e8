#include "hdf5_companion.hpp"

#include <filesystem>
#include <vector>

#include "hdf5_handle.hpp"
#include "hdf5_metadata.hpp"

namespace vitrum::io {

void read_companion(const std::string& path, frames::SeriesInfo& info) {
  namespace fs = std::filesystem;
  std::vector<std::string> found;
  std::error_code none;
  const fs::path folder = fs::path(path).parent_path();
  for (const auto& entry : fs::directory_iterator(folder.empty() ? fs::path(".") : folder, none))
    if (entry.path().filename().string().ends_with("_metadata.hdf"))
      found.push_back(entry.path().string());
  if (found.size() > 1) { // several scans in one folder: the one of the same name
    const std::string name = fs::path(path).filename().string();
    std::erase_if(found, [&](const std::string& other) {
      std::string stem = fs::path(other).filename().string();
      stem.resize(stem.size() - std::string_view("_metadata.hdf").size());
      return !name.starts_with(stem + ".");
    });
  }
  if (found.size() != 1)
    return;
  const h5::Lock lock;
  const h5::Handle file = h5::open_file(found[0]);
  if (!h5::exists(file.get(), "/entry/schema_version"))
    return;
  h5::read_metadata(file.get(), "/entry/data/data", info);
  info.metadata.emplace_back("metadata file", found[0]);
}

} // namespace vitrum::io
