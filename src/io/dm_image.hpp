// Which image of a Gatan file is the measurement, and what its numbers are.
#pragma once
#include <optional>
#include <string>

#include "dm_tags.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::io {

/// Types of ImageData/DataType that hold one real number per pixel.
[[nodiscard]] std::optional<frames::PixelType> dm_real_type(int data_type);

/// The image that is no thumbnail, "ImageList/[1]"; the last one when several remain. Throws
/// FormatError.
[[nodiscard]] std::string choose_dm_image(const DmTags& tags, const std::string& path);

} // namespace vitrum::io
