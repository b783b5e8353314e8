// CBOR (RFC 8949) as a tree that points into the bytes it was read from, and bytes made from items.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::stream {

struct CborItem {
  enum class Kind { integer, negative, real, text, bytes, array, map, tag, boolean, null };

  Kind kind = Kind::null;
  std::uint64_t number = 0;         // integer; negative: −1 − number; tag: its number; boolean
  double real = 0;                  // real
  std::span<const std::byte> bytes; // text, bytes: in the message
  std::vector<CborItem> items;      // array; map: key, value, key, …; tag: the one item it tags

  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// The value of a text key of a map; null when there is none.
  [[nodiscard]] const CborItem* find(std::string_view key) const;
};

[[nodiscard]] std::string_view name_of(CborItem::Kind kind); // "an integer", "a map", …

/// One item that fills `in`. Throws DataError that names the byte for what is no CBOR, nested
/// deeper than 16, or a string in pieces.
[[nodiscard]] CborItem read_cbor(std::span<const std::byte> in);

/// Appends items, in the shortest form.
class CborWriter {
public:
  CborWriter& map(Index pairs);
  CborWriter& array(Index items);
  CborWriter& tag(std::uint64_t number);
  CborWriter& integer(std::uint64_t value);
  CborWriter& real(double value);
  CborWriter& text(std::string_view value);
  CborWriter& bytes(std::span<const std::byte> value);
  [[nodiscard]] std::vector<std::byte> take() { return std::move(out_); }

private:
  template <class Encode>
  CborWriter& head(Encode&& encode);

  std::vector<std::byte> out_;
};

} // namespace vitrum::stream
