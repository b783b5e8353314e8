// The pixels of one dynamic bin over the whole series as a float matrix [frame, pixel], and the
// loader that fills the matrices of all bins in one pass over the input.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/pixel_groups.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::correlate {

struct PixelMatrix {
  Index frames = 0;
  Index stride = 0;     // floats from one frame to the next; see padded_stride
  Buffer<float> values; // [frame, stride]; zero in gaps and in the padding; room for a few frames
                        // more
  std::vector<std::uint8_t> valid; // [frame]: 1 = used, 0 = gap
  std::vector<double> mean_counts; // [frame]: counts per pixel, dark subtracted; NaN in gaps
  PixelGroups groups;

  [[nodiscard]] Index pixels() const { return groups.pixels(); }
  [[nodiscard]] float* row(Index frame) { return values.data() + frame * stride; }
  [[nodiscard]] const float* row(Index frame) const { return values.data() + frame * stride; }
  [[nodiscard]] Index valid_frames() const;
};

/// An odd number of cache lines that holds `pixels` floats: rows then never fall onto one cache
/// set, as they do with a power of two.
[[nodiscard]] Index padded_stride(Index pixels);

/// All values zero, all frames valid.
[[nodiscard]] PixelMatrix make_pixel_matrix(Index frames, PixelGroups groups);
[[nodiscard]] PixelMatrix copy(const PixelMatrix& matrix);

struct LoadOptions {
  std::vector<float> static_surface;    // per pixel of the frame: divided by; empty: none
  std::vector<float> dark;              // per pixel: subtracted first; empty: none
  std::vector<float> flat;              // per pixel: divided by; empty: none
  std::vector<std::uint8_t> bad_frames; // per frame: 1 = gap; empty: none
  bool frame_normalization = false; // divide each frame by (its mean / mean over all frames), the
                                    // means over all loaded pixels after the steps above
  GroupOptions groups;
  Index block_bytes = Index{64} << 20; // how much of the input is in memory at a time
};

/// Checks the options against a series. Throws OptionError.
void validate(const LoadOptions& options, const frames::SeriesInfo& info);

/// Memory of the matrices of `bins` (1 …; empty: all), without the block of input frames.
[[nodiscard]] Index
predicted_bytes(Index frames, const frames::Partition& partition, const std::vector<Index>& bins);

/// Loads `bins` (1 …; empty: all bins of the partition) in the order given. A value that the
/// detector marks as holding no data, and NaN or infinity, throw DataError with frame, y and x,
/// except in bad frames, which are never looked at. With `frame_normalization` a frame of mean zero
/// becomes a gap, with a warning.
[[nodiscard]] std::vector<PixelMatrix> load_pixels(frames::FrameSource& source,
                                                   const frames::Partition& partition,
                                                   const std::vector<Index>& bins = {},
                                                   const LoadOptions& options = {},
                                                   const Monitor& monitor = silent());

} // namespace vitrum::correlate
