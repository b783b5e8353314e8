#include "bitshuffle.hpp"
#include "bitshuffle_blocks.hpp"

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

constexpr Index header_bytes = packed_header_bytes;

} // namespace

void unpack_block(
    std::span<const std::byte> in, std::byte* out, Index size, Packing packing, Index at) {
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
  thread_local std::vector<std::byte> scratch;
  const Index at = for_each_packed_block(
      in,
      elements,
      element_bytes,
      [&](std::span<const std::byte> packed, Index first, Index count) {
        const Index bytes = count * element_bytes;
        scratch.resize(static_cast<std::size_t>(bytes));
        unpack_block(packed, scratch.data(), bytes, packing, packed.data() - in.data() - 4);
        bit_unshuffle(scratch.data(), out.data() + first * element_bytes, count, element_bytes);
      });
  std::memcpy(
      out.data() + size - (given - at), in.data() + at, static_cast<std::size_t>(given - at));
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
