// One structure from an XYZ file: symbols, positions and an orthogonal box.
#pragma once
#include <array>
#include <string>
#include <vector>

namespace vitrum::io {

struct AtomFile {
  std::array<double, 3> edge_angstrom{};
  std::vector<std::string> symbol;
  std::vector<std::array<double, 3>> position; // angstrom
};

/// The first structure of an XYZ file whose comment holds three edges ("28.3 28.3 28.3") or
/// Lattice="…" of an orthogonal box. Throws FileError, FormatError.
[[nodiscard]] AtomFile read_atom_file(const std::string& path);

} // namespace vitrum::io
