// The blocks of a bitshuffled chunk, for what decodes it and what lists its events.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

#include <fmt/format.h>

#include "bitshuffle.hpp"
#include "bytes.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {

/// u64 bytes of the chunk, u32 bytes of a block, big-endian
inline constexpr Index packed_header_bytes = 12;
inline constexpr Index max_packed_block_bytes = Index{1} << 28;

/// Runs `block_of(begin, count)` over the blocks; what is left (fewer than eight elements) stands
/// at the end, unshuffled.
template <class Function>
Index for_each_block(Index elements, Index block, Function&& block_of) {
  Index done = 0;
  while (elements - done >= 8) {
    const Index count = std::min(block, (elements - done) / 8 * 8);
    block_of(done, count);
    done += count;
  }
  return done;
}

/// `at` is where the block stands in the chunk, for messages. Throws DataError.
void unpack_block(
    std::span<const std::byte> in, std::byte* out, Index size, Packing packing, Index at);

/// Runs `block_of(packed bytes, first element, elements)` over the blocks of a packed chunk and
/// returns where the elements that no block holds begin. Throws DataError.
template <class Function>
Index for_each_packed_block(std::span<const std::byte> in,
                            Index elements,
                            Index element_bytes,
                            Function&& block_of) {
  const Index size = elements * element_bytes;
  const auto given = static_cast<Index>(in.size());
  if (given < packed_header_bytes)
    throw DataError(fmt::format("{} bytes, too few for the header of a bitshuffle chunk", given));
  const auto stated = load_big<std::uint64_t>(in.data());
  if (stated != static_cast<std::uint64_t>(size))
    throw DataError(fmt::format("header states {} bytes, expected {}", stated, size));
  const Index block_bytes = load_big<std::uint32_t>(in.data() + 8);
  const Index use = block_bytes / element_bytes;
  if (block_bytes % element_bytes != 0 || use < 8 || use % 8 != 0 ||
      block_bytes > max_packed_block_bytes)
    throw DataError(fmt::format(
        "blocks of {} bytes, expected a multiple of {}", block_bytes, 8 * element_bytes));
  Index at = packed_header_bytes;
  const Index done = for_each_block(elements, use, [&](Index first, Index count) {
    if (given - at < 4)
      throw DataError(
          fmt::format("ends at byte {}, in the middle of a chunk of {} bytes", given, size));
    const Index packed = load_big<std::uint32_t>(in.data() + at);
    if (packed > given - at - 4)
      throw DataError(
          fmt::format("block at byte {} states {} bytes, {} are left", at, packed, given - at - 4));
    block_of(in.subspan(static_cast<std::size_t>(at + 4), static_cast<std::size_t>(packed)),
             first,
             count);
    at += 4 + packed;
  });
  const Index left = (elements - done) * element_bytes;
  if (given - at != left)
    throw DataError(fmt::format("{} bytes after the last block, expected {}", given - at, left));
  return at;
}

} // namespace vitrum::io
