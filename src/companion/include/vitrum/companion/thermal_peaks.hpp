// Peaks of a heat-flow curve, crystallisation or melting: onset and end by tangents, maximum, heat.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::companion {

/// Between which temperatures lines and polynomials are laid. A peak of several maxima that do not
/// come back to the baseline in between is one.
struct PeakRanges {
  double prominence = 0;                        // of its highest maximum
  double before_first_c = 0, before_last_c = 0; // line before the peak
  double lead_first_c = 0, lead_last_c = 0;     // rising flank of its first maximum
  std::vector<double> top_first_c, top_last_c;  // about each maximum
  double trail_first_c = 0, trail_last_c = 0;   // falling flank of its last maximum
  double after_first_c = 0, after_last_c = 0;   // line after it; equal when the curve ends before
};

/// One maximum of a curve and how far it stands above the higher of the lowest points beside it,
/// towards higher maxima.
struct Extremum {
  Index at = 0;
  double prominence = 0;
};
[[nodiscard]] std::vector<Extremum> find_maxima(std::span<const double> values);

/// Peaks between two temperatures that stand out: more than ten times the noise and a twentieth of
/// the highest. `exotherms`: those where heat is given off; the flow is positive where it is taken
/// up.
[[nodiscard]] std::vector<PeakRanges>
find_peaks(std::span<const double> temperature_c, std::span<const double> flow, bool exotherms);

/// Both kinds. What a valley between two peaks of one kind looks like is no peak of the other: the
/// more prominent come first, and their maxima are not within one that is there.
struct PeaksOfBoth {
  std::vector<PeakRanges> exotherms, endotherms; // by temperature
};
[[nodiscard]] PeaksOfBoth find_all_peaks(std::span<const double> temperature_c,
                                         std::span<const double> flow);

struct ThermalPeak {
  double onset_c = 0;            // steepest tangent of the rising flank with the line before
  double end_c = 0;              // the same at the other end
  std::vector<double> maximum_c; // of each maximum
  double highest_c = 0;          // of the highest one
  double height = 0;             // of it above the baseline
  double area_k = 0;             // ∫ |flow − baseline| dT; divided by the rate it is a heat
  double lead_at_c = 0, lead_value = 0, lead_slope = 0; // the tangents
  double trail_at_c = 0, trail_value = 0, trail_slope = 0;
  double before_value = 0, before_slope = 0; // line before the peak, at lead_at_c
  std::vector<double> baseline;              // at each point from before to after
  Index baseline_first = 0;                  // the first of those points
  bool extrapolated = false;                 // no line after the peak
};

/// The baseline below the peak passes from the line before to the line after as the share of the
/// area does (area-proportional, iterated).
[[nodiscard]] ThermalPeak measure_peak(std::span<const double> temperature_c,
                                       std::span<const double> flow,
                                       const PeakRanges& ranges,
                                       bool exotherm);

} // namespace vitrum::companion
