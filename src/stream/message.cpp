#include "vitrum/stream/message.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "protocols.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::stream {

void unpack(const Image& image, std::span<std::byte> out) {
  io::decompress(image.data, out, image.compression, image.element_bytes);
  const Index size = frames::size_of(image.type);
  if (image.big_endian && size > 1)
    for (std::size_t at = 0; at + static_cast<std::size_t>(size) <= out.size();
         at += static_cast<std::size_t>(size))
      std::reverse(out.data() + at, out.data() + at + size);
}

std::string_view name_of(Protocol protocol) {
  return protocol == Protocol::v1 ? "v1" : "v2";
}

Protocol parse_protocol(std::string_view name) {
  for (const auto protocol : {Protocol::v1, Protocol::v2})
    if (name == name_of(protocol))
      return protocol;
  throw OptionError(fmt::format("--protocol {}: expected v1 or v2", name));
}

Protocol recognise(const Parts& parts, const std::string& from) {
  if (!parts.empty() && !parts[0].empty()) {
    const auto first = std::to_integer<unsigned>(parts[0][0]);
    if (first == '{')
      return Protocol::v1;
    const bool map = first >= 0xA0 && first <= 0xBF;
    const bool tagged = parts[0].size() > 3 && first == 0xD9 && // "this is CBOR", RFC 8949 3.4.6
                        std::to_integer<unsigned>(parts[0][1]) == 0xD9 &&
                        std::to_integer<unsigned>(parts[0][2]) == 0xF7;
    if ((map || tagged) && parts.size() == 1)
      return Protocol::v2;
  }
  std::string found;
  if (!parts.empty())
    for (std::size_t i = 0; i < std::min<std::size_t>(parts[0].size(), 8); ++i)
      found += fmt::format(" {:02X}", std::to_integer<unsigned>(parts[0][i]));
  throw FormatError(from,
                    "first message",
                    fmt::format("{} parts that begin with the bytes{}", parts.size(), found),
                    "DECTRIS V1 (JSON, several parts) or V2 (a CBOR map, one part)");
}

Message
parse(Protocol protocol, const Parts& parts, const std::string& from, const ParseOptions& options) {
  return protocol == Protocol::v1 ? parse_v1(parts, from) : parse_v2(parts, from, options);
}

std::vector<Part> make_start(Protocol protocol, const SeriesStart& start) {
  return protocol == Protocol::v1 ? make_start_v1(start) : make_start_v2(start);
}

std::vector<Part> make_image(Protocol protocol, const Frame& frame, io::Compression compression) {
  return protocol == Protocol::v1 ? make_image_v1(frame, compression)
                                  : make_image_v2(frame, compression);
}

std::vector<Part> make_end(Protocol protocol, Index series) {
  return protocol == Protocol::v1 ? make_end_v1(series) : make_end_v2(series);
}

} // namespace vitrum::stream
