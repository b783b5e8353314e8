#include "file_bytes.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "path.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {

InputFile::InputFile(const std::string& path) : path_(path) {
  require_readable_file(path);
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
    throw FileError(path, "cannot be opened", errno);
  size_ = static_cast<Index>(status.st_size);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

void InputFile::read(Index offset, Index count, std::byte* out) const {
  while (count > 0) {
    const auto got = ::pread(descriptor_, out, static_cast<std::size_t>(count), offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      throw FileError(path_, fmt::format("cannot be read at byte {}", offset), errno);
    if (got == 0)
      throw FormatError(path_,
                        fmt::format("byte {}", offset),
                        "the end of the file",
                        fmt::format("{} more bytes", count));
    offset += got;
    out += got;
    count -= got;
  }
}

void read_in_parallel(const InputFile& file, Index offset, Index count, std::byte* out) {
  constexpr Index piece = Index{8} << 20;
  parallel_for(0, count, piece, [&](Index begin, Index end) {
    file.read(offset + begin, end - begin, out + begin);
  });
}

} // namespace vitrum::io
