// Every dataset of an HDF5 file, through soft and external links, each object once.
#pragma once
#include <functional>
#include <string>

#include "hdf5_handle.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::io::h5 {

/// Calls `visit(path, dataset id)` in order of names, depth first; false ends the walk. Groups
/// deeper than 32 levels and more than `limit` objects are left out.
void walk_datasets(hid_t file,
                   const std::function<bool(const std::string& path, hid_t dataset)>& visit,
                   Index limit = 100'000);

} // namespace vitrum::io::h5
