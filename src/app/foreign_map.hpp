// Two-time maps that other programs made.
#pragma once
#include <string>

#include "vitrum/io/tables.hpp"

namespace vitrum::app {

/// True for a result of vitrum, false for a map or table made elsewhere.
[[nodiscard]] bool is_result(const std::string& path);

/// A square map from .npy, .npz, CSV or HDF5, completed where the file holds one triangle. Throws
/// FormatError when it is neither a triangle nor symmetric.
[[nodiscard]] io::MatrixOf<float> read_foreign_map(const std::string& path);

/// --frame-time, or OptionError that asks for it.
[[nodiscard]] double asked_frame_time(double given, const std::string& path);

} // namespace vitrum::app
