// What happens over time, from the maps and windows of a result: events, stretches of dynamics,
// laws of aging, coupling, heterogeneity. Reads and writes the Tree alone.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "vitrum/aging/event_kind.hpp"
#include "vitrum/aging/heterogeneity.hpp"
#include "vitrum/aging/map_rows.hpp"
#include "vitrum/aging/segments.hpp"
#include "vitrum/app/options.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::app {

/// Refuses settings that make no sense, before anything is read.
void check_dynamics(const DynamicsFlags& flags);

/// Mean pattern over frames [first, last), of pixels in use, relative to what the beam makes; empty
/// where there are no frames to take it from.
struct Pattern {
  Index height = 0, width = 0;
  std::vector<double> values;
  std::vector<std::uint8_t> used;
};
using PatternOf = std::function<Pattern(Index bin, Index first, Index last)>;

/// What only the frames can tell; all of it may be missing.
struct FrameSources {
  PatternOf pattern_of;                                         // tells moved samples from events
  std::vector<std::vector<aging::Heterogeneity>> heterogeneity; // [bin][lag], from subsets of the
                                                                // pixels, at `heterogeneity_lags`
};

/// Lags at which C is followed over age, about four to a decade.
[[nodiscard]] std::vector<Index> heterogeneity_lags(Index frames);

/// ln of the mean relaxation time (tau where it has none) of the windows of a bin, by the first
/// model; NaN where its fit does not tell it. Empty without fitted windows.
[[nodiscard]] aging::AgeSeries age_series(const Tree& tree, std::size_t bin, bool mean_time);

/// Adds entry/event, disturbance, segment, aging_law, stationarity, coupling, heterogeneity and
/// material_time for every bin, from entry/twotime (or the given maps, one per bin) and
/// entry/window. Parts whose source is absent are left out; what could not be judged is a warning.
/// A heterogeneity from subsets of pixels that stands in the tree stays there when `frames` brings
/// none. `frame_time_s` is that of the rows of the maps, which may stand for several frames each.
void add_dynamics(Tree& tree,
                  const DynamicsFlags& flags,
                  double frame_time_s,
                  const std::vector<std::unique_ptr<aging::MapRows>>& maps,
                  const FrameSources& frames,
                  const Monitor& monitor);

/// The maps of entry/twotime as rows; they point into the tree.
[[nodiscard]] std::vector<std::unique_ptr<aging::MapRows>> map_rows_of(const Tree& tree);

} // namespace vitrum::app
