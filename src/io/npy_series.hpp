// Parts of the .npy reader that .npz, maps and raw files share.
#pragma once
#include <string>

#include "file_bytes.hpp"
#include "npy_header.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::io {

/// The series that an array is. Throws FormatError unless it has two or three dimensions.
[[nodiscard]] frames::SeriesInfo
npy_info(const NpyHeader& header, const std::string& path, const std::string& format);

[[nodiscard]] NpyHeader read_npy_header(const InputFile& file);

/// Throws OptionError unless the frames are within the series.
void check_frames(const frames::SeriesInfo& info, Index first, Index count);

} // namespace vitrum::io
