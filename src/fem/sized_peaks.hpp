// Peaks of one series of probe sizes in order.
#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "vitrum/fem/correlation_length.hpp"

namespace vitrum::fem {

[[nodiscard]] inline std::vector<SizedPeak> sorted_by_size(std::span<const SizedPeak> peaks) {
  std::vector<SizedPeak> sorted(peaks.begin(), peaks.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.probe_size_nm < b.probe_size_nm;
  });
  return sorted;
}

} // namespace vitrum::fem
