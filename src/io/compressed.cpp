#include "vitrum/io/compressed.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>
#include <lz4.h>

#include "bitshuffle.hpp"
#include "bytes.hpp"
#include "lz4_frames.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr Index largest = Index{1} << 30;

Index packed_into(const std::byte* in, Index size, std::byte* out, Index room) {
  return LZ4_compress_default(reinterpret_cast<const char*>(in),
                              reinterpret_cast<char*>(out),
                              static_cast<int>(size),
                              static_cast<int>(room));
}

void decode_block(std::span<const std::byte> in, std::span<std::byte> out) {
  if (static_cast<Index>(std::max(in.size(), out.size())) > largest)
    throw DataError(fmt::format("an LZ4 block of {} bytes", std::max(in.size(), out.size())));
  const int got = LZ4_decompress_safe(reinterpret_cast<const char*>(in.data()),
                                      reinterpret_cast<char*>(out.data()),
                                      static_cast<int>(in.size()),
                                      static_cast<int>(out.size()));
  if (got != static_cast<int>(out.size()))
    throw DataError(got < 0 ? fmt::format("{} bytes that are no LZ4 block", in.size())
                            : fmt::format("LZ4 gives {} bytes, expected {}", got, out.size()));
}

} // namespace

void decode_lz4(std::span<const std::byte> in, std::span<std::byte> out) {
  const auto given = static_cast<Index>(in.size());
  const auto size = static_cast<Index>(out.size());
  if (given < 12)
    throw DataError(fmt::format("{} bytes, too few for the header of an LZ4 chunk", given));
  const auto stated = load_big<std::uint64_t>(in.data());
  if (stated != static_cast<std::uint64_t>(size))
    throw DataError(fmt::format("header states {} bytes, expected {}", stated, size));
  const Index block = std::min<Index>(load_big<std::uint32_t>(in.data() + 8), size);
  if ((block < 1 && size > 0) || block > LZ4_MAX_INPUT_SIZE)
    throw DataError(fmt::format("LZ4 blocks of {} bytes", block));
  Index at = 12;
  for (Index done = 0; done < size;) {
    const Index count = std::min(block, size - done);
    if (given - at < 4)
      throw DataError(
          fmt::format("ends at byte {}, in the middle of a chunk of {} bytes", given, size));
    const Index packed = load_big<std::uint32_t>(in.data() + at);
    at += 4;
    if (packed > given - at)
      throw DataError(
          fmt::format("block at byte {} states {} bytes, {} are left", at, packed, given - at));
    if (packed == count)
      std::memcpy(out.data() + done, in.data() + at, static_cast<std::size_t>(count));
    else if (LZ4_decompress_safe(reinterpret_cast<const char*>(in.data() + at),
                                 reinterpret_cast<char*>(out.data() + done),
                                 static_cast<int>(packed),
                                 static_cast<int>(count)) != count)
      throw DataError(fmt::format("LZ4 block at byte {} does not decode to {} bytes", at, count));
    at += packed;
    done += count;
  }
}

std::vector<std::byte> encode_lz4(std::span<const std::byte> in) {
  const auto size = static_cast<Index>(in.size());
  const Index block = std::max<Index>(size, 1); // one block, as detectors make it
  std::vector<std::byte> out(
      static_cast<std::size_t>(16 + LZ4_compressBound(static_cast<int>(size))));
  store_big(static_cast<std::uint64_t>(size), out.data());
  store_big(static_cast<std::uint32_t>(block), out.data() + 8);
  if (size == 0) {
    out.resize(12);
    return out;
  }
  Index packed = packed_into(in.data(), size, out.data() + 16, static_cast<Index>(out.size()) - 16);
  if (packed >= size) {
    packed = size; // stored as it is
    std::memcpy(out.data() + 16, in.data(), in.size());
  }
  store_big(static_cast<std::uint32_t>(packed), out.data() + 12);
  out.resize(static_cast<std::size_t>(16 + packed));
  return out;
}

void decompress(std::span<const std::byte> in,
                std::span<std::byte> out,
                Compression compression,
                Index element_bytes) {
  switch (compression) {
  case Compression::none:
    if (in.size() != out.size())
      throw DataError(fmt::format("{} bytes, expected {}", in.size(), out.size()));
    std::copy(in.begin(), in.end(), out.begin());
    return;
  case Compression::lz4:
    return decode_lz4(in, out);
  case Compression::bitshuffle_lz4:
    return decode_bitshuffle(in, out, element_bytes, 0, Packing::lz4);
  case Compression::lz4_block:
    break;
  }
  decode_block(in, out);
}

std::vector<std::byte>
compress(std::span<const std::byte> in, Compression compression, Index element_bytes) {
  if (static_cast<Index>(in.size()) > largest)
    throw DataError(fmt::format("{} bytes to compress, at most {}", in.size(), largest));
  switch (compression) {
  case Compression::none:
    return {in.begin(), in.end()};
  case Compression::lz4:
    return encode_lz4(in);
  case Compression::bitshuffle_lz4:
    return encode_bitshuffle(in, element_bytes, 0, Packing::lz4);
  case Compression::lz4_block:
    break;
  }
  std::vector<std::byte> out(
      static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(in.size()))));
  const Index size = packed_into(
      in.data(), static_cast<Index>(in.size()), out.data(), static_cast<Index>(out.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

} // namespace vitrum::io
