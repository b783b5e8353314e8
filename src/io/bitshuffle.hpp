// Bitshuffle (Masui et al., Astronomy and Computing 12, 181 (2015)): bit b of all elements stands
// together, in blocks; the compressible form of detector counts.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::io {

/// Elements of a block when the file names none: 8 KiB, at least 128, a multiple of eight.
[[nodiscard]] Index bitshuffle_block(Index element_bytes);

/// Undoes the shuffle of one block of `count` elements (a multiple of eight).
void bit_unshuffle(const std::byte* in, std::byte* out, Index count, Index element_bytes);
void bit_shuffle(const std::byte* in, std::byte* out, Index count, Index element_bytes);

/// The ways of bit_unshuffle that this processor can go, slowest first; it takes the last that
/// simd_level() allows.
struct UnshuffleKernel {
  const char* name;
  SimdLevel level; // that it belongs to
  void (*run)(const std::byte* in, std::byte* out, Index count, Index element_bytes);
};
[[nodiscard]] std::span<const UnshuffleKernel> unshuffle_kernels();

/// The last kernel of those that the level allows.
template <class Kernel>
[[nodiscard]] const Kernel& best_kernel(std::span<const Kernel> kernels, SimdLevel level) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < kernels.size(); ++k)
    if (kernels[k].level <= level)
      best = k;
  return kernels[best];
}

enum class Packing { none = 0, lz4 = 2, zstd = 3 };

/// A whole chunk. Packed chunks open with the number of bytes and of bytes per block. `out` has the
/// size of the decoded chunk. Throws DataError that names the block.
void decode_bitshuffle(std::span<const std::byte> in,
                       std::span<std::byte> out,
                       Index element_bytes,
                       Index block,
                       Packing packing);

/// The chunk as HDF5 filter 32008 stores it (block = 0: the usual size). zstd runs at `level`.
[[nodiscard]] std::vector<std::byte> encode_bitshuffle(std::span<const std::byte> in,
                                                       Index element_bytes,
                                                       Index block,
                                                       Packing packing,
                                                       int level = 1);

} // namespace vitrum::io
