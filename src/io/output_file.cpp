#include "output_file.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "path.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {

void put_in_place(const std::string& temporary, const std::string& path, bool overwrite) {
  if (overwrite) {
    if (::rename(temporary.c_str(), path.c_str()) != 0)
      throw FileError(path, "cannot be renamed to", errno);
  } else if (::link(temporary.c_str(), path.c_str()) == 0) { // fails when the name is taken by now
    ::unlink(temporary.c_str());
  } else {
    const int error = errno;
    if (error == EEXIST)
      throw FileError(path, "exists (use --overwrite to replace it)");
    // file systems without hard links
    require_writable_name(path, false);
    if (::rename(temporary.c_str(), path.c_str()) != 0)
      throw FileError(path, "cannot be renamed to", errno);
  }
  const auto folder = std::filesystem::path(path).parent_path();
  const int directory =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) { // makes the new name last; where folders cannot be synced, the system does
    ::fsync(directory);
    ::close(directory);
  }
}

OutputFile::OutputFile(const std::string& path, bool overwrite)
    : path_(path), overwrite_(overwrite) {
  static std::atomic<int> counter{0};
  require_writable_name(path, overwrite);
  const std::filesystem::path whole(path);
  const auto folder = whole.parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder))
    throw FileError(path, fmt::format("there is no folder {}", folder.string()));
  temporary_ =
      (folder / fmt::format(".{}.{}.{}.part", whole.filename().string(), ::getpid(), counter++))
          .string();
  descriptor_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0)
    throw FileError(path, "cannot be made", errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  if (!committed_)
    ::unlink(temporary_.c_str());
}

void OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto done = ::write(descriptor_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      throw FileError(path_, "cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
}

void OutputFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text.data(), text.size())));
}

void OutputFile::write_at_start(std::string_view text) {
  if (::lseek(descriptor_, 0, SEEK_SET) < 0)
    throw FileError(path_, "cannot be written", errno);
  write(text);
}

void OutputFile::commit() {
  if (error_ != 0)
    throw FileError(path_, "cannot be written", error_);
  // opened anew: a library may have put another file under the temporary name
  ::close(descriptor_);
  descriptor_ = ::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0 || ::fsync(descriptor_) != 0)
    throw FileError(path_, "cannot be put on disk", errno);
  ::close(descriptor_);
  descriptor_ = -1;
  put_in_place(temporary_, path_, overwrite_);
  committed_ = true;
}

} // namespace vitrum::io
