// Virtual datasets: frames that stand in other files.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "hdf5_choose.hpp"

namespace vitrum::io::h5 {

/// A file named in `path`, relative to the folder of `path` unless absolute or found as it stands.
[[nodiscard]] std::string beside(const std::string& path, const std::string& name);

/// "the last 2 of 9 data files are missing, from scan_data_000008.h5 on: …", of which `present` are
/// there.
[[nodiscard]] std::string
missing_end(const std::string& first_missing, std::ptrdiff_t present, std::size_t all);

/// The source datasets in order of frames, when `dataset` is virtual and joins blocks of whole
/// frames; nothing when it is not virtual or not so simple (H5Dread then reads it). Throws
/// FormatError that names a source file that is missing: HDF5 itself would give fill values. With
/// `problems`, sources that the end of the series lacks are left out and reported there.
[[nodiscard]] std::optional<std::vector<Part>>
virtual_sources(const Dataset& dataset, std::vector<std::string>* problems = nullptr);

} // namespace vitrum::io::h5
