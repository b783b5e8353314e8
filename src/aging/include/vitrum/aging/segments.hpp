// Divides the time axis into stretches of aging, stationary, accelerating and intermittent
// dynamics, each statement with its probability, from a series of relaxation times over age.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::aging {

enum class Dynamics {
  stationary,   // ln τ constant
  aging,        // ln τ rises linearly
  accelerating, // ln τ falls linearly
  intermittent, // ln τ scatters by more than its errors
};
inline constexpr Index dynamics_kinds = 4;
[[nodiscard]] std::string_view name(Dynamics dynamics);

/// ln τ (or any logarithm of a time) of windows in order of age; NaN windows are skipped.
struct AgeSeries {
  std::vector<double> age_s;
  std::vector<double> log_tau;
  std::vector<double> error; // standard deviations, > 0; may be off by one common factor
};

struct SegmentOptions {
  double expected_segments = 0; // prior mean number over the whole series, > 1; 0: of 2, 4, 8, …
                                // the one of the largest evidence
  double slope_span = 2;        // prior width of the change of ln τ over a segment
  bool rescale_errors = true;   // find their common factor in the series itself
};
void validate(const SegmentOptions& options);

struct Segment {
  Index first = 0, last = 0; // windows [first, last)
  double first_s = 0, last_s = 0;
  double first_low_s = 0, first_high_s = 0; // 68 % interval of the beginning
  double last_low_s = 0, last_high_s = 0;
  Dynamics dynamics = Dynamics::stationary;
  double probability = 0; // that its windows belong to such dynamics, their mean
  double change_probability =
      0; // that a change lies within two windows of its beginning; 1 at the start
  double log_tau = 0, log_tau_error = 0;         // in the middle
  double slope_per_s = 0, slope_error_per_s = 0; // of ln τ; 1/slope is the t' of τ0·exp(t_a/t')
};

struct Segmentation {
  std::vector<Segment> segments;                               // the most probable division
  std::vector<std::array<double, dynamics_kinds>> probability; // [window]: of each kind
  std::vector<double> change;   // [window]: probability that a segment begins there
  double expected_segments = 0; // used
  double noise_factor = 1;      // of the errors, found
  double correlation = 0;  // of the noise of adjacent windows, found (first-order autoregressive)
  double log_evidence = 0; // of all divisions together
  std::string reason;      // why there is none, else empty
};

/// Exact Bayesian change points (Fearnhead, Stat. Comput. 16 (2006) 203): ln τ is linear in age
/// within a segment, its noise first-order autoregressive. Each segment takes one kind of dynamics,
/// all alike probable: no slope; slopes of half-normal prior of either sign; no slope and noise of
/// four times the width. Nine segments in ten begin near the last two windows before them, because
/// ln τ is continuous but for events, the others anywhere in the range of the series. A recursion
/// over all divisions gives the evidence and all probabilities. The division shown is the one that
/// is expected to be right at most windows; within a kind it changes slope where the most probable
/// one does. Change points are then moved to where two lines that meet fit best, unless ln τ jumps
/// there, and have intervals from the probability of a change around them. Noise (one factor of the
/// errors, correlation of neighbours) and number of segments are those of the largest evidence,
/// together.
[[nodiscard]] Segmentation find_segments(const AgeSeries& series,
                                         const SegmentOptions& options = {});

/// Is ln τ constant over ages [first_s, last_s)? χ² of a constant against a line and against any
/// change, with the noise correlation of the series.
struct StationarityTest {
  Index windows = 0;
  double slope_per_s = 0, slope_error_per_s = 0;
  double slope_probability = 0;   // of so steep a slope by chance, either sign
  double scatter_probability = 0; // of so large a χ² about the line by chance
  double change = 0;              // of ln τ over the range
  bool stationary = false;        // both above 5 %
  std::string reason;             // why not tested, else empty
};
[[nodiscard]] StationarityTest test_stationarity(const AgeSeries& series,
                                                 double first_s,
                                                 double last_s,
                                                 double noise_factor = 1,
                                                 double correlation = 0);

} // namespace vitrum::aging
