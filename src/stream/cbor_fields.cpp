#include "cbor_fields.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "protocols.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

using frames::PixelType;
using Kind = CborItem::Kind;

/// A tag of RFC 8746, 2.
struct TypedArray {
  std::uint64_t tag;
  PixelType type;
  bool big_endian;
};
constexpr std::array typed_arrays{TypedArray{64, PixelType::u8, false},
                                  TypedArray{68, PixelType::u8, false},
                                  TypedArray{69, PixelType::u16, false},
                                  TypedArray{70, PixelType::u32, false},
                                  TypedArray{71, PixelType::u64, false},
                                  TypedArray{65, PixelType::u16, true},
                                  TypedArray{66, PixelType::u32, true},
                                  TypedArray{67, PixelType::u64, true},
                                  TypedArray{72, PixelType::i8, false},
                                  TypedArray{77, PixelType::i16, false},
                                  TypedArray{78, PixelType::i32, false},
                                  TypedArray{79, PixelType::i64, false},
                                  TypedArray{73, PixelType::i16, true},
                                  TypedArray{74, PixelType::i32, true},
                                  TypedArray{75, PixelType::i64, true},
                                  TypedArray{85, PixelType::f32, false},
                                  TypedArray{86, PixelType::f64, false},
                                  TypedArray{81, PixelType::f32, true},
                                  TypedArray{82, PixelType::f64, true}};

} // namespace

std::uint64_t tag_of(PixelType type) {
  for (const auto& known : typed_arrays)
    if (known.type == type && !known.big_endian)
      return known.tag;
  throw DataError(fmt::format("{} is no typed array of RFC 8746", name_of(type)));
}

void CborFields::fail(std::string_view field,
                      std::string_view found,
                      std::string_view expected) const {
  throw FormatError(from_, fmt::format("{} message, {}", type_, field), found, expected);
}

const CborItem& CborFields::at(std::string_view field) const {
  const auto* item = find(field);
  if (item == nullptr)
    fail(field, "is missing", "");
  return *item;
}

Index CborFields::count(std::string_view field, Index most) const {
  const auto& item = at(field);
  if (item.kind != Kind::integer)
    fail(field, name_of(item.kind), "an integer");
  if (item.number > static_cast<std::uint64_t>(most))
    fail(field, fmt::format("{}", item.number), fmt::format("0 to {}", most));
  return static_cast<Index>(item.number);
}

Index CborFields::count_or(std::string_view field, Index most, Index otherwise) const {
  const auto* item = find(field);
  return item == nullptr || item->kind == Kind::null ? otherwise : count(field, most);
}

double CborFields::number_or(std::string_view field, double otherwise) const {
  const auto* item = find(field);
  if (item == nullptr || item->kind == Kind::null)
    return otherwise;
  return to_number(*item, field);
}

double CborFields::to_number(const CborItem& item, std::string_view field) const {
  if (item.kind == Kind::real)
    return item.real;
  if (item.kind == Kind::integer)
    return static_cast<double>(item.number);
  if (item.kind == Kind::negative)
    return -1 - static_cast<double>(item.number);
  fail(field, name_of(item.kind), "a number");
}

std::string CborFields::text_or(std::string_view field) const {
  const auto* item = find(field);
  if (item != nullptr && item->kind == Kind::tag)
    item = &item->items[0];
  return item != nullptr && item->kind == Kind::text ? std::string(item->text()) : "";
}

Image CborFields::image(const CborItem& item, std::string_view field) const {
  if (item.kind != Kind::tag || item.number != tag_multi_dimensional)
    fail(field,
         item.kind == Kind::tag ? fmt::format("tag {}", item.number)
                                : std::string(name_of(item.kind)),
         "a multi-dimensional array (tag 40)");
  const auto& pair = item.items[0];
  if (pair.kind != Kind::array || pair.items.size() != 2 || pair.items[0].kind != Kind::array ||
      pair.items[0].items.size() != 2)
    fail(field, "no shape of two numbers and values", "an array [[height, width], values]");
  Image out;
  out.height = edge(pair.items[0].items[0], field);
  out.width = edge(pair.items[0].items[1], field);
  typed(pair.items[1], field, out);
  if (out.bytes() > largest_image_bytes)
    fail(field,
         fmt::format("{} x {} values", out.height, out.width),
         fmt::format("at most {} bytes", largest_image_bytes));
  return out;
}

Index CborFields::edge(const CborItem& item, std::string_view field) const {
  if (item.kind != Kind::integer || item.number < 1 ||
      item.number > static_cast<std::uint64_t>(largest_edge_px))
    fail(field,
         item.kind == Kind::integer ? fmt::format("{} pixels", item.number)
                                    : std::string(name_of(item.kind)),
         fmt::format("1 to {} pixels", largest_edge_px));
  return static_cast<Index>(item.number);
}

void CborFields::typed(const CborItem& item, std::string_view field, Image& out) const {
  if (item.kind != Kind::tag)
    fail(field, name_of(item.kind), "a typed array (RFC 8746)");
  const auto known = std::find_if(typed_arrays.begin(), typed_arrays.end(), [&](const auto& t) {
    return t.tag == item.number;
  });
  if (known == typed_arrays.end())
    fail(field, fmt::format("tag {}", item.number), "a typed array (RFC 8746)");
  out.type = known->type;
  out.big_endian = known->big_endian;
  out.element_bytes = frames::size_of(out.type);
  const auto& values = item.items[0];
  if (values.kind == Kind::bytes) {
    out.data = values.bytes;
    return;
  }
  if (values.kind != Kind::tag || values.number != tag_dectris_compression)
    fail(field,
         values.kind == Kind::tag ? fmt::format("tag {}", values.number)
                                  : std::string(name_of(values.kind)),
         "a byte string, compressed (tag 56500) or not");
  packed(values.items[0], field, out);
}

void CborFields::packed(const CborItem& triple, std::string_view field, Image& out) const {
  if (triple.kind != Kind::array || triple.items.size() != 3 ||
      triple.items[0].kind != Kind::text || triple.items[1].kind != Kind::integer ||
      triple.items[2].kind != Kind::bytes)
    fail(field, "tag 56500 of something else", "an array [algorithm, element size, bytes]");
  const auto algorithm = triple.items[0].text();
  out.data = triple.items[2].bytes;
  if (algorithm == "lz4") {
    out.compression = io::Compression::lz4;
  } else if (algorithm == "bslz4") {
    out.compression = io::Compression::bitshuffle_lz4;
    const auto size = triple.items[1].number;
    if (size != 1 && size != 2 && size != 4 && size != 8)
      fail(field, fmt::format("elements of {} bytes", size), "1, 2, 4 or 8");
    out.element_bytes = static_cast<Index>(size);
  } else {
    fail(field, fmt::format("compression '{}'", algorithm), "bslz4 or lz4");
  }
}

} // namespace vitrum::stream
