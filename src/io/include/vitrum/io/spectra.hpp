// Spectra and spectrum images, from the files of electron microscopes and from tables.
#pragma once
#include <limits>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// [row, column, channel]; one spectrum has one row and one column. NaN and "": not in the file.
struct Spectra {
  std::string path, format;
  Index rows = 1, columns = 1, channels = 0;
  std::vector<float> counts;
  double step = std::numeric_limits<double>::quiet_NaN();     // of a channel, in `unit`
  double first = std::numeric_limits<double>::quiet_NaN();    // the first channel
  std::string unit;                                           // "eV"
  double pixel_nm = std::numeric_limits<double>::quiet_NaN(); // of the image
};

/// EMSA/MAS text, DM3/DM4, .hspy, .npy, a dataset of HDF5 ("file.h5::/path") or a table with a
/// column of energies and one of counts. The spectral axis is the one in eV; where no axis says so,
/// the last one of arrays ("first": the first one), of DM files the slowest. Throws FileError,
/// FormatError, OptionError.
[[nodiscard]] Spectra read_spectra(const std::string& path, const std::string& axis = "auto");

} // namespace vitrum::io
