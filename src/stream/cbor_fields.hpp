// The fields of a message in V2: a CBOR map, and its arrays of numbers.
#pragma once
#include <string>
#include <string_view>

#include "cbor_item.hpp"
#include "vitrum/stream/message.hpp"

namespace vitrum::stream {

inline constexpr std::uint64_t tag_multi_dimensional = 40; // RFC 8746, 3.1
inline constexpr std::uint64_t tag_dectris_compression = 56500;

/// The tag of a typed array of little-endian numbers (RFC 8746, 2). Throws DataError.
[[nodiscard]] std::uint64_t tag_of(frames::PixelType type);

/// The fields of one message; errors are FormatErrors that name the field.
class CborFields {
public:
  CborFields(const CborItem& map, std::string from, std::string type)
      : map_(map), from_(std::move(from)), type_(std::move(type)) {}

  [[noreturn]] void
  fail(std::string_view field, std::string_view found, std::string_view expected) const;

  [[nodiscard]] const CborItem* find(std::string_view field) const { return map_.find(field); }
  [[nodiscard]] const CborItem& at(std::string_view field) const;

  [[nodiscard]] Index count(std::string_view field, Index most) const;
  [[nodiscard]] Index count_or(std::string_view field, Index most, Index otherwise) const;
  [[nodiscard]] double number_or(std::string_view field, double otherwise) const;
  [[nodiscard]] double to_number(const CborItem& item, std::string_view field) const;
  [[nodiscard]] std::string text_or(std::string_view field) const;

  /// A multi-dimensional array of two dimensions.
  [[nodiscard]] Image image(const CborItem& item, std::string_view field) const;

private:
  [[nodiscard]] Index edge(const CborItem& item, std::string_view field) const;
  void typed(const CborItem& item, std::string_view field, Image& out) const;
  void packed(const CborItem& triple, std::string_view field, Image& out) const;

  const CborItem& map_;
  std::string from_, type_;
};

} // namespace vitrum::stream
