// Histograms of the distances of all pairs of atoms.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/atoms/box.hpp"

namespace vitrum::md {

/// [species a, species b, bin], a <= b: pairs in each of `bins` bins of distance, each pair once.
/// Throws DataError as require_one_image does.
[[nodiscard]] std::vector<std::uint64_t> count_pairs(const atoms::Box& box,
                                                     std::span<const atoms::Vector> positions,
                                                     std::span<const std::int32_t> species,
                                                     std::size_t kinds,
                                                     std::int32_t bins,
                                                     double width);

} // namespace vitrum::md
