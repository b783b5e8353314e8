// The layout of HDF5 filter 32004: u64 bytes, u32 block bytes (big-endian), then blocks with u32
// size; a block as large as its content is stored as it is.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace vitrum::io {

/// `out` has the size of the content. Throws DataError.
void decode_lz4(std::span<const std::byte> in, std::span<std::byte> out);
[[nodiscard]] std::vector<std::byte> encode_lz4(std::span<const std::byte> in);

} // namespace vitrum::io
