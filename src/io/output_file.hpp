// A file that appears under its name only when it is complete: a temporary name in the same folder,
// then fsync and rename.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace vitrum::io {

/// Gives a file that is complete its name. Without `overwrite` a file that has that name is left
/// and FileError thrown. The folder is synced.
void put_in_place(const std::string& temporary, const std::string& path, bool overwrite);

class OutputFile {
public:
  /// Makes the empty temporary file. Throws FileError: "out.h5: exists (use --overwrite to replace
  /// it)", no such folder, …
  OutputFile(const std::string& path, bool overwrite);
  ~OutputFile(); // removes the temporary file unless committed
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  [[nodiscard]] const std::string& temporary() const { return temporary_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Appends bytes. Throws FileError.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Replaces the first bytes.
  void write_at_start(std::string_view text);

  /// Where a library that writes the temporary file itself leaves the errno of a failed write.
  [[nodiscard]] int* error() { return &error_; }

  /// Puts the bytes on disk and the file under its name. Throws FileError.
  void commit();

private:
  std::string path_, temporary_;
  bool overwrite_;
  bool committed_ = false;
  int descriptor_ = -1;
  int error_ = 0;
};

} // namespace vitrum::io
