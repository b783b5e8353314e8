// What the choice of a kernel needs to know of the bins of a series, from its statistics alone.
#pragma once
#include "vitrum/correlate/kernel_choice.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"
#include "vitrum/frames/series_statistics.hpp"

namespace vitrum::correlate {

/// Numbers of events and of counts above one are those of a negative binomial distribution with the
/// mean and variance over time of each pixel (Poisson where the variance is not larger).
[[nodiscard]] KernelTask make_kernel_task(const frames::SeriesStatistics& statistics,
                                          const frames::Partition& partition,
                                          Index bin,
                                          Normalization normalization,
                                          const LoadOptions& load,
                                          bool integer_counts);

} // namespace vitrum::correlate
