// What the loaders of dense and of sparse counts share.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vitrum/correlate/pixel_groups.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::correlate::detail {

/// The bins asked for, or all. Throws OptionError for bins that do not exist.
[[nodiscard]] std::vector<Index> resolve_bins(const frames::Partition& partition,
                                              std::vector<Index> bins);

/// By what each pixel is multiplied, in stored order: 1/(flat · surface); empty without either.
/// Throws DataError that names a pixel where that is not positive.
[[nodiscard]] std::vector<float>
pixel_scale(const PixelGroups& groups, const LoadOptions& options, Index width);

/// Throws when options, series and partition do not fit each other.
void check_load(const frames::SeriesInfo& info,
                const frames::Partition& partition,
                const LoadOptions& options);

[[noreturn]] void
throw_bad_value(const std::string& path, Index frame, Index position, Index width);

} // namespace vitrum::correlate::detail
