// Trees as HDF5 files: the result files of vitrum, and any other HDF5 file as a tree.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::io {

struct WriteTreeOptions {
  bool overwrite = false;    // replace a file that is there
  int compression_level = 1; // deflate of arrays above 16 KiB, 0 (none) to 9
};

/// Writes `tree` to `path`. The file appears under its name only when it is complete and on disk;
/// after an error nothing is left. Links become soft links. Throws FileError (exists, disk full,
/// …), DataError (a link that leads nowhere, a name with '/', text with a NUL), OptionError.
void write_tree(const std::string& path, const Tree& tree, const WriteTreeOptions& options = {});

struct ReadTreeOptions {
  std::string group = "/";                      // only this group; its content becomes the root
  Index largest_array = -1;                     // arrays of more values are left out; -1: none is
  std::vector<std::string>* left_out = nullptr; // their paths, and those of types that Tree lacks
};

/// Everything in the file: read_tree(write_tree(x)) equals x. Soft links stay links; external ones
/// are followed. Throws FileError, FormatError, OptionError.
[[nodiscard]] Tree read_tree(const std::string& path, const ReadTreeOptions& options = {});

/// One array of an HDF5 file: "result.h5::/entry/g2/g2".
[[nodiscard]] Array read_array(const std::string& path);

} // namespace vitrum::io
