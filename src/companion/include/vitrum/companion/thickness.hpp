// Relative thickness t/λ from low-loss electron energy-loss spectra by the log-ratio method
// (Malis, Cheng & Egerton 1988): t/λ = ln(I_total/I_zero-loss).
#pragma once
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"

namespace vitrum::companion {

struct ThicknessOptions {
  double dispersion_ev = 0;                                    // per channel
  double offset_ev = std::numeric_limits<double>::quiet_NaN(); // of channel 0; NaN: unknown
  double gain = 1;                                             // counts per electron
  double widest_ev = 3;   // full width at half maximum that a zero-loss peak may have
  double furthest_ev = 8; // from 0, when the offset is known
  double pedestal = std::numeric_limits<double>::quiet_NaN(); // counts of a channel without
                                                              // electrons; NaN: as left of the peak
};
/// Throws OptionError that names the field.
void validate(const ThicknessOptions& options);

/// The zero-loss peak and what follows from it. Channels count from 0.
struct ZeroLoss {
  bool found = false;
  std::string reason;                            // why not
  double position_ch = 0, position_error_ch = 0; // of a Gaussian through its upper half
  double width_ev = 0;                           // full width at half maximum
  double height = 0;                             // counts
  Index separation_ch = 0; // channel of the lowest point between it and the first loss
  double pedestal = 0;
  double zero_loss = 0, total = 0; // counts
  double beyond = 0; // share of the total that a power law expects past the last channel
  double t_over_lambda = 0;
  double noise_error = 0;      // counting
  double separation_error = 0; // half of what is corrected for at the separation
  [[nodiscard]] double error() const;
};

/// The zero-loss peak is the first narrow peak of a twentieth of the highest channel or more. Its
/// counts are those below the lowest point after it, plus its tail beyond, as its other side shows,
/// minus inelastic counts below, which rise from none at zero loss to what the lowest point holds.
[[nodiscard]] ZeroLoss measure_zero_loss(std::span<const float> counts,
                                         const ThicknessOptions& options);

/// All spectra of an image [row, column, channel].
struct ThicknessMap {
  Index rows = 0, columns = 0;
  std::vector<float> t_over_lambda, error, position_ev; // NaN where no peak was found
  Index without_peak = 0;
  std::string reason;      // of the first one without
  double median = 0;       // over pixels
  double median_error = 0; // by 200 bootstrap samples of the pixels
  double spread = 0;       // robust standard deviation of pixels
  std::vector<float> sum;  // of all spectra, shifted by whole channels to the mean peak
  ZeroLoss of_sum;
};
[[nodiscard]] ThicknessMap map_thickness(std::span<const float> counts,
                                         Index rows,
                                         Index columns,
                                         const ThicknessOptions& options,
                                         const Monitor& monitor);

} // namespace vitrum::companion
