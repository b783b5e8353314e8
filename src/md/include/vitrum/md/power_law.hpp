// Power laws p(t) ~ t^−(1+x) of waiting times seen through a finite window: intervals that the end
// of the run cut off are right-censored, not dropped. Leaving them out makes exponents too large.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::md {

/// One interval: its length, and whether its end was seen.
struct Interval {
  double time = 0;
  bool ended = true;
};

struct PowerLawOptions {
  double t_min = 0;        // lower cut-off; 0: the one with the smallest Kolmogorov distance
  Index candidates = 200;  // for it, on a logarithmic axis
  Index least_events = 50; // above the cut-off
  double resolution = 0;   // times are multiples of this; 0: continuous
};

struct PowerLaw {
  double t_min = 0;
  double exponent = 0, exponent_error = 0; // 1 + x of p(t), maximum likelihood (Hill, censored)
  double uncensored_exponent = 0;          // from ended intervals alone, for comparison
  double distance = 0;                     // Kolmogorov, to the Kaplan–Meier survival
  Index events = 0, censored = 0;          // at or above t_min
};

/// exponent = 1 + d / Σ ln(t/t_min), d the intervals that ended, the sum over all intervals of at
/// least t_min. Throws DataError when fewer than least_events ended.
[[nodiscard]] PowerLaw fit_power_law(std::vector<Interval> intervals,
                                     const PowerLawOptions& options = {});

/// The same for every candidate of t_min: does the exponent settle?
[[nodiscard]] std::vector<PowerLaw> scan_power_law(std::vector<Interval> intervals,
                                                   const PowerLawOptions& options = {});

/// Probability of a Kolmogorov distance as large as that of the fit if the tail were this power
/// law: semiparametric bootstrap, with t_min chosen anew each time (Clauset, Shalizi, Newman 2009,
/// sec. 4.1, with censoring drawn from the reverse Kaplan–Meier estimate).
[[nodiscard]] double power_law_p_value(const std::vector<Interval>& intervals,
                                       const PowerLaw& fit,
                                       const PowerLawOptions& options,
                                       Index replicates,
                                       std::uint64_t seed);

/// The law against another one on the same tail (Vuong 1989): mean log likelihood ratio in standard
/// errors; positive favours the power law. |z| < 2 decides nothing.
struct Rival {
  std::string name; // "lognormal", "stretched-exponential", "truncated-power-law"
  double ratio_z = 0;
  double p_value = 0; // of |z| if both were as good
  std::vector<double> parameters;
};
[[nodiscard]] std::vector<Rival> compare_power_law(const std::vector<Interval>& intervals,
                                                   const PowerLaw& fit);

/// Kaplan–Meier survival at the times of events (ascending, each once).
struct Survival {
  std::vector<double> time, survival;
};
[[nodiscard]] Survival kaplan_meier(std::vector<Interval> intervals);

} // namespace vitrum::md
