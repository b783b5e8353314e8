// Blocks of strips fed with rows of counts.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "strip_state.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

/// Up to strip_block neighbouring pixels: which strips of `StripStates` hold them, and what is
/// known of their counts.
struct StripBlock {
  Index first_strip = 0;
  Index first_pixel = 0, pixels = 0;
  float most = 0;    // bounds |count − shift| of integers so far
  bool exact = true; // so far

  [[nodiscard]] Index strips() const { return (pixels + strip_width - 1) / strip_width; }
};

/// Adds one chunk of frames to a block. `counts` is the first frame of the chunk at pixel 0,
/// `valid` its flags. With the first chunk of a series the shift of each pixel is chosen: its mean,
/// rounded to the power of two below its standard deviation (for integers at least to integers), so
/// that few digits are spent on it. `work` holds StripStates::work_size floats. `ahead` frames
/// after the chunk are about to be needed.
template <class T>
void add_chunk(StripStates& states,
               StripBlock& block,
               const StripKernels& kernels,
               const LagPlan& plan,
               const ChunkSteps& steps,
               std::span<const std::uint8_t> valid,
               const T* counts,
               Index stride,
               Index ahead,
               float* work);

} // namespace vitrum::correlate
