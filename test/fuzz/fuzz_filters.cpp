// The decoders of stored chunks. The first byte chooses the filter, the second the element size.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "filters.hpp"
#include "vitrum/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vitrum::io;
  if (size < 4)
    return 0;
  const unsigned element = 1U << (data[1] % 4);
  const unsigned packing = data[1] / 4 % 4;
  const std::vector<Pipeline> pipelines{
      {{filter_bitshuffle, {0, 4, element, data[1] / 16U * 8U, packing}, ""}},
      {{filter_lz4, {0}, ""}},
      {{filter_lzf, {4, 0, 1024}, ""}},
      {{filter_zstd, {1}, ""}},
      {{H5Z_FILTER_DEFLATE, {1}, ""}},
      {{H5Z_FILTER_SHUFFLE, {element}, ""}, {H5Z_FILTER_DEFLATE, {1}, ""}},
      {{filter_bitshuffle, {0, 4, element, 0, 0}, ""}, {filter_lz4, {0}, ""}},
      {{filter_lzf, {4, 0, 1024}, ""}, {filter_zstd, {1}, ""}},
  };
  const Pipeline& pipeline = pipelines[data[0] % pipelines.size()];
  std::vector<std::byte> out(64U * (1U + data[2]));
  try {
    if (can_decode(pipeline))
      decode_chunk(
          pipeline, data[3] % 4 == 3 ? 1 : 0, std::as_bytes(std::span(data + 4, size - 4)), out);
  } catch (const vitrum::DataError&) {
    // what a decoder is meant to do with nonsense
  }
  return 0;
}
