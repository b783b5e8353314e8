// Intermittent events: patterns before and after one frame that decorrelate at once (R24 Fig. 2c).
// Found at a stated rate of false alarms from the correlation across a frame, compared with that of
// the same lags just before and just after it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/aging/map_rows.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::aging {

struct EventOptions {
  double false_alarms = 1e-3; // expected in a series without events; in (0, 0.5]
  Index block_frames = 0;     // largest lag compared, >= 1; 0: chosen from the noise
  double baseline = 1;        // g2(∞)
};
void validate(const EventOptions& options);

enum class EventKind {
  structural, // the patterns differ from one frame to the next and stay different
  transient,  // some frames differ, those before and after them agree again: `recovery_frames`
  shift,      // the pattern has moved: the sample or the beam, not the structure
  intensity,  // the beam intensity jumped at the same frame by more than the limit
};
[[nodiscard]] std::string_view name(EventKind kind);

struct Event {
  Index frame = 0;         // the first frame after it
  double drop = 0;         // share of C − baseline that is lost across it
  double drop_error = 0;   // of the noise, and of the finite number of speckles that changed
  double significance = 0; // normal deviate as improbable as the statistic at its frame
  double probability = 0;  // that noise alone makes as large a one anywhere in the series
  EventKind kind = EventKind::structural;
  double recovered = 0; // share of the drop that is gone for pairs farther than half a block away
  double recovered_error = 0;
  double recovery_frames = 0; // distance at which half of it is gone; NaN: it stays
  double tau_ratio = 0;       // relaxation time after over before; NaN when `tau_reason` says why
  double tau_ratio_error = 0;
  double tau_ratio_frames = 0; // before and after it that it is taken from: as many as C needs to
                               // fall; NaN without a ratio
  std::string tau_reason;
  double shift_y_px = 0, shift_x_px = 0; // of kind shift
  double intensity_ratio = 0;            // mean intensity after over before; NaN when not known
};

struct EventSearch {
  std::vector<Event> events;  // by frame
  Index block_frames = 0;     // used
  double threshold = 0;       // of the significance
  double element_noise = 0;   // standard deviation of one element C(t1, t2) about its neighbours
  double statistic_noise = 0; // median over the series, as a share of C − baseline
  Index judged = 0;           // frames at which the statistic could be made
  std::vector<double> significance; // [frame] z; NaN at the ends and near gaps
  std::string reason;               // why nothing was judged, else empty
};

/// At each frame t the statistic is
///     D(t) = (½[B(t) + A(t)] − X(t)) / ½[B(t) + A(t)]:
/// X the mean of C over pairs (a, a + l), l = 1 … block, that have t between them; B and A over
/// the l pairs of each lag just before and just after. Aging that is linear over 4 blocks cancels,
/// and so do lags; the width of the noise of C is proportional to C. D is centred and scaled by its
/// own mean and width in the neighbourhood, events left out, and has Student's distribution of as
/// many degrees of freedom as there are behind that width at t; z is the normal deviate as
/// improbable. The threshold u is where the expected number of separate excursions
///     Σ_t P(z_t > u) · E[1/(frames above u around t) | z_t > u]
/// (an identity, Aldous' clumps) reaches `false_alarms`, for Gaussian noise of the autocorrelation
/// found in the series.
///
/// Frames within two blocks of an end or whose pairs are mostly gaps are not judged: across a gap
/// the sample went on unseen.
[[nodiscard]] EventSearch find_events(const MapRows& map, const EventOptions& options = {});

} // namespace vitrum::aging
