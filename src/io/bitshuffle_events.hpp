// From a bitshuffled chunk to the list of its nonzero elements, without the dense chunk: most bit
// planes of counts are zero, and of the others few bits are set.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "bitshuffle.hpp"

namespace vitrum::io {

/// Nonzero elements in ascending order.
struct ElementList {
  std::vector<std::uint32_t> at; // index of the element
  std::vector<std::uint32_t> value;
};

/// One block: `count` elements (a multiple of eight) of 1, 2 or 4 bytes as bitshuffle keeps them.
/// Writes the indices and values of those that are not zero, offset by `first`, to places that have
/// room for count + 16, and returns how many there are.
using BlockEvents = Index (*)(const std::byte* planes,
                              Index count,
                              Index element_bytes,
                              std::uint32_t first,
                              std::uint32_t* at,
                              std::uint32_t* value);
struct EventKernel {
  const char* name;
  SimdLevel level;
  BlockEvents run;
};
/// The ways that this processor can go, slowest first; the last that simd_level() allows is taken.
[[nodiscard]] std::span<const EventKernel> event_kernels();

/// Appends the nonzero elements of a whole chunk (packed with LZ4 or zstd) of `elements` unsigned
/// integers of 1, 2 or 4 bytes. Throws DataError as decode_bitshuffle does.
void decode_bitshuffle_events(std::span<const std::byte> in,
                              Index elements,
                              Index element_bytes,
                              Packing packing,
                              ElementList& out);

/// The same of elements that are there already.
void append_nonzero(std::span<const std::byte> elements, Index element_bytes, ElementList& out);

} // namespace vitrum::io
