#include "vitrum/io/text_file.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "output_file.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

namespace fs = std::filesystem;

void make_folders(const fs::path& path, const std::string& shown) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    throw FileError(shown, "cannot be made", error.value());
}

/// Folders that are made and must go again when the work fails.
class FreshFolder {
public:
  explicit FreshFolder(fs::path path) : path_(std::move(path)) {}
  ~FreshFolder() {
    std::error_code none;
    if (!path_.empty())
      fs::remove_all(path_, none);
  }
  FreshFolder(const FreshFolder&) = delete;
  FreshFolder& operator=(const FreshFolder&) = delete;

private:
  fs::path path_;
};

} // namespace

void write_bytes(const std::string& path, std::string_view bytes, bool overwrite) {
  OutputFile file(path, overwrite);
  file.write(bytes);
  file.commit();
}

void write_folder(const std::string& folder, const std::vector<NamedBytes>& files) {
  fs::path whole = fs::path(folder).lexically_normal();
  if (!whole.has_filename()) // "report/"
    whole = whole.parent_path();
  // within a folder that is there, which may be another disk than the one above it
  const fs::path place = fs::is_directory(whole) ? whole : whole.parent_path();
  const fs::path beside =
      place / fmt::format(".{}.{}.part", whole.filename().string(), static_cast<long>(::getpid()));
  if (!place.empty())
    make_folders(place, folder);
  const FreshFolder temporary(beside);
  make_folders(beside, folder);
  for (const auto& file : files) {
    const auto shown = (fs::path(folder) / file.name).string();
    const auto path = beside / file.name;
    make_folders(path.parent_path(), shown);
    try {
      write_bytes(path.string(), file.bytes, true);
    } catch (const FileError& error) { // the reader knows the name that it will have
      const std::string text = error.what();
      throw FileError(shown, text.substr(std::min(path.string().size() + 2, text.size())));
    }
  }
  for (const auto& file : files) {
    const auto to = whole / file.name;
    make_folders(to.parent_path(), to.string());
    std::error_code error;
    fs::rename(beside / file.name, to, error);
    if (error)
      throw FileError(to.string(), "cannot be put in place", error.value());
  }
}

} // namespace vitrum::io
