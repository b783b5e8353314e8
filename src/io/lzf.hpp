// LZF, the light compression of h5py: literal runs and back references of up to 264 bytes.
#pragma once
#include <cstddef>
#include <span>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// Bytes written to `out`. Throws DataError when `in` is malformed or `out` too small.
Index decode_lzf(std::span<const std::byte> in, std::span<std::byte> out);

} // namespace vitrum::io
