// Gaussian peaks on a straight line, and whether one of them is two.
#pragma once
#include <cmath>
#include <span>

#include "vitrum/fem/peaks.hpp"

namespace vitrum::fem {

/// Parameters: (center, height, width) of each peak, then background and slope.
struct PeakModel {
  std::size_t peaks = 0;
  double origin = 0;     // of the slope
  double resolution = 0; // standard deviation through which peaks are seen

  [[nodiscard]] std::size_t parameters() const { return 3 * peaks + 2; }
  [[nodiscard]] double at(std::span<const double> p, double k) const {
    double sum = p[3 * peaks] + p[3 * peaks + 1] * (k - origin);
    for (std::size_t i = 0; i < peaks; ++i) {
      const double seen = std::hypot(p[3 * i + 2], resolution), d = (k - p[3 * i]) / seen;
      sum += p[3 * i + 1] * p[3 * i + 2] / seen * std::exp(-0.5 * d * d);
    }
    return sum;
  }
};

/// The points between low and high that have a value and an error.
[[nodiscard]] VarianceProfile part_of(const VarianceProfile& profile, double low, double high);

/// One peak as two Gaussians against one. What two more parameters gain in chi² from the noise
/// alone is seen in fits to the curve of one Gaussian with the noise of the bootstrap samples, in
/// which neighbouring rings go together; without samples, points are independent.
[[nodiscard]] Split test_split(const VarianceProfile& points,
                               const PeakModel& model,
                               std::span<const double> whole,
                               std::size_t peak,
                               const PeakOptions& options);

} // namespace vitrum::fem
