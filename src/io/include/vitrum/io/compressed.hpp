// Frames as detectors and files pack them: bitshuffle and LZ4 in the framing of the HDF5 filters,
// and bare LZ4 blocks.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

enum class Compression {
  none,
  lz4,            // HDF5 filter 32004
  bitshuffle_lz4, // HDF5 filter 32008 with LZ4
  lz4_block       // one bare block, whose size nothing states
};

/// Decodes into `out`, which has the size of the content. Elements of the bitshuffle are
/// `element_bytes` long. Thread-safe. Throws DataError that says what does not fit.
void decompress(std::span<const std::byte> in,
                std::span<std::byte> out,
                Compression compression,
                Index element_bytes);

/// The reverse; of none a copy. Throws DataError for more than 1 GiB.
[[nodiscard]] std::vector<std::byte>
compress(std::span<const std::byte> in, Compression compression, Index element_bytes);

} // namespace vitrum::io
