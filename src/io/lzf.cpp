#include "lzf.hpp"

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::io {

Index decode_lzf(std::span<const std::byte> in, std::span<std::byte> out) {
  const auto size = static_cast<Index>(in.size());
  const auto room = static_cast<Index>(out.size());
  Index at = 0;
  Index done = 0;
  const auto next = [&]() -> Index {
    if (at >= size)
      throw DataError(fmt::format("LZF data end at byte {} inside a token", size));
    return std::to_integer<Index>(in[static_cast<std::size_t>(at++)]);
  };
  while (at < size) {
    const Index control = next();
    if (control < 32) { // a run of literals
      const Index length = control + 1;
      if (at + length > size || done + length > room)
        throw DataError(fmt::format("LZF run at byte {} is too long", at));
      for (Index i = 0; i < length; ++i)
        out[static_cast<std::size_t>(done++)] = in[static_cast<std::size_t>(at++)];
      continue;
    }
    Index length = control >> 5;
    if (length == 7)
      length += next();
    length += 2;
    const Index distance = ((control & 31) << 8) + next() + 1;
    if (distance > done || done + length > room)
      throw DataError(fmt::format("LZF reference at byte {} points outside", at));
    for (Index i = 0; i < length; ++i, ++done) // may overlap itself: byte by byte
      out[static_cast<std::size_t>(done)] = out[static_cast<std::size_t>(done - distance)];
  }
  return done;
}

} // namespace vitrum::io
