// Frames that stand uncompressed at known places of one file: what most camera formats come to.
#pragma once
#include <string>
#include <vector>

#include "file_bytes.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::io {

/// Where frame f begins, in bytes: `first + f * step`, or `each[f]` when given.
struct FramePlaces {
  Index first = 0, step = 0;
  std::vector<Index> each;
};

/// How stored pixels become those of SeriesInfo::type.
enum class StoredPixels {
  as_is,
  big_endian,
  half_float // 16-bit floats, read as float32
};

/// A series over `file`. Checks that all frames lie within the file before anything is allocated;
/// throws FormatError that names the first frame that does not.
[[nodiscard]] std::unique_ptr<frames::FrameSource>
make_located_frames(InputFile file,
                    frames::SeriesInfo info,
                    FramePlaces places,
                    StoredPixels stored = StoredPixels::as_is);

/// A length in metres as nanometres and a reciprocal one as 1/nm, from the spelling of files: "nm",
/// "µm", "um", "pm", "A", "m", "1/nm", "1/m", … Other units leave the scale unknown.
[[nodiscard]] frames::ImageScale make_image_scale(double x, double y, const std::string& unit);

} // namespace vitrum::io
