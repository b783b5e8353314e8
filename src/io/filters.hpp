// The HDF5 filters that vitrum decodes itself, so that no plug-in is needed: bitshuffle (32008,
// plain, LZ4 or zstd), LZ4 (32004), zstd (32015), LZF (32000), and the library's own shuffle,
// deflate and fletcher32.
#pragma once
#include <span>
#include <string>
#include <vector>

#include <hdf5.h>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// Makes the filters known to the HDF5 library. Called once, by h5::Lock.
void register_filters();

struct Filter {
  H5Z_filter_t id = 0;
  std::vector<unsigned> values; // the filter's own numbers, from the file
  std::string name;
};

/// The filters of a dataset, in the order in which they were applied.
using Pipeline = std::vector<Filter>;
[[nodiscard]] Pipeline read_pipeline(hid_t dataset);

/// Empty when the HDF5 library can read all of `pipeline`, else "filter 32001 (blosc)".
[[nodiscard]] std::string missing_filter(const Pipeline& pipeline);

/// True when decode_chunk knows every filter.
[[nodiscard]] bool can_decode(const Pipeline& pipeline);

/// Undoes the pipeline on one stored chunk; bit k of `skipped` says that filter k was not applied.
/// `out` has the size of the decoded chunk. Thread-safe, touches no HDF5. Throws DataError.
void decode_chunk(const Pipeline& pipeline,
                  unsigned skipped,
                  std::span<const std::byte> in,
                  std::span<std::byte> out);

inline constexpr H5Z_filter_t filter_lzf = 32000;
inline constexpr H5Z_filter_t filter_lz4 = 32004;
inline constexpr H5Z_filter_t filter_bitshuffle = 32008;
inline constexpr H5Z_filter_t filter_zstd = 32015;

} // namespace vitrum::io
