// Writing attributes and arrays to HDF5. A Lock is held by the caller.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "hdf5_handle.hpp"
#include "output_file.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::io::h5 {

/// A new file in place of the empty temporary one. Failed writes show in output.error(), and when
/// the file is closed.
[[nodiscard]] Handle create_file(OutputFile& output);

/// Flushes and closes, so that every error is seen here. Throws FileError.
void close_file(Handle file, OutputFile& output);

/// The same of any file; `name` is what messages call it. Failed writes show in `error`, which must
/// outlive the file. With `places` arrays are not written, see use_planning_driver.
[[nodiscard]] Handle create_file(const std::string& path,
                                 const std::string& name,
                                 int* error,
                                 std::vector<haddr_t>* places = nullptr);
/// To write more into it.
[[nodiscard]] Handle reopen_file(const std::string& path, const std::string& name, int* error);
void close_file(Handle file, const std::string& name, const int& error);

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
