// Hops of single atoms out of their cage, by the separation of the positions before and after an
// instant (Candelier et al., Phys. Rev. Lett. 105 (2010) 135702). Streams frame by frame.
#pragma once
#include <vector>

#include "vitrum/atoms/configuration.hpp"
#include "vitrum/md/power_law.hpp"

namespace vitrum::md {

struct HopOptions {
  Index half_window = 5; // frames before an instant, and as many after it; at least 2
  double threshold = 0;  // of p in length²; 0: three times its median over the atoms at the first
                         // instant that can be judged: most atoms are in their cage at any instant
  double frame_time = 1; // from frame to frame
};

struct Hop {
  Index atom = 0;
  double time = 0;   // from the first frame to the instant of the largest p
  double length = 0; // between the mean positions before and after it
};

struct Hops {
  double threshold = 0;                 // used
  std::vector<Hop> hops;                // by their end in time
  std::vector<Interval> waits;          // between hops of one atom, cut off where the run ends
  std::vector<Index> number;            // [atom]
  double first_time = 0, last_time = 0; // instants that could be judged
};

/// p(t) = √( ⟨(r − r̄_B)²⟩_A ⟨(r − r̄_A)²⟩_B ) with A the half window before t and B that after it:
/// the size of the cage squared while an atom rattles, and of order of the way squared while it
/// hops. A stretch of instants with p above the threshold is one hop.
class HopCounter {
public:
  /// Throws OptionError for values that make no sense.
  HopCounter(const HopOptions& options, Index atoms);
  /// The next frame; positions must be unwrapped. Throws DataError otherwise.
  void add(const atoms::Configuration& frame);
  /// What was seen; a hop under way at the end counts.
  [[nodiscard]] Hops result() const;

private:
  struct Open {
    double p = 0; // the largest of the stretch; 0: none is open
    Hop hop;
  };
  void judge();

  HopOptions options_;
  Index atoms_, added_ = 0;
  std::vector<std::vector<atoms::Vector>> ring_;
  std::vector<double> p_, way_; // [atom] of this instant
  std::vector<Open> open_;      // [atom]
  Hops seen_;
};

/// Hops per atom and time against time, in slices of several frames.
struct HopRate {
  std::vector<double> time, rate, error; // of the slices; errors as of independent hops
  double mean = 0;
  double dispersion = 0; // variance of the number in a slice over its mean: 1 for independent hops,
                         // more where they come together; NaN with fewer than 8 slices
};
[[nodiscard]] HopRate hop_rate(const Hops& hops, double frame_time);

/// Density of hop lengths in even bins; empty without hops.
struct HopLengths {
  std::vector<double> middle, density;
  double median = 0; // NaN without hops
};
[[nodiscard]] HopLengths hop_lengths(const Hops& hops);

} // namespace vitrum::md
