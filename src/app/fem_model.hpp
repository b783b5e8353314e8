// Variance that probes would see of atoms, for measured models and for simulated glasses.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/atoms/kinematic.hpp"
#include "vitrum/core/monitor.hpp"

namespace vitrum::app {

/// Probes as --probe-size, --probe-width and --femsim name them.
struct ModelProbes {
  std::vector<std::string> size_nm;
  std::string width; // "rayleigh" or "fwhm": what the sizes are
  bool femsim = false;
};
/// Throws OptionError for a width that is none of these and for fewer than two orientations.
void validate(const ModelProbes& probes, Index orientations);

/// From low to high, both included, in 1/nm.
[[nodiscard]] std::vector<double> k_grid(double low, double high, double step);

struct ProbeVariance {
  double size_nm = 0;
  atoms::ModelVariance variance;
};
/// One for each size. Throws DataError, which calls the model `path`, for a box narrower than what
/// the probe lights: to its second dark ring, or of femsim's square.
[[nodiscard]] std::vector<ProbeVariance> probe_variances(const atoms::AtomModel& model,
                                                         const std::string& path,
                                                         const ModelProbes& probes,
                                                         std::span<const atoms::Rotation> rotations,
                                                         std::span<const double> k_inv_nm,
                                                         const Monitor& monitor);

} // namespace vitrum::app
