// Relaxation against the duration of the measurement: does it grow with duration for any other
// reason than the bias of an estimator?
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"

namespace vitrum::ecm {

/// Fits of the mean g2 of the pixels over the first frames of a series, with errors from groups of
/// pixels. NaN where a fit sits on a bound.
struct DurationPoint {
  Index frames = 0;
  double tau_s = 0, tau_error_s = 0, kww_exponent = 0, kww_exponent_error = 0; // pixel means
  double time_mean_tau_s = 0, time_mean_tau_error_s = 0;                       // time means
  double time_mean_exponent = 0, time_mean_exponent_error = 0;
  double predicted_tau_s = 0,
         predicted_exponent = 0; // what time means make of a stationary process
                                 // that has the whole series' τ and exponent
};

/// τ(T) of the time means, extrapolated: τ∞·T/(T + T0) and τ∞·(1 − exp(−T/T0)).
struct Asymptote {
  double tau_s = 0, tau_error_s = 0, time_s = 0, chi2 = 0;
};

struct DurationAnalysis {
  std::vector<DurationPoint> points; // ascending
  Asymptote hyperbolic, exponential;
  double growth = 0; // τ of the whole over that of the shortest, by pixel means; NaN when too few
                     // durations have a τ
  double growth_error = 0;
  std::string verdict; // one sentence
};

/// Sums over pixels, strip by strip: every `step`-th strip of each block is used.
class DurationSums {
public:
  /// `durations` in frames, ascending, each at least 16.
  DurationSums(std::vector<Index> durations, Index groups = 16);
  void add(const Strips& strips, std::span<const std::uint8_t> valid, Index step);
  [[nodiscard]] DurationAnalysis result(double frame_time_s) const;

private:
  struct Sums {
    Index frames = 0;
    std::vector<Index> lags;
    std::vector<double> pixel_mean, time_mean; // [lag, group]
  };
  std::vector<Sums> sums_;
  std::vector<double> pixels_; // [group]
  Index groups_, next_ = 0;
};

/// Fifths of the series (V25: 5, 10, … 25 thousand seconds of 25).
[[nodiscard]] std::vector<Index> usual_durations(Index frames);

} // namespace vitrum::ecm
