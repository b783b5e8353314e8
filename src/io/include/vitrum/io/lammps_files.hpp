// What going on with a run of LAMMPS needs of its files.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// The step at which a restart file was written; −1 when it is cut short or is none. Throws
/// FileError.
[[nodiscard]] Index restart_step(const std::string& path);

/// Takes all that stands behind the last frame with a step of at most `last_step` off the end of an
/// uncompressed text dump; returns how many frames that were, a part of one included. Throws
/// FileError, FormatError.
Index cut_dump(const std::string& path, Index last_step);

/// Rows of `columns` numbers; lines that begin with '#' are passed over. Throws FileError,
/// FormatError.
[[nodiscard]] std::vector<std::vector<double>> read_number_rows(const std::string& path,
                                                                Index columns);

} // namespace vitrum::io
