// One bin of a series that fits into memory, without corrections: its products and its g2.
#pragma once
#include <memory>

#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/correlate/tile_kernel.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::correlate {

/// Products of integers where the counts allow it, else floats.
[[nodiscard]] std::unique_ptr<TileKernel> make_bin_kernel(frames::FrameSource& source,
                                                          const frames::Partition& partition,
                                                          Index bin,
                                                          Normalization normalization,
                                                          const Monitor& monitor = silent());

/// Of counts up to 65535 as integers, else of floats.
[[nodiscard]] PixelG2 make_pixel_g2(frames::FrameSource& source,
                                    const frames::Partition& partition,
                                    Index bin,
                                    const PixelG2Options& options = {},
                                    const Monitor& monitor = silent());

} // namespace vitrum::correlate
