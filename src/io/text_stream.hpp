// Lines and bytes of a file that may be compressed (gzip, zstd), one after the other, with places
// counted in decompressed bytes.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// The first decompressed bytes of a file. Throws FileError.
[[nodiscard]] std::vector<unsigned char> first_decompressed_bytes(const std::string& path,
                                                                  Index count);

class TextStream {
public:
  /// The compression is told by the first bytes. Throws FileError.
  explicit TextStream(const std::string& path);
  ~TextStream();
  TextStream(const TextStream&) = delete;
  TextStream& operator=(const TextStream&) = delete;

  /// The next line without its end, valid until the next call; false at the end of the file.
  /// Throws FormatError for damaged compression and for lines longer than a MiB.
  bool next_line(std::string_view& line);
  /// Passes over `count` whole lines, fast; returns how many there were.
  Index skip_lines(Index count);
  /// The next `count` bytes; false when the file ends before.
  bool read_bytes(void* out, Index count);
  bool skip_bytes(Index count);

  [[nodiscard]] Index position() const { return position_; } // of the next line or byte
  [[nodiscard]] Index line() const { return line_; }         // number of the last line, from 1
  /// Goes to a place where a line begins; backwards in a compressed file reads from the start.
  void go_to(Index position, Index line);
  [[nodiscard]] bool compressed() const;
  [[nodiscard]] Index file_bytes() const; // on disk

private:
  bool fill();
  struct Input;
  std::string path_;
  std::unique_ptr<Input> input_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  Index position_ = 0, line_ = 0;
  bool ended_by_newline_ = true;
};

} // namespace vitrum::io
