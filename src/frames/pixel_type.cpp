#include "vitrum/frames/pixel_type.hpp"

#include <array>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

struct Entry {
  PixelType type;
  std::string_view name, code;
};

constexpr std::array<Entry, 10> entries{{{PixelType::u8, "uint8", "u1"},
                                         {PixelType::u16, "uint16", "u2"},
                                         {PixelType::u32, "uint32", "u4"},
                                         {PixelType::u64, "uint64", "u8"},
                                         {PixelType::i8, "int8", "i1"},
                                         {PixelType::i16, "int16", "i2"},
                                         {PixelType::i32, "int32", "i4"},
                                         {PixelType::i64, "int64", "i8"},
                                         {PixelType::f32, "float32", "f4"},
                                         {PixelType::f64, "float64", "f8"}}};

} // namespace

Index size_of(PixelType type) {
  return visit(type,
               [](auto tag) { return static_cast<Index>(sizeof(typename decltype(tag)::type)); });
}

std::string_view name_of(PixelType type) {
  for (const Entry& entry : entries)
    if (entry.type == type)
      return entry.name;
  throw DataError(fmt::format("pixel type {} does not exist", static_cast<int>(type)));
}

bool is_integer(PixelType type) {
  return type != PixelType::f32 && type != PixelType::f64;
}

PixelType parse_pixel_type(std::string_view name) {
  std::string known;
  for (const Entry& entry : entries) {
    if (name == entry.name || name == entry.code)
      return entry.type;
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", entry.name, entry.code);
  }
  throw OptionError(fmt::format("pixel type '{}' is not known, expected one of {}", name, known));
}

} // namespace vitrum::frames
