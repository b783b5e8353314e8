// Sizes that a MATLAB file claims, before MATIO makes room for them.
#pragma once
#include <string>

namespace vitrum::io {

/// Throws FormatError when a variable of a version 5 file claims more elements than the file can
/// hold. Other files are left to MATIO.
void check_matlab_sizes(const std::string& file);

} // namespace vitrum::io
