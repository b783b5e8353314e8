// Whole datasets whose chunks are decoded here, not by the HDF5 library. A chunk that decodes to
// fewer bytes than it must have is refused; the library reads beyond its end. A Lock is held by the
// caller.
#pragma once
#include <optional>

#include "filters.hpp"
#include "hdf5_read.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::io::h5 {

/// All values in the stored type of the file, in C order, at the start of a buffer that has room
/// for as many values of `room` bytes (H5Tconvert works in place). Nothing for datasets without
/// chunks or filters, or with a filter that decode_chunk does not know. Throws FormatError that
/// names the chunk.
[[nodiscard]] std::optional<Buffer<std::byte>> read_decoded(const Dataset& dataset,
                                                            std::size_t room = 0);

/// Decodes the chunks that hold [begin, end) of dimension `frame_axis` (−1: a single image) and
/// forgets them: done before the library reads, it refuses what the library would overrun. Does
/// nothing for filters that decode_chunk does not know. While a file grows, refuses chunks that
/// were never written. Throws FormatError that names the frame.
void check_chunks(const Dataset& dataset, int frame_axis, Index begin, Index end);
void check_all_chunks(const Dataset& dataset);

} // namespace vitrum::io::h5
