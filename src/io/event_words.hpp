// Files of events alone, one word each, sorted by frame: where each frame begins.
#pragma once
#include <string>
#include <vector>

#include "file_bytes.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// Rigaku's 64-bit words: frame << 40 | pixel << 16 | count, counts of 12 bits, pixels of 21.
/// Opening reads the whole file once, by all processors, because nothing else says where a frame
/// begins.
class RigakuWords {
public:
  /// `first_frame` is the number that the file gives to frame 0. Throws FormatError for a file that
  /// is empty, cut within a word, or whose frames go backwards, and for pixels outside `pixels`.
  RigakuWords(const std::string& path, Index first_frame, Index pixels);

  [[nodiscard]] const std::string& path() const { return file_.path(); }
  [[nodiscard]] Index frames() const { return static_cast<Index>(begin_.size()) - 1; }
  /// The first word of a frame; frames behind the last one are empty.
  [[nodiscard]] Index begin(Index frame) const {
    return frame < frames() ? begin_[static_cast<std::size_t>(frame)] : begin_.back();
  }
  [[nodiscard]] Index pixel_offset() const { return pixel_offset_; }
  [[nodiscard]] bool spare_bits() const { return spare_bits_; } // set where none should be
  void read(Index first_word, Index count, std::uint64_t* out) const;

  static std::uint64_t frame_of(std::uint64_t word) { return word >> 40; }
  static std::uint32_t pixel_of(std::uint64_t word) { return word >> 16 & 0x1FFFFF; }
  static std::uint32_t count_of(std::uint64_t word) { return word & 0xFFF; }
  static std::uint64_t spare_of(std::uint64_t word) {
    return (word >> 12 & 0xF) | (word >> 37 & 7);
  }

private:
  struct Piece;
  void scan(Index begin, Index end, Index first_frame, Piece& piece);
  [[noreturn]] void refuse(Index first_frame, Index pixels) const;

  InputFile file_;
  Index words_ = 0;
  std::vector<Index> begin_; // [frames + 1]
  Index pixel_offset_ = 0;   // modules of the 3M number their pixels from 2^20
  bool spare_bits_ = false;
};

} // namespace vitrum::io
