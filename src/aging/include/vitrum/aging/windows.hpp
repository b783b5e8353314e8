// Windows of age along a series, and the short- and long-time plateaus that turn g2 of a window
// into the normalised decay R (R24).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::aging {

/// Windows [k·step, k·step + length) in frames, as many as fit into `frames` whole. Throws
/// OptionError when none fits or a length is not positive.
[[nodiscard]] std::vector<correlate::AgeWindow>
make_windows(Index frames, Index length, Index step);

/// Where a plateau comes from.
struct PlateauRule {
  enum class Source { measured, fitted, fixed };
  Source source = Source::measured;
  double value = 0; // of a fixed plateau
};

/// "measured", "fitted" or a number; `flag` names the setting in the error. Throws OptionError.
[[nodiscard]] PlateauRule parse_plateau(std::string_view flag, std::string_view text);

struct Plateau {
  double value = 0;
  double error = 0;                // standard error; 0 for a fixed one
  std::vector<double> deviation{}; // [rank]: how it moves with each deviation of the g2 that it
                                   // comes from; empty when fixed or not known
};

/// g2(0, t_a). Measured: g2 at the shortest lag that has pairs (the four neighbours of the diagonal
/// when that is one frame); NaN when it is more than three times the shortest lag of the axis, as
/// in a window that is a gap. Fitted: contrast + baseline of `leading`, a fit of the same g2, with
/// their covariance. NaN when there is nothing to take it from.
[[nodiscard]] Plateau short_time_plateau(const correlate::OneTime& g2,
                                         const PlateauRule& rule,
                                         const fit::FitResult* leading);

/// g2(∞). Measured: mean of the longest tenth of the lags that have pairs (at least three),
/// weighted by their pairs, with the error from their deviations or covariance; without either as
/// if they moved together, an upper bound.
[[nodiscard]] Plateau long_time_plateau(const correlate::OneTime& g2,
                                        const PlateauRule& rule,
                                        const fit::FitResult* leading);

/// R(lag) = (g2(lag) − g2(∞)) / (g2(0) − g2(∞)) with errors to first order from the deviations
///     [d(lag) − R(lag) d(0) − (1 − R(lag)) d(∞)] / (g2(0) − g2(∞)):
/// where a measured g2(0) makes R one by definition the error is zero. A plateau whose deviations
/// are not known counts as independent of g2. Throws DataError when a plateau's deviations are not
/// as many as those of g2.
struct NormalisedDecay {
  std::vector<double> value, error;
};
[[nodiscard]] NormalisedDecay
normalise(const correlate::OneTime& g2, const Plateau& short_time, const Plateau& long_time);

/// g2 of one range of ages as the fit wants it: lags in seconds and their
/// spread, errors, their deviations and
/// covariance. Unweighted data carry none of them. Of a map whose cells are of several frames, with
/// the lags that a pair of cells averages.
[[nodiscard]] fit::FitData
make_fit_data(const correlate::OneTime& g2, double frame_time_s, bool weighted);

} // namespace vitrum::aging
