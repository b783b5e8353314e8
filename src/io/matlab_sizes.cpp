#include "matlab_sizes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr Index header_bytes = 128, tag_bytes = 8;
constexpr std::uint32_t int32 = 5, matrix = 14,
                        packed = 15; // data types of the format's description
constexpr std::uint32_t sparse = 5;  // a class of arrays

/// The first bytes of a packed variable; fewer where it is damaged.
std::vector<std::byte> unpack_start(std::vector<std::byte>& from) {
  constexpr std::size_t enough = 512;
  std::vector<std::byte> out(enough);
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK)
    return {};
  stream.next_in = reinterpret_cast<Bytef*>(from.data() + tag_bytes);
  stream.avail_in = static_cast<uInt>(from.size()) - static_cast<uInt>(tag_bytes);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  (void)inflate(&stream, Z_SYNC_FLUSH);
  const std::size_t unpacked = out.size() - std::min<std::size_t>(out.size(), stream.avail_out);
  out.erase(out.begin() + static_cast<std::ptrdiff_t>(unpacked), out.end());
  inflateEnd(&stream);
  return out;
}

struct Claim {
  double elements = 0, sides = 0;
};

/// Of the matrix that begins with its tag here: its flags (16 bytes), then its sides. A sparse one
/// holds few of its elements, and objects of MATLAB have a name in the place of sides.
Claim claim_of(const std::vector<std::byte>& bytes, bool big) {
  const auto word = [&](std::size_t at) {
    if (at + 4 > bytes.size())
      return std::uint32_t{0};
    return big ? load_big<std::uint32_t>(&bytes[at]) : load_little<std::uint32_t>(&bytes[at]);
  };
  constexpr std::size_t flags_at = 16, sides_tag = 24;
  constexpr std::uint32_t low_byte = 0xFF, low_half = 0xFFFF;
  if ((word(flags_at) & low_byte) == sparse || (word(sides_tag) & low_half) != int32)
    return {};
  std::uint32_t count = word(sides_tag + 4) / 4;
  std::size_t at = sides_tag + tag_bytes;
  if (const std::uint32_t small = word(sides_tag) >> 16; small != 0) { // packed into its tag
    count = small / 4;
    at = sides_tag + 4;
  }
  Claim claim{1, static_cast<double>(count)};
  for (std::uint32_t d = 0; d < count && at + 4 <= bytes.size(); ++d, at += 4)
    claim.elements *= static_cast<double>(word(at));
  return claim;
}

} // namespace

void check_matlab_sizes(const std::string& path) {
  const InputFile file(path);
  if (file.size() < header_bytes + tag_bytes)
    return;
  std::array<std::byte, header_bytes> head{};
  file.read(0, header_bytes, head.data());
  const bool big = head[126] == std::byte{'M'} && head[127] == std::byte{'I'};
  if (!big && !(head[126] == std::byte{'I'} && head[127] == std::byte{'M'}))
    return;
  const double most = 1100.0 * static_cast<double>(file.size()); // deflate packs a thousandfold
  for (Index at = header_bytes; at + tag_bytes <= file.size();) {
    std::array<std::byte, tag_bytes> tag{};
    file.read(at, tag_bytes, tag.data());
    const auto word = [&](std::size_t i) {
      return big ? load_big<std::uint32_t>(&tag[i]) : load_little<std::uint32_t>(&tag[i]);
    };
    const Index content = word(4);
    constexpr Index enough = 512;
    const Index here = std::min({enough, tag_bytes + content, file.size() - at});
    std::vector<std::byte> start(static_cast<std::size_t>(here));
    file.read(at, here, start.data());
    if (word(0) == packed)
      start = unpack_start(start);
    const Claim claim = word(0) == packed || word(0) == matrix ? claim_of(start, big) : Claim{};
    constexpr double most_sides = 32;
    if (claim.sides > most_sides)
      throw FormatError(path,
                        fmt::format("byte {}", at),
                        fmt::format("a variable of {} dimensions", claim.sides),
                        fmt::format("at most {}", most_sides));
    if (claim.elements > most)
      throw FormatError(path,
                        fmt::format("byte {}", at),
                        fmt::format("a variable of {:g} elements", claim.elements),
                        fmt::format("one that {} bytes can hold", file.size()));
    at += tag_bytes + content;
  }
}

} // namespace vitrum::io
