// Photon statistics of one bin as the figure, the tables and the CSV need them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "result.hpp"

namespace vitrum::report {

struct CountsSeen {
  Index frames = 1;
  std::vector<double> count, number, expected;
};

struct ExposuresOfBin {
  Quantity exposure_s, frames, exposures, contrast, likelihood, modes, mean_counts; // [exposure]
  [[nodiscard]] Index count() const { return static_cast<Index>(exposure_s.values.size()); }
};

/// nullopt when the result has no photon statistics. `bin` counts from 1.
[[nodiscard]] std::optional<ExposuresOfBin> exposures_of(const Result& result, Index bin);
/// The histograms of a bin, one per exposure.
[[nodiscard]] std::vector<CountsSeen> counts_seen(const Result& result, Index bin);

/// HTML: contrast and modes against exposure per bin, then the parameters of the fits. "" without.
[[nodiscard]] std::string exposure_tables(const Result& result);

} // namespace vitrum::report
