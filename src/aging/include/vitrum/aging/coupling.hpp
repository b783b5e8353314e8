// Coupling of short and long times: does the short-time plateau g2(0, t_a) move with the mean
// relaxation time (R24 Fig. 3c)?
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::aging {

struct CouplingOptions {
  Index window = 0;       // windows of age behind one rolling value, >= 5; 0: a tenth, at least 10
  double slope_per_s = 0; // m of g2'(0,t_a) = g2(0,t_a) − m t_a; NaN: the line that fits best
  Index surrogates = 1000;
  double significance = 0.05;
  std::uint64_t seed = 1;
};
void validate(const CouplingOptions& options);

/// A stretch of ages over which the two move together (sign 1) or against each other (−1).
struct CoupledRange {
  double first_s = 0, last_s = 0;
  int sign = 0;
  double correlation = 0; // mean of the rolling coefficient
  double probability = 0; // that chance makes such a stretch anywhere in the series
};

struct Coupling {
  double slope_per_s = 0;                      // removed
  std::vector<double> plateau, time;           // [window] without the slope, scaled to [0, 1]
  std::vector<double> correlation;             // [window] rolling, NaN at the ends
  std::vector<double> probability;             // [window] of so large a coefficient by chance
  double overall = 0, overall_probability = 0; // of the whole series
  std::vector<CoupledRange> ranges;            // those of probability below the significance
  std::string reason;
};

/// Chance is told from surrogates that keep the spectrum, and so the autocorrelation, of g2' but
/// have random phases (Theiler et al., Physica D 58 (1992) 77). A range is a run of rolling
/// coefficients that are each significant; its probability compares the sum of |coefficients| in it
/// with the largest run of every surrogate. NaN windows are interpolated.
[[nodiscard]] Coupling find_coupling(std::span<const double> age_s,
                                     std::span<const double> plateau,
                                     std::span<const double> mean_time_s,
                                     const CouplingOptions& options = {});

} // namespace vitrum::aging
