#include "zarr_store.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "file_bytes.hpp"
#include "vitrum/core/error.hpp"
#include "zip_file.hpp"

namespace vitrum::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view array_mark = ".zarray";

[[noreturn]] void
refuse_size(const std::string& path, const std::string& key, Index held, Index most) {
  throw FormatError(path, key, fmt::format("{} bytes", held), fmt::format("at most {}", most));
}

class FolderStore final : public ZarrStore {
public:
  explicit FolderStore(const std::string& path) : path_(path) {}

  std::optional<std::vector<std::byte>> get(const std::string& key, Index most) const override {
    const std::string name = (fs::path(path_) / key).string();
    if (!fs::is_regular_file(name))
      return std::nullopt;
    const InputFile file(name);
    if (file.size() > most)
      refuse_size(path_, key, file.size(), most);
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.size()));
    file.read(0, file.size(), bytes.data());
    return bytes;
  }

  std::vector<std::string> arrays() const override {
    std::vector<std::string> found;
    std::error_code error;
    fs::recursive_directory_iterator entry(path_, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      std::error_code unreadable;
      const bool folder = entry->is_directory(unreadable);
      const std::string name = entry->path().filename().string();
      if (!folder && name == array_mark) {
        const auto group = entry->path().parent_path().lexically_relative(path_).string();
        found.push_back(group == "." ? "" : group);
      }
      // chunks may be a million files: folders whose names are numbers hold nothing else
      if (folder &&
          std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }))
        entry.disable_recursion_pending();
    }
    if (error)
      throw FileError(path_, "cannot be listed", error.value());
    std::sort(found.begin(), found.end());
    return found;
  }

private:
  std::string path_;
};

class ZipStore final : public ZarrStore {
public:
  explicit ZipStore(const std::string& path) : path_(path), zip_(path) {
    for (std::size_t i = 0; i < zip_.members().size(); ++i)
      members_.emplace(zip_.members()[i].name, i);
  }

  std::optional<std::vector<std::byte>> get(const std::string& key, Index most) const override {
    const auto found = members_.find(key);
    if (found == members_.end())
      return std::nullopt;
    if (const Index held = zip_.members()[found->second].bytes; held > most)
      refuse_size(path_, key, held, most);
    const std::scoped_lock lock(mutex_); // libzip has one place in the file
    return zip_.read(found->second);
  }

  std::vector<std::string> arrays() const override {
    std::vector<std::string> found;
    for (const auto& [name, index] : members_) {
      if (name == array_mark)
        found.emplace_back();
      else if (name.ends_with("/.zarray"))
        found.push_back(name.substr(0, name.size() - 8));
    }
    return found;
  }

private:
  std::string path_;
  ZipFile zip_;
  std::map<std::string, std::size_t> members_;
  mutable std::mutex mutex_;
};

} // namespace

std::unique_ptr<ZarrStore> open_zarr_store(const std::string& path) {
  if (fs::is_directory(path))
    return std::make_unique<FolderStore>(path);
  return std::make_unique<ZipStore>(path);
}

bool is_zarr_folder(const std::string& path) {
  return fs::is_regular_file(fs::path(path) / ".zgroup") ||
         fs::is_regular_file(fs::path(path) / array_mark);
}

bool is_zarr_zip(const std::string& path) {
  try {
    const ZipFile zip(path);
    return std::any_of(zip.members().begin(), zip.members().end(), [](const auto& member) {
      return member.name == ".zgroup" || member.name == array_mark;
    });
  } catch (const Error&) {
    return false;
  }
}

} // namespace vitrum::io
