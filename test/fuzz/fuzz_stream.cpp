// Messages of detectors. The first byte chooses the protocol; in V1 a byte FF ends each part.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vitrum/core/error.hpp"
#include "vitrum/stream/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vitrum::stream;
  if (size < 1)
    return 0;
  const auto protocol = data[0] % 2 == 0 ? Protocol::v1 : Protocol::v2;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  Parts parts;
  std::size_t begin = 1;
  for (std::size_t i = 1; i < size && protocol == Protocol::v1; ++i)
    if (data[i] == 0xFF) {
      parts.emplace_back(bytes + begin, i - begin);
      begin = i + 1;
    }
  parts.emplace_back(bytes + begin, size - begin);
  try {
    (void)recognise(parts, "fuzz");
  } catch (const vitrum::FormatError&) {
  }
  try {
    const auto message = parse(protocol, parts, "fuzz");
    if (const auto* image = std::get_if<Image>(&message);
        image != nullptr && image->bytes() < 1 << 20) {
      std::vector<std::byte> out(static_cast<std::size_t>(image->bytes()));
      unpack(*image, out);
    }
  } catch (const vitrum::FormatError&) {
  } catch (const vitrum::DataError&) {
    // what a decoder is meant to do with nonsense
  }
  return 0;
}
