// Results read back: the Tree of a file that vitrum wrote, and the curves in it.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::app {

/// Throws FormatError when the file is no result of vitrum. Without `maps` the two-time maps stay
/// on disk.
[[nodiscard]] Tree
read_result(const std::string& path, bool maps, std::vector<std::string>* left_out = nullptr);

[[nodiscard]] bool is_result_kind(const std::string& kind);

/// Throws FormatError unless the tree of `path` is a result of vitrum.
void require_result(const Tree& tree, const std::string& path);

/// entry/`group` (g2 or g2_pixel) as curves, one per bin.
[[nodiscard]] std::vector<correlate::OneTime> curves_of(const Tree& tree,
                                                        const std::string& group = "g2");
[[nodiscard]] double frame_time_of(const Tree& tree);

} // namespace vitrum::app
