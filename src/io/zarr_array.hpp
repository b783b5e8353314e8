// The header of one Zarr v2 array and the decoding of its chunks.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/frames/pixel_type.hpp"
#include "zarr_store.hpp"

namespace vitrum::io {

enum class ZarrCompressor { none, zlib, gzip, zstd, lz4, blosc };

struct ZarrArray {
  std::string name; // "" for the root
  std::vector<Index> shape, chunks;
  frames::PixelType type = frames::PixelType::u16;
  bool big_endian = false;
  ZarrCompressor compressor = ZarrCompressor::none;
  double fill = 0; // of chunks that are not stored
  char separator = '.';

  [[nodiscard]] Index chunk_values() const;
  /// Key of a chunk, one index per dimension.
  [[nodiscard]] std::string key(std::span<const Index> chunk) const;
};

/// Throws FormatError(path, "name/.zarray", found, expected).
[[nodiscard]] ZarrArray
read_zarr_array(const ZarrStore& store, const std::string& path, const std::string& name);

/// Undoes the compressor; `out` has the size of a whole chunk. Throws FormatError.
void decode_zarr_chunk(const ZarrArray& array,
                       const std::string& path,
                       const std::string& key,
                       std::span<const std::byte> in,
                       std::span<std::byte> out);

/// Scale and unit of one axis as HyperSpy writes them beside "data"; 0 and "" when absent.
struct ZarrAxis {
  double scale = 0;
  std::string unit;
};
[[nodiscard]] ZarrAxis read_zarr_axis(const ZarrStore& store, const std::string& group, int number);

} // namespace vitrum::io
