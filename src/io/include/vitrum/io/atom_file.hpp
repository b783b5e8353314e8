// One structure from an XYZ file: symbols, positions and the box that repeats itself.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "vitrum/atoms/box.hpp"

namespace vitrum::io {

struct AtomFile {
  atoms::Box box; // angstrom
  std::vector<std::string> symbol;
  std::vector<std::array<double, 3>> position; // angstrom
};

/// The first structure of an XYZ file whose comment holds three edges ("28.3 28.3 28.3") or
/// Lattice="…" of a box of any shape. Throws FileError, FormatError.
[[nodiscard]] AtomFile read_atom_file(const std::string& path);

} // namespace vitrum::io
