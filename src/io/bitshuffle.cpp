#include "bitshuffle.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>
#include <lz4.h>
#include <zstd.h>

#include "bytes.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr Index header_bytes = 12; // u64 bytes of the chunk, u32 bytes of a block, big-endian
constexpr Index max_block_bytes = Index{1} << 28;

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

void unpack(std::span<const std::byte> in, std::byte* out, Index size, Packing packing, Index at) {
  bool good = false;
  if (packing == Packing::lz4)
    good = LZ4_decompress_safe(reinterpret_cast<const char*>(in.data()),
                               reinterpret_cast<char*>(out),
                               static_cast<int>(in.size()),
                               static_cast<int>(size)) == size;
  else
    good = ZSTD_decompress(out, static_cast<std::size_t>(size), in.data(), in.size()) ==
           static_cast<std::size_t>(size);
  if (!good)
    throw DataError(fmt::format("{} block at byte {} does not decode to {} bytes",
                                packing == Packing::lz4 ? "LZ4" : "zstd",
                                at,
                                size));
}

} // namespace

Index bitshuffle_block(Index element_bytes) {
  return std::max<Index>(8192 / element_bytes / 8 * 8, 128);
}

void decode_bitshuffle(std::span<const std::byte> in,
                       std::span<std::byte> out,
                       Index element_bytes,
                       Index block,
                       Packing packing) {
  const auto size = static_cast<Index>(out.size());
  const auto given = static_cast<Index>(in.size());
  if (element_bytes < 1 || size % element_bytes != 0)
    throw DataError(
        fmt::format("{} bytes are no whole number of {}-byte elements", size, element_bytes));
  const Index elements = size / element_bytes;
  if (packing == Packing::none) {
    if (given != size)
      throw DataError(fmt::format("{} bytes, expected {}", given, size));
    const Index use = block > 0 ? block : bitshuffle_block(element_bytes);
    const Index done = for_each_block(elements, use, [&](Index first, Index count) {
      bit_unshuffle(in.data() + first * element_bytes,
                    out.data() + first * element_bytes,
                    count,
                    element_bytes);
    });
    std::memcpy(out.data() + done * element_bytes,
                in.data() + done * element_bytes,
                static_cast<std::size_t>((elements - done) * element_bytes));
    return;
  }
  if (given < header_bytes)
    throw DataError(fmt::format("{} bytes, too few for the header of a bitshuffle chunk", given));
  const auto stated = load_big<std::uint64_t>(in.data());
  if (stated != static_cast<std::uint64_t>(size))
    throw DataError(fmt::format("header states {} bytes, expected {}", stated, size));
  const Index block_bytes = load_big<std::uint32_t>(in.data() + 8);
  const Index use = block_bytes / element_bytes;
  if (block_bytes % element_bytes != 0 || use < 8 || use % 8 != 0 || block_bytes > max_block_bytes)
    throw DataError(fmt::format(
        "blocks of {} bytes, expected a multiple of {}", block_bytes, 8 * element_bytes));
  thread_local std::vector<std::byte> scratch;
  scratch.resize(static_cast<std::size_t>(std::min(block_bytes, size)));
  Index at = header_bytes;
  const Index done = for_each_block(elements, use, [&](Index first, Index count) {
    if (given - at < 4)
      throw DataError(
          fmt::format("ends at byte {}, in the middle of a chunk of {} bytes", given, size));
    const Index packed = load_big<std::uint32_t>(in.data() + at);
    if (packed > given - at - 4)
      throw DataError(
          fmt::format("block at byte {} states {} bytes, {} are left", at, packed, given - at - 4));
    const Index bytes = count * element_bytes;
    unpack(in.subspan(static_cast<std::size_t>(at + 4), static_cast<std::size_t>(packed)),
           scratch.data(),
           bytes,
           packing,
           at);
    bit_unshuffle(scratch.data(), out.data() + first * element_bytes, count, element_bytes);
    at += 4 + packed;
  });
  const Index left = (elements - done) * element_bytes;
  if (given - at != left)
    throw DataError(fmt::format("{} bytes after the last block, expected {}", given - at, left));
  std::memcpy(out.data() + done * element_bytes, in.data() + at, static_cast<std::size_t>(left));
}

std::vector<std::byte> encode_bitshuffle(
    std::span<const std::byte> in, Index element_bytes, Index block, Packing packing, int level) {
  const auto size = static_cast<Index>(in.size());
  const Index elements = size / element_bytes;
  if (block == 0)
    block = bitshuffle_block(element_bytes);
  if (packing == Packing::none) {
    std::vector<std::byte> out(in.begin(), in.end());
    for_each_block(elements, block, [&](Index first, Index count) {
      bit_shuffle(in.data() + first * element_bytes,
                  out.data() + first * element_bytes,
                  count,
                  element_bytes);
    });
    return out;
  }
  const Index block_bytes = block * element_bytes;
  const auto bound = [&](Index bytes) {
    return packing == Packing::lz4
               ? static_cast<Index>(LZ4_compressBound(static_cast<int>(bytes)))
               : static_cast<Index>(ZSTD_compressBound(static_cast<std::size_t>(bytes)));
  };
  const Index blocks = size / block_bytes + 2;
  std::vector<std::byte> out(
      static_cast<std::size_t>(header_bytes + blocks * (4 + bound(block_bytes))));
  store_big(static_cast<std::uint64_t>(size), out.data());
  store_big(static_cast<std::uint32_t>(block_bytes), out.data() + 8);
  std::vector<std::byte> scratch(static_cast<std::size_t>(block_bytes));
  Index at = header_bytes;
  const Index done = for_each_block(elements, block, [&](Index first, Index count) {
    const Index bytes = count * element_bytes;
    bit_shuffle(in.data() + first * element_bytes, scratch.data(), count, element_bytes);
    Index packed = 0;
    if (packing == Packing::lz4)
      packed = LZ4_compress_default(reinterpret_cast<const char*>(scratch.data()),
                                    reinterpret_cast<char*>(out.data() + at + 4),
                                    static_cast<int>(bytes),
                                    static_cast<int>(bound(bytes)));
    else
      packed = static_cast<Index>(ZSTD_compress(out.data() + at + 4,
                                                static_cast<std::size_t>(bound(bytes)),
                                                scratch.data(),
                                                static_cast<std::size_t>(bytes),
                                                level));
    store_big(static_cast<std::uint32_t>(packed), out.data() + at);
    at += 4 + packed;
  });
  const Index left = (elements - done) * element_bytes;
  std::memcpy(out.data() + at, in.data() + done * element_bytes, static_cast<std::size_t>(left));
  out.resize(static_cast<std::size_t>(at + left));
  return out;
}

} // namespace vitrum::io
