// The tag tree of Gatan DM3 and DM4 files: numbers, texts and where the arrays stand.
#pragma once
#include <map>
#include <span>
#include <string>

#include "file_bytes.hpp"

namespace vitrum::io {

/// An array of plain numbers that was left in the file.
struct DmArray {
  int type = 0; // 2 i16, 3 i32, 4 u16, 5 u32, 6 f32, 7 f64, 8 bool, 9 i8, 10 u8, 11 i64, 12 u64
  Index count = 0;
  Index offset = 0; // of the first byte
};

/// Keys are paths like "ImageList/[1]/ImageData/Dimensions/[0]"; entries without a name have their
/// number within the group.
struct DmTags {
  bool little_endian = true;
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> texts; // UTF-8
  std::map<std::string, DmArray> arrays;

  [[nodiscard]] double number(const std::string& key) const; // NaN when it is not there
  [[nodiscard]] std::string text(const std::string& key) const;
};

/// Whether the first bytes are those of DM3 or DM4.
[[nodiscard]] bool is_dm(std::span<const unsigned char> head);

/// Bytes of one element of an array type of DmArray; 0 for other types.
[[nodiscard]] Index dm_element_bytes(int type);

/// Throws FormatError with the byte where the tree is broken: groups deeper than 64, more than a
/// million tags and sizes beyond the end of the file are refused.
[[nodiscard]] DmTags read_dm_tags(const InputFile& file);

} // namespace vitrum::io
