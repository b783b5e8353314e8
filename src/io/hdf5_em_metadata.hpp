// What HDF5 files of electron microscopes say beside their pixels: Velox and Berkeley EMD,
// HyperSpy.
#pragma once
#include <string>

#include "hdf5_read.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::io::h5 {

/// Fills the pixel size, exposure and frame time that `info` does not know yet.
void read_em_metadata(hid_t file, const std::string& dataset, frames::SeriesInfo& info);

} // namespace vitrum::io::h5
