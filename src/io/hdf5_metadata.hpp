// What an HDF5 file says of its detector, beam and times.
#pragma once
#include <string>

#include "hdf5_read.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::io::h5 {

/// Fills what `info` does not know yet from the NeXus groups round `dataset` (DECTRIS, Lambda, P10,
/// BLISS, 8-ID). Values whose unit cannot be told are not used; `info.problems` says so.
void read_metadata(hid_t file, const std::string& dataset, frames::SeriesInfo& info);

} // namespace vitrum::io::h5
