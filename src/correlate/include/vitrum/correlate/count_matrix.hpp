// The pixels of one dynamic bin over the whole series as packed counts [frame, pixel], one byte a
// pixel while all counts are below 128, else two; and the loader of all bins in one pass.
#pragma once
#include <cstdint>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/pixel_groups.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::correlate {

/// The largest count of one byte; that of two bytes is 65535.
inline constexpr std::uint32_t largest_byte_count = 127;

struct CountMatrix {
  Index frames = 0;
  Index stride = 0;                // counts from one frame to the next
  Buffer<std::uint8_t> bytes;      // [frame, stride], or
  Buffer<std::uint16_t> words;     // [frame, stride]; zero in gaps and in the padding
  std::uint32_t largest = 0;       // of all counts
  std::vector<std::uint8_t> valid; // [frame]: 1 = used, 0 = gap
  std::vector<double> mean_counts; // [frame]: counts per pixel; NaN in gaps
  PixelGroups groups;

  [[nodiscard]] Index pixels() const { return groups.pixels(); }
  [[nodiscard]] bool wide() const { return words.size() > 0; }
  [[nodiscard]] std::uint32_t at(Index frame, Index pixel) const {
    const Index i = frame * stride + pixel;
    return wide() ? words[i] : bytes[i];
  }
};

/// Memory of the matrices of `bins`, with one or two bytes a count.
[[nodiscard]] Index predicted_count_bytes(Index frames,
                                          const frames::Partition& partition,
                                          const std::vector<Index>& bins,
                                          bool wide);

/// As load_pixels, for series of integers. Corrections that change counts (dark, flat field, static
/// surface, `frame_normalization`) throw OptionError; so do floats and counts above 65535
/// (DataError, with frame, y and x). A matrix becomes wide when the first count above 127 turns up.
[[nodiscard]] std::vector<CountMatrix> load_counts(frames::FrameSource& source,
                                                   const frames::Partition& partition,
                                                   const std::vector<Index>& bins = {},
                                                   const LoadOptions& options = {},
                                                   const Monitor& monitor = silent());

/// The same counts in the other form. Throws DataError for values that are no counts up to 65535.
[[nodiscard]] CountMatrix make_count_matrix(const PixelMatrix& counts);

} // namespace vitrum::correlate
