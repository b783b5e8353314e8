// Reading stated ranges of a file from any thread.
#pragma once
#include <cstddef>
#include <string>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// An open file. read() may be called from several threads.
class InputFile {
public:
  explicit InputFile(const std::string& path); // throws FileError
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Throws FormatError when the file ends before, FileError when the system refuses.
  void read(Index offset, Index count, std::byte* out) const;

private:
  std::string path_;
  int descriptor_ = -1;
  Index size_ = 0;
};

/// As read(), but by all processors when it pays.
void read_in_parallel(const InputFile& file, Index offset, Index count, std::byte* out);

} // namespace vitrum::io
