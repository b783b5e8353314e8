// Writing a Tree into an open HDF5 group.
#pragma once
#include <string>

#include "hdf5_handle.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::io::h5 {

/// The content of `tree` below `group`, whose name in messages is `place` ("" for the root). Groups
/// that are there already are filled further. `root` is what links are looked up in; null: links
/// are not checked.
void write_group(hid_t group,
                 const Tree& tree,
                 const Tree* root,
                 const std::string& place,
                 int compression_level,
                 const std::string& path);

} // namespace vitrum::io::h5
