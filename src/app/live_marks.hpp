// Pixels that hold no data in the first frame of a series that is being measured.
#pragma once
#include <cstddef>
#include <span>

#include "series.hpp"

namespace vitrum::app {

/// Takes them out of the mask, with a note. Returns the marks, for the frames that follow.
frames::Marks
leave_out_marked(Series& series, frames::Mask& mask, std::span<const std::byte> frame);

} // namespace vitrum::app
