// Writing attributes and arrays to HDF5. A Lock is held by the caller.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "hdf5_handle.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::io::h5 {

/// A new file over whatever is at `temporary`; messages name `path`.
[[nodiscard]] Handle create_file(const std::string& temporary, const std::string& path);

/// Flushes and closes, so that every error is seen here. Throws FileError.
void close_file(Handle file, const std::string& path);

/// A group that remembers the order in which its members were made.
[[nodiscard]] Handle create_group(hid_t parent, const std::string& name, const std::string& path);

void write_attribute(hid_t object,
                     const std::string& name,
                     const Attribute& value,
                     const std::string& path,
                     const std::string& place);

/// `place` is the full name of the dataset, for messages.
void write_array(hid_t parent,
                 const std::string& name,
                 const Array& array,
                 int compression_level,
                 const std::string& path,
                 const std::string& place);

[[nodiscard]] Handle make_space(const std::vector<Index>& shape);

} // namespace vitrum::io::h5
