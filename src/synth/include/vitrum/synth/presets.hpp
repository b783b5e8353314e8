// Virtual experiments after published ones.
#pragma once
#include <vector>

#include "vitrum/synth/xpcs.hpp"

namespace vitrum::synth {

/// A stretch of one kind of dynamics, as R24 names them.
struct Stretch {
  enum class Kind { aging, stationary, accelerating } kind = Kind::stationary;
  double first_s = 0, last_s = 0;
  double aging_time_s = 0; // t′ of τ ∝ exp(t/t′) while aging; negative while accelerating
};

/// The experiment of Riechers et al., Nat. Commun. 15 (2024) 6595, Fig. 3: 300,000 s of a metallic
/// glass, three stretches of exponential aging, three stationary ones, an event at 202,500 s at
/// which the mean relaxation time doubles, acceleration after it, beam loss near 95,000 s. The
/// short-time plateau moves against the mean time until the event and with it after 250,000 s,
/// above a line of slope 0.0165 per 300,000 s; g2(∞) is 1.0024. 120,000 frames of 2.5 s; fewer
/// frames are as many times longer.
[[nodiscard]] XpcsOptions r24_preset(Index frames = 120000);

/// What stands in it: six stretches named in the paper and the acceleration.
[[nodiscard]] const std::vector<Stretch>& r24_stretches();
inline constexpr double r24_event_s = 202500;
inline constexpr double r24_kww_exponent = 0.7;
inline constexpr double r24_long_time_plateau = 1.0024; // g2(∞)

/// Mean relaxation time ⟨t⟩ at an age, without the event's jump being smoothed.
[[nodiscard]] double r24_mean_time_s(double age_s);

} // namespace vitrum::synth
