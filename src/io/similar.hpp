// Names of datasets that come near one that is not there, for messages.
#pragma once
#include <string>
#include <vector>

#include "hdf5_handle.hpp"

namespace vitrum::io::h5 {

/// Up to five paths of datasets, nearest first.
[[nodiscard]] std::vector<std::string> similar_names(hid_t file, const std::string& name);

/// Letters to insert, delete or change (Levenshtein).
[[nodiscard]] std::size_t edit_distance(const std::string& a, const std::string& b);

} // namespace vitrum::io::h5
