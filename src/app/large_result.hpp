// Results whose two-time maps may be larger than memory: they are left in the file and copied from
// file to file.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"

namespace vitrum::app {

struct LargeResult {
  Tree tree;                     // without large maps
  std::vector<std::string> maps; // names of those in the file
};

/// Whether this is the name of a two-time map, or of a level of one, in a result.
[[nodiscard]] bool is_two_time_map(const std::string& name);

/// Throws FormatError for a file that is no result.
[[nodiscard]] LargeResult read_large_result(const std::string& path);

/// A tree with all that figures are drawn from: large maps are there as their coarser levels.
[[nodiscard]] Tree read_for_figures(const std::string& path);

/// Writes `tree` with the maps of the file `from`.
void write_large_result(const std::string& path,
                        const Tree& tree,
                        const std::string& from,
                        const std::vector<std::string>& maps,
                        bool overwrite);

} // namespace vitrum::app
